package matrix

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/sandbox"
	"github.com/feedtree/feedtree/test/witness"
)

// dial is what a login, a dispatcher, a handshake and the subscriptions may take on a machine
// that has other things to do.
const dial = 2 * time.Second

// feed is a tree on an exchange of its own, and two strategies that watch what comes.
type feed struct {
	testing.TB
	x        *sandbox.Exchange
	cfg      config.Config
	tree     *feedtree.Tree
	one, two *watcher
	wanted   map[string]int // what the broker had before anything broke
}

// watcher is what a strategy saw.
type watcher struct {
	harness.Record
	witness.Journal
}

// watching registers a strategy that is watched, and does with each message what also says.
func watching(name string, w *watcher, also func(actor.Context)) feedtree.StrategyType {
	return harness.Recording(name, &w.Record, func(ctx actor.Context) {
		w.See(ctx.Message())
		if also != nil {
			also(ctx)
		}
	})
}

// begin starts an exchange and a tree, and waits until it is ready.
func begin(t testing.TB, exchange func(*sandbox.Config), tree func(*config.Config), more ...feedtree.StrategyType) *feed {
	t.Helper()
	f := &feed{TB: t, one: &watcher{}, two: &watcher{}}
	f.x = harness.Exchange(t, exchange)
	f.cfg = harness.Configured(t, f.x, tree)
	f.tree = harness.Start(t, f.cfg, append(more, watching("one", f.one, nil), watching("two", f.two, nil))...)
	harness.Ready(t, f.tree)
	f.wanted = f.x.Stats().Subscriptions
	return f
}

// breaks puts a fault in force.
func (f *feed) breaks(fault sandbox.Fault) {
	f.Helper()
	harness.Break(f, f.x, fault)
}

// book publishes a good book, so many times.
func (f *feed) book(topic, symbol string, count int) { f.x.Publish(topic, bookOf(symbol), count) }

func bookOf(symbol string) []byte {
	d := messages.BidOfferData{Symbol: symbol, BidFlag: messages.FlagNormal, AskFlag: messages.FlagNormal}
	d.Bids[0] = messages.Level{Price: 34 * messages.Baht, Volume: 100}
	return codec.AppendBidOffer(nil, &d)
}

// flows waits for so many more events at both watchers.
func (f *feed) flows(n uint64) {
	f.Helper()
	for _, w := range []*watcher{f.one, f.two} {
		before, _ := w.Seen()
		harness.Eventually(f, "events", func() bool { now, _ := w.Seen(); return now >= before+n })
	}
}

// outage waits until both watchers were told of the n-th outage and its end, and holds the
// return of events to the bound. since is when the connection was broken, or healed again.
func (f *feed) outage(n int, since time.Time) {
	f.Helper()
	for _, w := range []*watcher{f.one, f.two} {
		harness.Eventually(f, "the outage's end", func() bool { return w.Count("reconnected") >= n })
		if down, gap := w.Count("disconnected"), w.Count("gap"); down != n || gap != n {
			f.Errorf("outage %d: told of %d losses and %d gaps", n, down, gap)
		}
		epoch := f.tree.Snapshot().Epoch
		harness.Eventually(f, "events of the new epoch", func() bool { _, at := w.Seen(); return at.Epoch == epoch })
	}
	if took, bound := time.Since(since), f.cfg.Session.Backoff.Max+dial; took > bound {
		f.Errorf("outage %d: events were back after %v, want %v at most", n, took, bound)
	}
	f.whole()
}

// whole waits until the broker has every wanted subscription again, once, and no other.
func (f *feed) whole() {
	f.Helper()
	harness.Ready(f, f.tree)
	has := map[string]int{}
	defer func() {
		if f.Failed() {
			f.Logf("the broker has %v, wanted is %v", has, f.wanted)
		}
	}()
	// The exchange may take a moment to see that a connection of before has ended.
	harness.Eventually(f, "the wanted subscriptions, each once", func() bool {
		has = f.x.Stats().Subscriptions
		return maps.Equal(has, f.wanted)
	})
}

// How a row may end: with every connection closed in order, or not.
const (
	orderly = true
	cut     = false
)

// end stops the tree and holds it to the ledgers: nothing is queued, L1 to L4 are exact, no
// strategy saw anything out of order. After an orderly end what was received is what the
// exchange wrote, otherwise never more. L6 is the caller's to see to.
func (f *feed) end(how bool) {
	f.Helper()
	f.x.Heal()
	if err := f.tree.Stop(context.Background()); err != nil {
		f.Errorf("the tree had ended by itself: %v", err)
	}
	s := f.tree.Snapshot()
	harness.Balanced(f, s)
	queued := s.Feed.Queued + s.Dispatcher.Queued
	for _, c := range s.Strategies {
		queued += c.Queued
	}
	if queued != 0 || s.Connection.Open != 0 || s.Connection.Pending != 0 || s.Supervision.Pending != 0 {
		f.Errorf("after the end: %d queued, connections %+v, supervision %+v", queued, s.Connection, s.Supervision)
	}
	harness.Eventually(f, "the exchange to see the end", func() bool { return f.x.Stats().OpenConnections == 0 })
	written := f.x.Stats().Delivered
	if s.Feed.Received > written || (how == orderly && s.Feed.Received != written) {
		f.Errorf("received %d of %d written", s.Feed.Received, written)
	}
	for name, w := range map[string]*watcher{"one": f.one, "two": f.two} {
		c := s.Strategies[name]
		if n, _ := w.Seen(); n != c.Delivered || c.Delivered != c.Matched {
			f.Errorf("%s saw %d events, %d of %d matched were counted delivered", name, n, c.Delivered, c.Matched)
		}
		if wrong := w.Problems(false); len(wrong) > 0 {
			f.Errorf("%s: %s", name, strings.Join(wrong, "; "))
		}
	}
}

// faultOf reads a fault as the admin API does: its times are written as users write them.
func faultOf(t testing.TB, body string) (f sandbox.Fault) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &f); err != nil {
		t.Fatal(err)
	}
	return f
}
