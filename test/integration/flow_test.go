package integration

import (
	"context"
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
	"github.com/feedtree/feedtree/test/sandbox"
)

// both runs a test with the fast lane and without: the same must hold.
func both(t *testing.T, f func(t *testing.T, lane func(*config.Config))) {
	for name, fast := range map[string]bool{"fast lane": true, "runs of one": false} {
		t.Run(name, func(t *testing.T) { f(t, func(c *config.Config) { c.Session.FastLane = fast }) })
	}
}

func bookOf(symbol string, price messages.Price) []byte {
	d := messages.BidOfferData{Symbol: symbol, BidFlag: messages.FlagNormal, AskFlag: messages.FlagNormal}
	d.Bids[0] = messages.Level{Price: price, Volume: 100}
	return codec.AppendBidOffer(nil, &d)
}

func TestAPayloadArrivesAsTheEventItIs(t *testing.T) {
	both(t, func(t *testing.T, lane func(*config.Config)) {
		x := exchange(t, nil)
		r := &record{}
		tree := start(t, configured(t, x, lane), recording("r", r, nil))
		ready(t, tree)
		x.Publish(topic.BidOffer("AOT"), bookOf("AOT", 34*messages.Baht+25*messages.Satang), 1)
		eventually(t, "the book", func() bool { return r.count("bid_offer AOT 1") == 1 })
		if want := []string{"feed_live", "symbol_live", "bid_offer AOT 1"}; !slices.Equal(r.all(), want) {
			t.Fatalf("saw %v, want %v", r.all(), want)
		}
		e := r.Messages()[2].(*messages.BidOffer)
		if e.BestBid().Price.String() != "34.25" || e.Seq() != 1 || e.MonoNanos() <= 0 || time.Since(e.Time()) > patience {
			t.Fatalf("%+v", e.Data())
		}
	})
}

func TestInAnOrderlyRunEverythingTheExchangeWroteIsReceivedAndDelivered(t *testing.T) {
	both(t, func(t *testing.T, lane func(*config.Config)) {
		x := exchange(t, moving)
		r := &record{}
		tree := start(t, configured(t, x, lane), recording("r", r, nil))
		eventually(t, "a thousand events", func() bool { return tree.Snapshot().Strategies["r"].Delivered > 1000 })
		tree.Stop(context.Background())
		s := tree.Snapshot()
		if written := x.Stats().Delivered; s.Feed.Received != written {
			t.Errorf("received %d of %d written", s.Feed.Received, written)
		}
		if d := s.Strategies["r"]; d.Delivered != d.Matched || s.Feed.Decoded != s.Feed.Received || s.Feed.State != "live" {
			t.Errorf("%+v", *s)
		}
		balanced(t, s)
	})
}

func TestBadPayloadsAreCountedByClassAndTheNextOneArrives(t *testing.T) {
	both(t, func(t *testing.T, lane func(*config.Config)) {
		x := exchange(t, nil)
		r := &record{}
		tree := start(t, configured(t, x, lane), recording("r", r, nil))
		ready(t, tree)
		aot := topic.BidOffer("AOT")
		good := bookOf("AOT", messages.Baht)
		x.Publish(aot, append(slices.Clone(good), 0x0f), 3) // malformed
		x.Publish(aot, nil, 2)                              // missing
		x.Publish(aot, bookOf("PTT", messages.Baht), 4)     // mismatch
		x.Publish(aot, make([]byte, 70_000), 5)             // oversized
		x.Publish(aot, good, 1)
		eventually(t, "the good one", func() bool { return r.count("bid_offer AOT 1") == 1 })
		f := tree.Snapshot().Feed
		if f.DecodeErrors["malformed"] != 3 || f.DecodeErrors["missing"] != 2 || f.DecodeErrors["mismatch"] != 4 || f.Oversized != 5 || f.Received != 15 {
			t.Fatalf("%+v", f)
		}
	})
}

func TestADamagedStreamStillBalances(t *testing.T) {
	x := exchange(t, moving)
	if _, err := x.Break(sandbox.Fault{Kind: "malform", Ratio: 0.2}); err != nil {
		t.Fatal(err)
	}
	tree := start(t, configured(t, x, nil), recording("r", &record{}, nil))
	eventually(t, "damage", func() bool { return tree.Snapshot().Feed.DecodeErrors["malformed"] > 50 })
	tree.Stop(context.Background())
	if s, spoilt := tree.Snapshot(), x.Stats().Malformed; s.Feed.DecodeErrors["malformed"] != spoilt {
		t.Errorf("%d refused of %d damaged", s.Feed.DecodeErrors["malformed"], spoilt)
	}
}

func TestAStrategyThatPanicsRestartsWhileTheOthersLoseNothing(t *testing.T) {
	x := exchange(t, nil)
	good, bad := &record{}, &record{}
	n := 0
	tree := start(t, configured(t, x, nil), recording("good", good, nil), recording("bad", bad, func(ctx actor.Context) {
		if _, ok := ctx.Message().(messages.Event); ok {
			if n++; n%100 == 0 {
				panic("on every hundredth event")
			}
		}
	}))
	ready(t, tree)
	x.Publish(topic.BidOffer("AOT"), bookOf("AOT", messages.Baht), 1000)
	eventually(t, "all events", func() bool { c := tree.Snapshot().Strategies["bad"]; return c.Delivered+c.Failed == 1000 })
	eventually(t, "the last restart", func() bool { return bad.count("restarted") == 10 })
	s := tree.Snapshot()
	if c := s.Strategies["bad"]; c.Failed != 10 || c.Restarts != 10 || c.Dropped != 0 {
		t.Errorf("bad: %+v", c)
	}
	if c := s.Strategies["good"]; c.Delivered != 1000 {
		t.Errorf("good: %+v", c)
	}
	if v := s.Supervision; v.Failures != 10 || v.Restarts != 10 {
		t.Errorf("%+v", v)
	}
	if bad.count("bid_offer AOT 1") != 1000 || bad.notice("restarted").(*messages.Restarted).Lost != 1 {
		t.Error("an event was lost to more than its own panic")
	}
	balanced(t, s)
}

func TestASlowStrategyKeepsTheNewestAndIsTold(t *testing.T) {
	x := exchange(t, nil)
	r := &record{}
	gate := make(chan struct{})
	c := configured(t, x, func(c *config.Config) {
		s := config.DefaultStrategy("slow", "slow")
		s.Mailbox.Capacity = 10
		c.Strategies = []config.Strategy{s}
	})
	tree := start(t, c, recording("slow", r, func(ctx actor.Context) {
		if _, ok := ctx.Message().(messages.Event); ok {
			<-gate
		}
	}))
	ready(t, tree)
	x.Publish(topic.BidOffer("AOT"), bookOf("AOT", messages.Baht), 100)
	eventually(t, "all pushed", func() bool { return tree.Snapshot().Strategies["slow"].Pushed == 100 })
	close(gate)
	eventually(t, "the end of the queue", func() bool { return tree.Snapshot().Strategies["slow"].Queued == 0 })
	s := tree.Snapshot().Strategies["slow"]
	if s.Dropped+s.Delivered != 100 || s.Dropped < 85 {
		t.Fatalf("%+v", s)
	}
	if o := r.notice("overflowed").(*messages.Overflowed); o.Count != s.Dropped || o.Where != "slow" {
		t.Fatalf("%+v, dropped %d", o, s.Dropped)
	}
}

func TestAStrategyChangesItsOwnSubscriptionsAndTheLastOneOutUnsubscribes(t *testing.T) {
	x := exchange(t, nil)
	r := &record{}
	var h *feedtree.Handle
	got := make(chan struct{})
	tree := start(t, configured(t, x, func(c *config.Config) { c.Symbols = []string{"AOT"} }), recording("r", r, func(ctx actor.Context) {
		if _, ok := ctx.Message().(*actor.Started); ok {
			h = feedtree.From(ctx)
			close(got)
			if err := h.Subscribe(" kbank "); err != nil {
				t.Error(err)
			}
		}
	}))
	<-got
	kbank := topic.BidOffer("KBANK")
	eventually(t, "the subscription", func() bool { return x.Stats().Subscriptions[kbank] == 1 })
	ready(t, tree)
	x.Publish(kbank, bookOf("KBANK", messages.Baht), 1)
	eventually(t, "its event", func() bool { return r.count("bid_offer KBANK 1") == 1 })
	if err := h.Unsubscribe("KBANK"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the subscription to go", func() bool { return x.Stats().Subscriptions[kbank] == 0 })
	if x.Stats().Subscriptions[topic.BidOffer("AOT")] != 1 {
		t.Error("AOT went with it")
	}
	bars := topic.Candlestick("AOT", "1m")
	if err := h.SubscribeTo(messages.KindCandlestick, "AOT"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the bars", func() bool { return x.Stats().Subscriptions[bars] == 1 })
	if err := h.UnsubscribeFrom(messages.KindCandlestick, "AOT"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the bars to go", func() bool { return x.Stats().Subscriptions[bars] == 0 })
	if x.Stats().Subscriptions[topic.BidOffer("AOT")] != 1 {
		t.Error("AOT's book went with its bars")
	}
	if err := h.Subscribe("N O"); err == nil || !strings.Contains(err.Error(), "N O") {
		t.Errorf("an impossible symbol: %v", err)
	}
	if len(tree.Symbols()) != 1 {
		t.Errorf("%d symbols, want AOT alone", len(tree.Symbols()))
	}
}

func TestASnapshotShowsTheLastKnownValuesFirst(t *testing.T) {
	x := exchange(t, nil)
	late := &record{}
	tree := start(t, configured(t, x, nil), recording("first", &record{}, nil), recording("late", late, nil, feedtree.OnDemand()))
	ready(t, tree)
	x.Publish(topic.BidOffer("AOT"), bookOf("AOT", 7*messages.Baht), 1)
	eventually(t, "the event", func() bool { return tree.Snapshot().Dispatcher.Dispatched == 1 })
	c := config.DefaultStrategy("late", "late")
	c.Snapshot = true
	if err := tree.Spawn(c); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the snapshot", func() bool { return late.notice("snapshot") != nil })
	if e := late.notice("snapshot").(*messages.Snapshot).Event.(*messages.BidOffer); e.BestBid().Price != 7*messages.Baht {
		t.Errorf("%+v", e.Data())
	}
	if s := tree.Snapshot().Strategies["late"]; s.Matched != 0 {
		t.Errorf("a snapshot entered the ledgers: %+v", s)
	}
}

func TestOrdersFollowTheAccountWithoutShowingItsNumber(t *testing.T) {
	x := exchange(t, func(c *sandbox.Config) { moving(c); c.EquityAccount = "7654321" })
	r := &record{}
	tree := start(t, configured(t, x, nil), recording("orders", r, nil, feedtree.Events("equity_order")))
	eventually(t, "an order", func() bool {
		for _, l := range r.all() {
			if strings.HasPrefix(l, "equity_order ") {
				return true
			}
		}
		return false
	})
	for _, s := range tree.Symbols() {
		if strings.Contains(s.Symbol, "7654321") {
			t.Error("the account is listed as a symbol")
		}
	}
}
