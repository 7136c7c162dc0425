package virtual

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/internal/dial"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/sandbox"
)

// renewing is a tree with delays of 1 to 30 s on an exchange whose tokens live for so long.
func renewing(t *testing.T, ttl time.Duration, linger bool) *hour {
	t.Helper()
	net := newNetwork()
	x := harness.Exchange(t, func(c *sandbox.Config) {
		c.Listener, c.Admin = net, ""
		c.PerSecond, c.PerMinute, c.TokenTTL, c.Linger = 5, 60, ttl, linger
	})
	cfg := harness.Configured(t, x, func(c *config.Config) {
		c.Session.Backoff = config.Backoff{Min: time.Second, Max: 30 * time.Second, Factor: 2, Jitter: 1}
	})
	seen := &harness.Record{}
	tree, err := feedtree.Start(dial.With(context.Background(), net.dial), cfg, harness.Recording("r", seen, nil))
	if err != nil {
		t.Fatal(err)
	}
	h := &hour{x, tree, seen}
	h.online(t)
	return h
}

func (h *hour) breaks(t *testing.T, faults ...sandbox.Fault) {
	t.Helper()
	for _, f := range faults {
		harness.Break(t, h.x, f)
	}
}

// A broker that looks at a token once keeps its connection when the token has ended. The
// renewal that could not be made until then is made as soon as it can be.
func TestATokenThatEndedBeforeItCouldBeRenewedIsMadeUpFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := renewing(t, time.Hour, true)
		h.breaks(t, sandbox.Fault{Kind: "refresh", Status: 503}, sandbox.Fault{Kind: "login", Status: 503})
		time.Sleep(time.Hour + 20*time.Minute)
		before := h.x.Stats().Posts
		time.Sleep(20 * time.Minute)
		if n := h.x.Stats().Posts - before; n > 45 {
			t.Errorf("%d calls in 20 minutes: without a deadline to meet the longest delay is soon enough", n)
		}
		h.x.Heal()
		time.Sleep(2 * time.Minute)
		if c := h.tree.Snapshot().Connection; c.Rollovers != 1 || c.Lost != 0 || c.Open != 1 {
			t.Errorf("two minutes after the API was back: %+v", c)
		}
		if left := time.Until(h.tree.Connection().TokenExpires); left < 50*time.Minute {
			t.Errorf("the token ends in %v", left)
		}
		h.stop(t)
	})
}

// Refused credentials are a matter for people. Until they have seen to it, each try is one
// login after the longest delay, as it is without a connection: too many lock accounts.
func TestARenewalThatIsRefusedMakesNoStormOfLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := renewing(t, time.Hour, true)
		h.breaks(t, sandbox.Fault{Kind: "refresh", Status: 401}, sandbox.Fault{Kind: "login", Status: 401})
		posts := func() uint64 { return h.x.Stats().Posts }
		time.Sleep(54 * time.Minute) // the renewal begins five minutes before the end
		for minute := range 12 {
			before := posts()
			time.Sleep(time.Minute)
			if n := posts() - before; n > 2*2+1 { // a refresh and a login every half minute
				t.Errorf("in minute %d there were %d calls", 55+minute, n)
			}
		}
		h.x.Heal()
		time.Sleep(time.Minute)
		if c := h.tree.Snapshot().Connection; c.Rollovers != 1 || c.Lost != 0 {
			t.Errorf("a minute after the credentials were good again: %+v", c)
		}
		h.stop(t)
	})
}

// The server's Retry-After holds for a renewal as it does for a connection.
func TestARenewalWaitsAsLongAsTheServerAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := renewing(t, time.Hour, true)
		h.breaks(t, sandbox.Fault{Kind: "refresh", Status: 429, Headers: map[string]string{"Retry-After": "100"}})
		time.Sleep(55*time.Minute + time.Second)
		before := h.x.Stats().Posts
		time.Sleep(4 * time.Minute)
		if n := h.x.Stats().Posts - before; n != 2 {
			t.Errorf("%d calls in four minutes, with silences of 100 s", n)
		}
		h.x.Heal()
		h.stop(t)
	})
}

// A roll-over that failed is tried again after a delay that grows; those of hours ago are
// forgotten, as a connection's are.
func TestARollOverForgetsTheFailuresOfTheOneBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := renewing(t, time.Hour, false)
		attempts := func() uint64 { return h.tree.Snapshot().Connection.Attempts }
		until := func(n uint64) time.Time {
			for began := time.Now(); attempts() < n; time.Sleep(100 * time.Millisecond) {
				if time.Since(began) > 2*time.Hour {
					t.Fatalf("%d attempts, waited for %d", attempts(), n)
				}
			}
			return time.Now()
		}
		for range 5 {
			h.breaks(t, sandbox.Fault{Kind: "refuse"})
			n := attempts()
			time.Sleep(time.Until(h.tree.Connection().TokenRenewAt) - time.Second)
			first := until(n + 1)
			if d := until(n + 2).Sub(first); d > 2*time.Second+200*time.Millisecond {
				t.Errorf("roll-over %d: the first failure was followed by a delay of %v, want 1 to 2 s", h.tree.Snapshot().Connection.Rollovers+1, d)
			}
			until(n + 5)
			h.x.Heal()
			time.Sleep(time.Minute)
		}
		if c := h.tree.Snapshot().Connection; c.Rollovers != 5 || c.Lost != 0 {
			t.Errorf("%+v", c)
		}
		h.stop(t)
	})
}

// An exchange that refuses a second connection while the first is well, and goes on to, allows
// one: from then on the old one is closed first. What refuses connections to anyone is no such
// exchange.
func TestThreeRefusalsOfASecondConnectionAreTakenForOneAtATime(t *testing.T) {
	for name, c := range map[string]struct {
		fault sandbox.Fault
		gaps  int
	}{
		"refused":        {sandbox.Fault{Kind: "connack", Code: 3}, 1},
		"not authorized": {sandbox.Fault{Kind: "connack", Code: 5}, 1},
		"out of order":   {sandbox.Fault{Kind: "refuse"}, 0}, // 503
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := renewing(t, time.Hour, false)
				h.breaks(t, c.fault)
				time.Sleep(time.Until(h.tree.Connection().TokenRenewAt) - time.Second)
				for began := time.Now(); h.tree.Snapshot().Connection.Attempts < 4; time.Sleep(100 * time.Millisecond) {
					if time.Since(began) > time.Hour {
						t.Fatalf("%+v", h.tree.Snapshot().Connection)
					}
				}
				time.Sleep(50 * time.Millisecond) // the third one's end
				h.x.Heal()
				time.Sleep(2 * time.Minute)
				v := h.tree.Connection()
				if len(v.Outages) != c.gaps || h.tree.Snapshot().Connection.Lost != 0 || time.Until(v.TokenExpires) < 50*time.Minute {
					t.Errorf("outages %+v, the token ends in %v, %+v", v.Outages, time.Until(v.TokenExpires), h.tree.Snapshot().Connection)
				}
				for _, g := range v.Outages {
					if g.Reason != "token renewal, one connection at a time" {
						t.Errorf("%+v", g)
					}
				}
				h.stop(t)
			})
		})
	}
}

// holding is a log handler that holds up whoever logs one event, once.
type holding struct {
	slog.Handler
	event         string
	blocked, wake chan struct{}
	once          *sync.Once
}

func (h *holding) Enabled(context.Context, slog.Level) bool { return true }
func (h *holding) WithAttrs([]slog.Attr) slog.Handler       { return h }

func (h *holding) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "event" && a.Value.String() == h.event {
			h.once.Do(func() { close(h.blocked); <-h.wake })
		}
		return true
	})
	return nil
}

// A decoder that is behind has not passed the topics of the last roll-over on when the next one is
// due, and what that holds is nowhere else.
func TestARollOverWaitsForTheOneBefore(t *testing.T) {
	defer slog.SetDefault(slog.Default())
	synctest.Test(t, func(t *testing.T) {
		hold := &holding{slog.DiscardHandler, "decode_error", make(chan struct{}), make(chan struct{}), &sync.Once{}}
		slog.SetDefault(slog.New(hold))
		h := renewing(t, time.Hour, false)
		n := int64(0)
		publish := func() {
			n++
			d := messages.BidOfferData{Symbol: "AOT"}
			d.Bids[0] = messages.Level{Price: messages.Baht, Volume: n}
			h.x.Publish(topic.BidOffer("AOT"), codec.AppendBidOffer(nil, &d), 1)
			time.Sleep(5 * time.Second)
		}
		publish()
		h.x.Publish(topic.BidOffer("AOT"), []byte{0xff}, 1)
		<-hold.blocked
		for began := time.Now(); time.Since(began) < 111*time.Minute; { // renewals are due after 55 and 110
			publish()
		}
		if c := h.tree.Snapshot().Connection; c.Rollovers != 1 || c.Open != 1 {
			t.Errorf("while the topics of the first roll-over have not passed: %+v", c)
		}
		close(hold.wake)
		for range 20 {
			publish()
		}
		if c := h.tree.Snapshot().Connection; c.Rollovers != 2 || c.Lost != 0 {
			t.Errorf("when they have: %+v", c)
		}
		h.stop(t)
		next := int64(1)
		for _, m := range h.seen.Messages() {
			if b, ok := m.(*messages.BidOffer); ok {
				if b.BestBid().Volume != next {
					t.Fatalf("number %d after %d", b.BestBid().Volume, next-1)
				}
				next++
			}
		}
		if next != n+1 {
			t.Errorf("%d of %d", next-1, n)
		}
	})
}
