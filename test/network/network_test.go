package network

import (
	"context"
	"net/url"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/internal/dial"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/sandbox"
)

// The proxy leaves goroutines of its own behind where a toxic met a closed link.
func TestMain(m *testing.M) {
	harness.Main(m, goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2.(*ToxicLink).read"),
		goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2/toxics.(*ToxicStub).Run"))
}

// What the session notices a dead link with: keep-alive, the wait for a ping's answer, and
// the second until it looks.
const (
	keepAlive   = 2 * time.Second // the broker halves whole seconds: with one it would wait no longer than that
	pingTimeout = time.Second
	check       = time.Second
)

var symbols = []string{"AOT", "PTT"}

// rig is a tree on an exchange with a proxy between, and books on their way.
type rig struct {
	*testing.T
	x    *sandbox.Exchange
	p    *proxy
	tree *feedtree.Tree
	r    harness.Record

	quit chan struct{}
	wg   sync.WaitGroup
	once sync.Once
}

// newRig starts all of it. Books are numbered, so that their order can be seen.
func newRig(t *testing.T, perSecond int) *rig {
	t.Helper()
	r := &rig{T: t, x: harness.Exchange(t, nil), quit: make(chan struct{})}
	at, err := url.Parse(r.x.BaseURL())
	if err != nil {
		t.Fatal(err)
	}
	r.p = newProxy(t, "127.0.0.1:"+at.Port())
	cfg := harness.Configured(t, r.x, func(c *config.Config) {
		c.Symbols = symbols
		c.Session.KeepAlive, c.Session.PingTimeout, c.Session.ConnectTimeout, c.Session.RESTTimeout = keepAlive, pingTimeout, time.Second, time.Second
	})
	if r.tree, err = feedtree.Start(dial.With(context.Background(), r.p.dial), cfg, harness.Recording("r", &r.r, nil)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.tree.Stop(context.Background()) })
	t.Cleanup(r.silence)
	harness.Ready(t, r.tree)
	r.wg.Go(func() { r.publish(perSecond) })
	return r
}

func (r *rig) publish(perSecond int) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	began, sent := time.Now(), int64(0)
	for {
		select {
		case <-r.quit:
			return
		case <-tick.C:
		}
		for due := int64(time.Since(began).Seconds() * float64(perSecond) / float64(len(symbols))); sent < due; {
			sent++
			for _, s := range symbols {
				d := messages.BidOfferData{Symbol: s}
				for i := range messages.Levels {
					d.Bids[i] = messages.Level{Price: messages.Baht, Volume: sent}
				}
				r.x.Publish(topic.BidOffer(s), codec.AppendBidOffer(nil, &d), 1)
			}
		}
	}
}

func (r *rig) silence() {
	r.once.Do(func() { close(r.quit) })
	r.wg.Wait()
}

func (r *rig) connection() (lost, reconnects uint64) {
	c := r.tree.Snapshot().Connection
	return c.Lost, c.Reconnects
}

// more waits for that many further events.
func (r *rig) more(n uint64) {
	r.Helper()
	from := r.tree.Snapshot().Strategies["r"].Delivered
	harness.Eventually(r, "events", func() bool { return r.tree.Snapshot().Strategies["r"].Delivered >= from+n })
}

// end stops in order and holds the whole run to what must hold of any.
func (r *rig) end(lossless bool) {
	r.Helper()
	r.silence()
	began := time.Now()
	r.tree.Stop(context.Background())
	if took := time.Since(began); took > 5*time.Second {
		r.Errorf("the end took %v", took)
	}
	s, did := r.tree.Snapshot(), r.x.Stats()
	harness.Balanced(r, s)
	switch {
	case s.Feed.Received > did.Delivered:
		r.Errorf("received %d, more than the %d written", s.Feed.Received, did.Delivered)
	case lossless && (s.Feed.Received != did.Delivered || s.Connection.Lost != 0 || s.Connection.Closed != 1):
		r.Errorf("received %d of %d written, %+v", s.Feed.Received, did.Delivered, s.Connection)
	case !lossless && s.Connection.Lost == 0:
		r.Error("nothing was lost")
	}
	if s.Feed.Received == 0 || s.Feed.Dropped != 0 || did.SlowDropped != 0 {
		r.Errorf("%+v, the exchange dropped %d", s.Feed, did.SlowDropped)
	}
	last := map[string]int64{}
	for _, m := range r.r.Messages() {
		if b, ok := m.(*messages.BidOffer); ok {
			if n := b.BestBid().Volume; n <= last[b.Symbol()] {
				r.Fatalf("%s: %d after %d", b.Symbol(), n, last[b.Symbol()])
			} else {
				last[b.Symbol()] = n
			}
		}
	}
}

func TestALinkThatIsSlowOrNarrowIsNoDeadOne(t *testing.T) {
	t.Parallel()
	for name, toxic := range map[string]func(*proxy){
		"latency and jitter": func(p *proxy) {
			p.poison("latency", map[string]int{"latency": 150, "jitter": 120}, "upstream", "downstream")
		},
		"little bandwidth": func(p *proxy) { p.poison("bandwidth", map[string]int{"rate": 150}, "downstream") },
		"small pieces": func(p *proxy) {
			p.poison("slicer", map[string]int{"average_size": 700, "size_variation": 600, "delay": 100}, "downstream")
		},
		"a slow close": func(p *proxy) { p.poison("slow_close", map[string]int{"delay": 400}, "upstream", "downstream") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, 400)
			toxic(r.p)
			for began := time.Now(); time.Since(began) < keepAlive+pingTimeout+3*check; { // long enough for a false alarm
				r.more(50)
			}
			if lost, _ := r.connection(); lost != 0 {
				t.Errorf("lost: %v", r.r.First("disconnected"))
			}
			r.end(true)
		})
	}
}

func TestALinkThatBreaksIsMadeAnewAndTheBooksBalance(t *testing.T) {
	t.Parallel()
	for name, toxic := range map[string]func(*proxy){
		"within a packet": func(p *proxy) { p.poison("limit_data", map[string]int{"bytes": 30_001}, "downstream") },
		"with a reset":    func(p *proxy) { p.poison("reset_peer", map[string]int{"timeout": 200}, "downstream") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, 1000)
			r.more(200)
			toxic(r.p)
			harness.Eventually(t, "two losses", func() bool {
				c := r.tree.Snapshot().Connection
				return c.Lost+c.Failed["transport"] >= 2 && c.Lost >= 1
			})
			r.p.heal()
			harness.Ready(t, r.tree)
			harness.Eventually(t, "the reconnection", func() bool { return r.r.First("reconnected") != nil })
			r.more(200)
			r.end(false)
		})
	}
}

func TestALinkOnWhichEverythingVanishesIsNoticedInTime(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1000)
	r.more(200)
	r.p.poison("timeout", map[string]int{"timeout": 0}, "upstream", "downstream")
	began := time.Now()
	harness.Eventually(t, "the loss", func() bool { lost, _ := r.connection(); return lost == 1 })
	if took := time.Since(began); took > keepAlive+pingTimeout+check+500*time.Millisecond {
		t.Errorf("noticed after %v", took)
	}
	r.p.heal()
	harness.Ready(t, r.tree)
	r.more(200)
	r.end(false)
	if d, g := r.r.First("disconnected"), r.r.First("gap"); d == nil || g == nil {
		t.Error("the outage was not told")
	}
}
