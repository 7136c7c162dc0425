package integration

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/sandbox"
)

// numbered is a book that says which of its topic's it is.
func numbered(symbol string, n int64) []byte {
	d := messages.BidOfferData{Symbol: symbol}
	d.Bids[0] = messages.Level{Price: messages.Baht, Volume: n}
	return codec.AppendBidOffer(nil, &d)
}

// publisher publishes books of the symbols in turn, thousands a second, until it is stopped.
// It gives how many of each there were.
func publisher(x *sandbox.Exchange, symbols []string, perSecond int, payload func(symbol string, n int64) []byte) (stop func() int64) {
	quit, done := make(chan struct{}), make(chan struct{})
	n := int64(0)
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		began, sent := time.Now(), 0
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
			}
			for due := int(time.Since(began).Seconds() * float64(perSecond)); sent < due; sent += len(symbols) {
				n++
				for _, s := range symbols {
					x.Publish(topic.BidOffer(s), payload(s, n), 1)
				}
			}
		}
	}()
	return sync.OnceValue(func() int64 { close(quit); <-done; return n })
}

// volumes lists what a record has of each symbol's first bid volumes, in order.
func volumes(r *harness.Record) map[string][]int64 {
	out := map[string][]int64{}
	for _, m := range r.Messages() {
		if b, ok := m.(*messages.BidOffer); ok {
			out[b.Symbol()] = append(out[b.Symbol()], b.BestBid().Volume)
		}
	}
	return out
}

// rollOvers is how many there are and how long tokens live: short here, as the exchange's
// users meet them where time does not matter.
func rollOvers() (n uint64, ttl time.Duration) {
	if os.Getenv("FEEDTREE_LONG") != "" {
		return 10, 20 * time.Second
	}
	return 3, 2 * time.Second
}

func waitFor(t *testing.T, what string, limit time.Duration, is func() bool) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	over := time.After(limit)
	for !is() {
		select {
		case <-look.C:
		case <-over:
			t.Fatalf("waited %v for: %s", limit, what)
		}
	}
}

func TestRollOversUnderLoadLoseNothingAndGiveNothingTwice(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, lane func(*config.Config)) {
		t.Parallel()
		n, ttl := rollOvers()
		x := harness.Exchange(t, func(c *sandbox.Config) { c.TokenTTL = ttl })
		symbols := []string{"AOT", "BBL", "CPALL", "DELTA", "PTT"}
		r := &harness.Record{}
		tree := harness.Start(t, harness.Configured(t, x, func(c *config.Config) { lane(c); c.Symbols = symbols }), harness.Recording("r", r, nil))
		harness.Ready(t, tree)
		stop := publisher(x, symbols, 10_000, numbered)
		defer stop()
		waitFor(t, "the roll-overs", time.Duration(n+2)*ttl*2, func() bool {
			c := tree.Snapshot().Connection // not the record: to count it costs more than to write it
			return c.Rollovers >= n && c.Open == 1
		})
		last := stop()
		tree.Stop(context.Background())
		s := tree.Snapshot()
		if s.Connection.Lost != 0 || s.Connection.Reconnects != 0 || s.Connection.Rollovers < n || s.Feed.Stale != 0 {
			t.Errorf("%+v, %d stale", s.Connection, s.Feed.Stale)
		}
		if got := x.Stats().Delivered; s.Feed.Received != got {
			t.Errorf("received %d of %d written", s.Feed.Received, got)
		}
		if r.First("gap") != nil || r.Count("disconnected") != 1 { // the one at the end
			t.Error("a roll-over is no outage")
		}
		for symbol, got := range volumes(r) {
			for i, v := range got {
				if v != int64(i+1) {
					t.Fatalf("%s: the %dth book is number %d (epoch %d)\nfeed %+v\nstrategies %+v\nexchange %+v\noverflowed %+v", symbol, i+1, v,
						epochOf(r, symbol, i), s.Feed, s.Strategies, x.Stats(), r.First("overflowed"))
				}
			}
			if int64(len(got)) != last {
				t.Errorf("%s: %d of %d books", symbol, len(got), last)
			}
		}
		epochsRise(t, r)
		if s.Feed.Superseded == 0 {
			t.Error("nothing was superseded: the connections did not overlap")
		}
		t.Logf("%d roll-overs, %d books of each symbol, %d superseded, %d undecided", s.Connection.Rollovers, last, s.Feed.Superseded, s.Feed.Undecided)
		harness.Balanced(t, s)
	})
}

// epochOf is the epoch of a symbol's i-th book.
func epochOf(r *harness.Record, symbol string, i int) uint64 {
	for _, m := range r.Messages() {
		if b, ok := m.(*messages.BidOffer); ok && b.Symbol() == symbol {
			if i--; i < 0 {
				return b.Epoch()
			}
		}
	}
	return 0
}

// epochsRise holds that no event of an older epoch follows one of a newer, and numbers within
// an epoch have no holes.
func epochsRise(t *testing.T, r *harness.Record) {
	t.Helper()
	var epoch uint64
	for _, m := range r.Messages() {
		if e, ok := m.(messages.Event); ok {
			if e.Epoch() < epoch {
				t.Fatalf("epoch %d after %d", e.Epoch(), epoch)
			}
			epoch = e.Epoch()
		}
	}
}

// everyChangeIsTold holds that between the events of two epochs stands what led from one to
// the other. (Their number says nothing: notices that wait side by side are told as one.)
func everyChangeIsTold(t *testing.T, r *harness.Record) {
	t.Helper()
	var epoch, told uint64
	for _, m := range r.Messages() {
		switch m := m.(type) {
		case *messages.Gap:
			told = m.Epoch
		case *messages.RolledOver:
			told = m.Epoch
		case messages.Event:
			if epoch != 0 && m.Epoch() != epoch && told != m.Epoch() {
				t.Fatalf("an event of epoch %d after one of epoch %d, and the last that was told of is %d", m.Epoch(), epoch, told)
			}
			epoch = m.Epoch()
		}
	}
}

func TestEqualPayloadsAreGivenTwiceRatherThanLost(t *testing.T) {
	t.Parallel()
	x := harness.Exchange(t, func(c *sandbox.Config) { c.TokenTTL = 2 * time.Second })
	r := &harness.Record{}
	tree := harness.Start(t, harness.Configured(t, x, nil), harness.Recording("r", r, nil))
	harness.Ready(t, tree)
	// There and back again: a book that is quoted and taken away.
	stop := publisher(x, []string{"AOT", "PTT"}, 4_000, func(s string, n int64) []byte { return numbered(s, n%2) })
	defer stop()
	waitFor(t, "two roll-overs", 30*time.Second, func() bool { return r.Count("rolled_over") >= 2 })
	last := stop()
	tree.Stop(context.Background())
	s := tree.Snapshot()
	for symbol, got := range volumes(r) {
		if int64(len(got)) < last || uint64(len(got)) > uint64(last)+s.Feed.Undecided {
			t.Errorf("%s: %d of %d books, %d undecided", symbol, len(got), last, s.Feed.Undecided)
		}
	}
}

func TestAnExchangeThatAllowsOneConnectionIsMetByClosingFirst(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"auto", "sequential"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			x := harness.Exchange(t, func(c *sandbox.Config) { c.TokenTTL = 2 * time.Second })
			harness.Break(t, x, sandbox.Fault{Kind: "single"})
			r := &harness.Record{}
			tree := harness.Start(t, harness.Configured(t, x, func(c *config.Config) { c.Session.Rollover = mode }), harness.Recording("r", r, nil))
			harness.Ready(t, tree)
			stop := publisher(x, []string{"AOT", "PTT"}, 2_000, numbered)
			defer stop()
			waitFor(t, "three renewals", 30*time.Second, func() bool { return r.Count("gap") >= 3 && r.Count("reconnected") >= 3 })
			stop()
			tree.Stop(context.Background())
			s := tree.Snapshot()
			lost := uint64(0)
			if mode == "auto" {
				lost = 2 // it had to find out, and once may be chance
			}
			if s.Connection.Lost != lost {
				t.Errorf("%+v", s.Connection)
			}
			var reasons []string
			for _, m := range r.Messages() {
				if g, ok := m.(*messages.Gap); ok {
					reasons = append(reasons, g.Reason)
				}
			}
			for _, why := range reasons[lost:] {
				if !strings.Contains(why, "one connection at a time") {
					t.Errorf("a gap's reason is %q", why)
				}
			}
			epochsRise(t, r)
			for symbol, got := range volumes(r) {
				if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
					t.Errorf("%s is out of order, or came twice", symbol)
				}
			}
		})
	}
}

// A new connection whose subscriptions are not answered never takes over; when the old one's
// token ends it goes on alone, behind a gap.
func TestTheOldConnectionLostDuringTheRollOverIsOneOutage(t *testing.T) {
	t.Parallel()
	x := harness.Exchange(t, func(c *sandbox.Config) { c.TokenTTL = 3 * time.Second })
	r := &harness.Record{}
	tree := harness.Start(t, harness.Configured(t, x, func(c *config.Config) {
		c.Session.SubscribeTimeout = 100 * time.Millisecond
		c.Session.Rollover = "overlap"
	}), harness.Recording("r", r, nil))
	harness.Ready(t, tree)
	stop := publisher(x, []string{"AOT", "PTT"}, 1_000, numbered)
	defer stop()
	harness.Break(t, x, sandbox.Fault{Kind: "suback", Missing: true})
	harness.Eventually(t, "the gap", func() bool { return r.Count("gap") == 1 })
	x.Heal()
	harness.Eventually(t, "the reconnection", func() bool { return r.Count("reconnected") == 1 })
	harness.Eventually(t, "an orderly roll-over", func() bool { return r.Count("rolled_over") == 1 })
	stop()
	tree.Stop(context.Background())
	if s := tree.Snapshot(); s.Connection.Lost != 1 || s.Connection.Rollovers < 2 || r.Count("disconnected") != 2 {
		t.Errorf("%+v", s.Connection)
	}
	epochsRise(t, r)
}

// The new connection lost before it took over costs nothing.
func TestTheNewConnectionLostDuringTheRollOverCostsNothing(t *testing.T) {
	t.Parallel()
	x := harness.Exchange(t, func(c *sandbox.Config) { c.TokenTTL = 5 * time.Second })
	r := &harness.Record{}
	tree := harness.Start(t, harness.Configured(t, x, func(c *config.Config) { c.Session.Rollover = "overlap" }), harness.Recording("r", r, nil))
	harness.Ready(t, tree)
	stop := publisher(x, []string{"AOT", "PTT"}, 1_000, numbered)
	defer stop()
	harness.Break(t, x, sandbox.Fault{Kind: "suback", Extra: 3}) // the new one breaks the protocol
	harness.Eventually(t, "the new connection to be lost", func() bool { return tree.Snapshot().Connection.Lost >= 1 })
	x.Heal()
	harness.Eventually(t, "the roll-over", func() bool { return r.Count("rolled_over") >= 1 })
	last := stop()
	tree.Stop(context.Background())
	if r.First("gap") != nil || r.Count("disconnected") != 1 { // the one at the end
		t.Error("it was no outage")
	}
	for symbol, got := range volumes(r) {
		if int64(len(got)) != last {
			t.Errorf("%s: %d of %d books", symbol, len(got), last)
		}
	}
}

func TestAStopDuringEachStepOfARollOverEndsInOrder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault sandbox.Fault
		state string
	}{
		"the dial":          {sandbox.Fault{Kind: "dispatcher", Delay: 3e9}, "rolling over"},
		"the subscriptions": {sandbox.Fault{Kind: "suback", Missing: true}, "passing topics"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := harness.Exchange(t, func(c *sandbox.Config) { c.TokenTTL = 4 * time.Second })
			r := &harness.Record{}
			tree := harness.Start(t, harness.Configured(t, x, nil), harness.Recording("r", r, nil))
			harness.Ready(t, tree)
			stop := publisher(x, []string{"AOT", "PTT"}, 1_000, numbered)
			defer stop()
			harness.Break(t, x, c.fault)
			harness.Eventually(t, c.state, func() bool { return tree.Snapshot().Connection.State == c.state })
			last := stop()
			began := time.Now()
			tree.Stop(context.Background())
			if took := time.Since(began); took > 6*time.Second {
				t.Errorf("the end took %v", took)
			}
			s := tree.Snapshot()
			if s.Feed.Received != x.Stats().Delivered || s.Connection.Lost != 0 || s.Connection.Open != 0 || s.Connection.Pending != 0 {
				t.Errorf("received %d of %d, %+v", s.Feed.Received, x.Stats().Delivered, s.Connection)
			}
			for symbol, got := range volumes(r) {
				if int64(len(got)) != last {
					t.Errorf("%s: %d of %d books", symbol, len(got), last)
				}
			}
			harness.Balanced(t, s)
		})
	}
}

// Cuts at random instants of roll-overs, as often as it takes: one winner each time.
func TestCutsDuringRollOversLeaveOneConnectionAndBalancedBooks(t *testing.T) {
	t.Parallel()
	x := harness.Exchange(t, func(c *sandbox.Config) { c.TokenTTL = 2 * time.Second })
	r := &harness.Record{}
	// Two in a row would pass for an exchange that allows one connection.
	tree := harness.Start(t, harness.Configured(t, x, func(c *config.Config) { c.Session.Rollover = "overlap" }), harness.Recording("r", r, nil))
	harness.Ready(t, tree)
	harness.Break(t, x, sandbox.Fault{Kind: "delay", Delay: 100e6}) // each state lasts long enough to be met
	stop := publisher(x, []string{"AOT", "PTT"}, 2_000, numbered)
	defer stop()
	for i, state := range []string{"rolling over", "passing topics", "parting", "passing topics"} {
		harness.Eventually(t, state, func() bool { return tree.Snapshot().Connection.State == state })
		harness.Break(t, x, sandbox.Fault{Kind: "cut", How: []string{"close", "rst"}[i%2]})
		harness.Eventually(t, "the session to be back", func() bool { ok, _ := tree.Ready(); return ok && tree.Snapshot().Connection.Open == 1 })
	}
	stop()
	tree.Stop(context.Background())
	s := tree.Snapshot()
	everyChangeIsTold(t, r)
	for symbol, got := range volumes(r) {
		if !slices.IsSorted(got) {
			t.Errorf("%s is out of order", symbol)
		}
	}
	if s.Feed.Received > x.Stats().Delivered {
		t.Errorf("received %d of %d", s.Feed.Received, x.Stats().Delivered)
	}
	epochsRise(t, r)
	harness.Balanced(t, s)
}
