package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/test/sandbox"
)

// gate is a tree with a strategy "slow" that waits in its first event until the gate is
// opened, and one, "quick", that does not.
type gate struct {
	t           *testing.T
	x           *sandbox.Exchange
	tree        *feedtree.Tree
	slow, quick record
	open        chan struct{}
}

// gated starts one. The slow one has AOT's book of one baht in its hands.
func gated(t *testing.T, mailbox func(*config.Mailbox)) *gate {
	t.Helper()
	g := &gate{t: t, x: exchange(t, nil), open: make(chan struct{})}
	g.tree = start(t, configured(t, g.x, func(c *config.Config) {
		slow, quick := config.DefaultStrategy("slow", "slow"), config.DefaultStrategy("quick", "quick")
		mailbox(&slow.Mailbox)
		c.Strategies = []config.Strategy{slow, quick}
	}), recording("quick", &g.quick, nil), recording("slow", &g.slow, func(ctx actor.Context) {
		if _, ok := ctx.Message().(messages.Event); ok {
			<-g.open
		}
	}))
	ready(t, g.tree)
	g.book("AOT", 1)
	eventually(t, "it to be slow", func() bool { return g.slow.count("bid_offer AOT 1") == 1 })
	return g
}

func (g *gate) book(symbol string, baht messages.Price) {
	g.x.Publish(topic.BidOffer(symbol), bookOf(symbol, baht*messages.Baht), 1)
}

func (g *gate) counts() ledger.Strategy { return g.tree.Snapshot().Strategies["slow"] }

func (g *gate) pushed(n uint64) {
	g.t.Helper()
	eventually(g.t, fmt.Sprintf("%d to be pushed", n), func() bool { return g.counts().Pushed == n })
}

// release opens the gate and waits for the end of the queue.
func (g *gate) release() ledger.Strategy {
	g.t.Helper()
	close(g.open)
	eventually(g.t, "the end of the queue", func() bool { return g.counts().Queued == 0 })
	return g.counts()
}

// told lists the events with their price in baht, and the notices that end an outage.
func told(r *record) (out []string) {
	for _, m := range r.Messages() {
		switch e := m.(type) {
		case *messages.BidOffer:
			out = append(out, fmt.Sprintf("%s %s", e.Symbol(), e.BestBid().Price))
		case *messages.PriceInfo:
			out = append(out, fmt.Sprintf("%s last %s", e.Symbol(), e.Last()))
		case *messages.Disconnected, *messages.Gap, *messages.Reconnected, *messages.Overflowed:
			out = append(out, m.(messages.Notice).Type())
		}
	}
	return out
}

func TestConflationKeepsTheNewestInTheFirstOnesPlaceAndMovesNothingAcrossANotice(t *testing.T) {
	g := gated(t, func(m *config.Mailbox) { m.Overflow = config.Conflate })
	g.book("PTT", 2)
	g.pushed(2) // both are live: from here on no notice comes between
	g.book("AOT", 3)
	g.book("PTT", 4)
	g.x.Publish(topic.PriceInfo("AOT"), codec.AppendPriceInfo(nil, &messages.PriceInfoData{Symbol: "AOT", Last: 5 * messages.Baht}), 1)
	g.book("AOT", 6)
	g.book("PTT", 7)
	g.pushed(7)
	mustBreak(t, g.x, sandbox.Fault{Kind: "cut"})
	eventually(t, "the connection", func() bool { return g.quick.count("reconnected") == 1 })
	g.book("AOT", 8) // live again, each behind a notice
	g.book("PTT", 9)
	g.book("AOT", 10)
	g.book("PTT", 11)
	g.book("AOT", 12)
	g.pushed(12)
	c := g.release()
	want := []string{"AOT 1", "PTT 7", "AOT 6", "AOT last 5", "disconnected", "gap", "reconnected", "AOT 8", "PTT 11", "AOT 12"}
	if got := told(&g.slow); !slices.Equal(got, want) {
		t.Errorf("was told\n%s, want\n%s", strings.Join(got, ", "), strings.Join(want, ", "))
	}
	if c.Delivered != 7 || c.Conflated != 5 || c.Dropped != 0 {
		t.Errorf("%+v", c)
	}
	if got := told(&g.quick); len(got) != 15 {
		t.Errorf("the other was told %s", strings.Join(got, ", "))
	}
}

func TestWhatIsTooOldIsCountedAndNotDelivered(t *testing.T) {
	const age = time.Second
	g := gated(t, func(m *config.Mailbox) { m.MaxAge = age })
	g.x.Publish(topic.BidOffer("AOT"), bookOf("AOT", 2*messages.Baht), 10)
	g.pushed(11)
	old := time.NewTimer(age + age/10)
	defer old.Stop()
	<-old.C
	g.x.Publish(topic.BidOffer("AOT"), bookOf("AOT", 3*messages.Baht), 5)
	g.pushed(16)
	if c := g.release(); c.Expired != 10 || c.Delivered != 6 || c.Dropped != 0 {
		t.Errorf("%+v", c)
	}
	if got, want := told(&g.slow), append([]string{"AOT 1"}, slices.Repeat([]string{"AOT 3"}, 5)...); !slices.Equal(got, want) {
		t.Errorf("was told %v", got)
	}
}

// Whatever the mailbox does, it never blocks the feed or another strategy.
func TestAFullMailboxBlocksNobody(t *testing.T) {
	for name, mailbox := range map[string]func(*config.Mailbox){
		"drop_oldest": func(m *config.Mailbox) { m.Capacity = 10 },
		"conflate":    func(m *config.Mailbox) { m.Capacity, m.Overflow = 1, config.Conflate },
		"max_age":     func(m *config.Mailbox) { m.Capacity, m.MaxAge = 10, time.Minute }, // on a busy machine the first event may be seconds old
	} {
		t.Run(name, func(t *testing.T) {
			g := gated(t, mailbox)
			for range 2000 {
				g.book("AOT", 2)
				g.book("PTT", 3)
			}
			eventually(t, "the other's events", func() bool { return g.tree.Snapshot().Strategies["quick"].Delivered == 4001 })
			s := g.tree.Snapshot()
			if q := s.Strategies["quick"]; q.Dropped+q.Conflated+q.Expired != 0 || s.Feed.Dropped+s.Dispatcher.Dropped != 0 {
				t.Errorf("%+v %+v", q, s.Feed)
			}
			g.pushed(4001)
			if c := g.counts(); c.Queued > 11 {
				t.Errorf("%+v", c)
			}
			if c := g.release(); c.Delivered+c.Dropped+c.Conflated+c.Expired != 4001 {
				t.Errorf("%+v", c)
			}
		})
	}
}

// nest panics deep down, so that its stack is as large as stacks get.
func nest(n int) int {
	if n == 0 {
		panic(strings.Repeat("a long word ", 1<<16))
	}
	return nest(n-1) + 1
}

func TestFailuresWithLargeStacksNeverPassTheStoresBounds(t *testing.T) {
	const failures, entries, bytes = 60, 20, 64 << 10
	x := exchange(t, nil)
	tree := start(t, configured(t, x, func(c *config.Config) { c.Poison.Entries, c.Poison.Bytes = entries, bytes }),
		recording("bad", &record{}, func(ctx actor.Context) {
			if _, ok := ctx.Message().(messages.Event); ok {
				nest(500)
			}
		}))
	ready(t, tree)
	for range failures / 2 {
		x.Publish(topic.BidOffer("AOT"), bookOf("AOT", messages.Baht), 1)
		x.Publish(topic.BidOffer("AOT"), make([]byte, 60_000), 1) // does not decode, and is as large as may be
	}
	eventually(t, "the failures", func() bool {
		// A failure is counted before it is kept: the last one's number tells that all are.
		kept := tree.Poison()
		return tree.Snapshot().Strategies["bad"].Failed == failures/2 && len(kept) > 0 && kept[len(kept)-1].ID == failures
	})
	kept := tree.Poison()
	size := 0
	for _, e := range kept {
		size += len(e.Payload) + len(e.Stack) + len(e.Reason)
	}
	if len(kept) == 0 || len(kept) > entries || size > bytes {
		t.Errorf("%d kept, %d bytes", len(kept), size)
	}
}

// What a strategy works on waits no more: a full mailbox is full, and not more than that.
func TestAStrategyReadsHowFullItsMailboxIs(t *testing.T) {
	x := exchange(t, nil)
	full := make(chan struct{})
	type reading struct {
		queued, capacity int
		utilisation      float64
	}
	read, r := make(chan reading, 1), &record{}
	tree := start(t, configured(t, x, func(c *config.Config) {
		s := config.DefaultStrategy("r", "r")
		s.Mailbox.Capacity = 3
		c.Strategies = []config.Strategy{s}
	}), recording("r", r, func(ctx actor.Context) {
		if _, ok := ctx.Message().(messages.Event); ok {
			<-full
			h := feedtree.From(ctx)
			queued, capacity := h.Backlog()
			select {
			case read <- reading{queued, capacity, h.Utilisation()}:
			default:
			}
		}
	}))
	ready(t, tree)
	x.Publish(topic.BidOffer("AOT"), bookOf("AOT", messages.Baht), 1)
	eventually(t, "the first event in its hand", func() bool { return r.count("bid_offer AOT 1") == 1 })
	x.Publish(topic.BidOffer("AOT"), bookOf("AOT", messages.Baht), 10)
	eventually(t, "a full mailbox", func() bool { return tree.Snapshot().Strategies["r"].Pushed == 11 })
	close(full)
	if got, want := <-read, (reading{3, 3, 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
