package feedtree_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/actors/decoder"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/internal/mailbox"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/supervision"
	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/sandbox"
)

func TestMain(m *testing.M) { harness.Main(m) }

func book(symbol string) []byte {
	d := messages.BidOfferData{Symbol: symbol, BidFlag: messages.FlagNormal, AskFlag: messages.FlagNormal}
	d.Bids[0] = messages.Level{Price: messages.Baht, Volume: 100}
	return codec.AppendBidOffer(nil, &d)
}

// breakDecoder and breakDispatcher make these actors panic: a request without its subject.
func breakDecoder(t *feedtree.Tree) { t.SendTo("decoder", &decoder.PutStale{}) }

func breakDispatcher(t *feedtree.Tree) { t.SendTo("dispatcher", (*mailbox.Run[flow.Item])(nil)) }

func kinds(tree *feedtree.Tree, child string) (out []supervision.Kind) {
	for _, e := range tree.SupervisionEvents() {
		if e.Child == child {
			out = append(out, e.Kind)
		}
	}
	return out
}

// finish stops the tree and holds its ledgers, and what it received, against the exchange.
func finish(t *testing.T, tree *feedtree.Tree, x *sandbox.Exchange) {
	t.Helper()
	tree.Stop(context.Background())
	s := tree.Snapshot()
	harness.Balanced(t, s)
	if written := x.Stats().Delivered; x != nil && s.Feed.Received != written {
		t.Errorf("received %d of %d written", s.Feed.Received, written)
	}
}

func TestADecodersFailureWithRestForOneRestartsWhatIsBehindItAndLosesNothing(t *testing.T) {
	x := harness.Exchange(t, harness.Moving)
	r := &harness.Record{}
	tree := harness.Start(t, harness.Configured(t, x, func(c *config.Config) {
		c.Supervision.Nodes.Decoder.Scope = new(config.RestForOne)
		c.Health.SymbolGap, c.Health.Sweep = 300*time.Millisecond, 20*time.Millisecond
	}), harness.Recording("r", r, nil), harness.Recording("s", &harness.Record{}, nil))
	harness.Ready(t, tree)
	for n := uint64(1); n <= 5; n++ {
		breakDecoder(tree)
		harness.Eventually(t, "the strategies to be back", func() bool {
			s := tree.Snapshot()
			return s.Supervision.Restarts == n && uint64(r.Count("restarted")) == n && s.Strategies["r"].State == "running" && s.Strategies["s"].State == "running"
		})
		before := tree.Snapshot().Strategies["r"].Delivered
		harness.Eventually(t, "more events", func() bool { return tree.Snapshot().Strategies["r"].Delivered > before+50 })
	}
	s := tree.Snapshot()
	if v := s.Supervision; v.Failures != 5 || v.Siblings != 15 { // health, dispatcher, strategies
		t.Errorf("%+v", v)
	}
	if n := tree.Measure(false).Restarts; n["decoder"] != 5 || n["dispatcher"] != 0 || len(n) != 5 {
		t.Errorf("restarts by part: %v", n)
	}
	if k := kinds(tree, "dispatcher"); len(k) != 5 || k[0] != supervision.RestartedAlong {
		t.Errorf("the dispatcher's events: %v", k)
	}
	if c := s.Connection; c.Connected != 1 {
		t.Errorf("the session was restarted, too: %+v", c)
	}
	// The symbols' actors are there again and do their work.
	harness.Break(t, x, sandbox.Fault{Kind: "mute", Topic: topic.BidOffer("AOT")})
	harness.Break(t, x, sandbox.Fault{Kind: "mute", Topic: topic.PriceInfo("AOT")})
	harness.Eventually(t, "AOT to be stale", func() bool { return r.First("symbol_stale") != nil })
	finish(t, tree, x)
	for name, c := range tree.Snapshot().Strategies {
		if c.Delivered != c.Matched || c.Matched == 0 {
			t.Errorf("%s lost something: %+v", name, c)
		}
	}
}

func TestADispatchersFailureWithOneForAllRestartsTheSessionToo(t *testing.T) {
	x := harness.Exchange(t, harness.Moving)
	r := &harness.Record{}
	tree := harness.Start(t, harness.Configured(t, x, func(c *config.Config) { c.Supervision.Scope = config.OneForAll }), harness.Recording("r", r, nil))
	harness.Ready(t, tree)
	breakDispatcher(tree)
	harness.Eventually(t, "the second connection to deliver", func() bool { return r.Count("bid_offer AOT 2") > 10 && r.Count("restarted") == 1 })
	harness.Ready(t, tree)
	s := tree.Snapshot()
	if s.Supervision.Siblings != 4 || s.Connection.Lost != 1 || s.Connection.Reconnects != 1 {
		t.Errorf("%+v %+v", s.Supervision, s.Connection)
	}
	tree.Stop(context.Background())
	s = tree.Snapshot()
	harness.Balanced(t, s)
	if c := s.Strategies["r"]; c.Delivered != c.Matched {
		t.Errorf("what had been decoded was lost: %+v", c)
	}
}

// A Backoff that was made in code and says nothing of jitter draws nothing, as its comment says.
func TestABackoffWithoutJitterDelaysByItsLongest(t *testing.T) {
	r, bad := &harness.Record{}, &atomic.Bool{}
	bad.Store(true)
	tree := harness.Start(t, harness.Configured(t, harness.Exchange(t, harness.Moving), func(c *config.Config) {
		c.Supervision.Backoff = config.Backoff{Min: 2 * time.Millisecond, Max: 30 * time.Millisecond, Factor: 2}
		c.Supervision.Budget.Restarts = 6
	}), failing("s", r, bad))
	harness.Eventually(t, "the budget to be spent", func() bool { return tree.Snapshot().Supervision.Quarantined == 1 })
	var delays []time.Duration
	for _, e := range tree.SupervisionEvents() {
		if e.Kind == supervision.RestartScheduled {
			delays = append(delays, e.Delay/time.Millisecond)
		}
	}
	if want := []time.Duration{4, 8, 16, 30, 30, 30}; !slices.Equal(delays, want) {
		t.Errorf("delays of %v ms, want %v", delays, want)
	}
}

// failing registers a strategy that panics on every event while it is told to.
func failing(name string, r *harness.Record, bad *atomic.Bool, options ...feedtree.Option) feedtree.StrategyType {
	return harness.Recording(name, r, func(ctx actor.Context) {
		if _, ok := ctx.Message().(messages.Event); ok && bad.Load() {
			panic("told to")
		}
	}, options...)
}

func TestAStrategyThatEscalatesRestartsItsSiblingsAndInTheEndTheTree(t *testing.T) {
	x := harness.Exchange(t, nil)
	good, bad := &harness.Record{}, &harness.Record{}
	var ill atomic.Bool
	tree, err := feedtree.Start(context.Background(), harness.Configured(t, x, func(c *config.Config) {
		c.Supervision.Budget.Restarts = 3
		c.Supervision.Strategies = map[string]config.Override{"bad": {After: new(config.Escalate), Budget: config.BudgetOverride{Restarts: new(1)}}}
	}), harness.Recording("good", good, nil), failing("bad", bad, &ill))
	if err != nil {
		t.Fatal(err)
	}
	harness.Ready(t, tree)
	aot := topic.BidOffer("AOT")
	ill.Store(true)
	x.Publish(aot, book("AOT"), 2) // the restart that it has, then the first escalation
	harness.Eventually(t, "the sibling to be restarted", func() bool { return good.Count("restarted") == 1 })
	ill.Store(false)
	x.Publish(aot, book("AOT"), 10)
	harness.Eventually(t, "both to go on", func() bool {
		s := tree.Snapshot()
		return s.Strategies["good"].Delivered == 12 && s.Strategies["bad"].Delivered == 10
	})
	if c := tree.Concerns(); len(c) != 0 {
		t.Errorf("%v", c)
	}
	ill.Store(true)
	x.Publish(aot, book("AOT"), 10)
	select {
	case <-tree.Done():
	case <-time.After(harness.Patience):
		t.Fatal("the tree goes on")
	}
	if err := tree.Err(); err == nil || feedtree.ExitCode(err) != 1 || !strings.Contains(err.Error(), "the strategies failed more often than its budget, 3 restarts within 5m, allows: told to") {
		t.Errorf("%v", err)
	}
	s := tree.Snapshot()
	harness.Balanced(t, s)
	if v := s.Supervision; v.Escalated != 5 || s.Strategies["good"].Failed != 0 { // four times to the branch, once to the root
		t.Errorf("%+v %+v", v, s.Strategies["good"])
	}
	if s.Connection.Closed != 1 {
		t.Errorf("the connection was not closed in order: %+v", s.Connection)
	}
}

func TestAStrategyMayBeStoppedForGoodAndItsNameUsedAgain(t *testing.T) {
	x := harness.Exchange(t, nil)
	var ill atomic.Bool
	ill.Store(true)
	bad := &harness.Record{}
	tree := harness.Start(t, harness.Configured(t, x, func(c *config.Config) {
		c.Symbols = []string{"AOT"}
		s := config.DefaultStrategy("bad", "bad")
		s.Symbols = []string{"KBANK"}
		s.Supervision = config.Override{After: new(config.Stop), Budget: config.BudgetOverride{Restarts: new(2)}}
		c.Strategies = []config.Strategy{s, config.DefaultStrategy("good", "good")}
	}), harness.Recording("good", &harness.Record{}, nil), failing("bad", bad, &ill))
	harness.Ready(t, tree)
	kbank := topic.BidOffer("KBANK")
	x.Publish(kbank, book("KBANK"), 10)
	harness.Eventually(t, "the stop", func() bool { return tree.Snapshot().Strategies["bad"].State == "stopped" })
	harness.Eventually(t, "its subscription to go", func() bool { return x.Stats().Subscriptions[kbank] == 0 })
	if v := tree.Snapshot().Supervision; v.Stopped != 1 || v.Failures != 3 {
		t.Errorf("%+v", v)
	}
	if err := tree.ResumeStrategy("bad"); err == nil {
		t.Error("resumed what was stopped for good")
	}
	ill.Store(false)
	s := config.DefaultStrategy("bad", "bad")
	s.Symbols = []string{"KBANK"}
	if err := tree.Spawn(s); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, "the new one's subscription", func() bool { return x.Stats().Subscriptions[kbank] == 1 })
	x.Publish(kbank, book("KBANK"), 5)
	harness.Eventually(t, "its events", func() bool { return tree.Snapshot().Strategies["bad"].Delivered == 5 })
	if c := tree.Concerns(); len(c) != 0 {
		t.Errorf("%v", c)
	}
	s.Name, s.Supervision.Budget.Restarts = "worse", new(0)
	if err := tree.Spawn(s); err == nil || !strings.Contains(err.Error(), "supervision.budget.restarts") {
		t.Errorf("%v", err)
	}
}

func TestAStormOfPanicsEndsInQuarantinesWithTheBooksBalanced(t *testing.T) {
	x := harness.Exchange(t, harness.Moving)
	var ill atomic.Bool
	ill.Store(true)
	var types []feedtree.StrategyType
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		types = append(types, failing(name, &harness.Record{}, &ill))
	}
	good := &harness.Record{}
	types = append(types, harness.Recording("good", good, nil))
	tree := harness.Start(t, harness.Configured(t, x, func(c *config.Config) { c.Supervision.Budget.Restarts = 20 }), types...)
	harness.Eventually(t, "five quarantines", func() bool { return tree.Snapshot().Supervision.Quarantined == 5 })
	finish(t, tree, x)
	s := tree.Snapshot()
	if v := s.Supervision; v.Failures != 105 || v.Restarts != 100 || v.Pending != 0 {
		t.Errorf("%+v", v)
	}
	if c := s.Strategies["good"]; c.Delivered != c.Matched || c.Restarts != 0 {
		t.Errorf("a sibling was hurt: %+v", c)
	}
}

func TestABadMessageIsKeptAndItsStrategyKeepsItsState(t *testing.T) {
	x := harness.Exchange(t, nil)
	r := &harness.Record{}
	started, n := 0, 0
	tree := harness.Start(t, harness.Configured(t, x, func(c *config.Config) { c.Supervision.Budget.Restarts = 1 }), harness.Recording("r", r, func(ctx actor.Context) {
		switch ctx.Message().(type) {
		case *actor.Started:
			started++
		case messages.Event:
			if n++; n%10 == 0 {
				panic(supervision.As(supervision.Poison, errors.New("a price that cannot be")))
			}
		}
	}))
	harness.Ready(t, tree)
	x.Publish(topic.BidOffer("AOT"), book("AOT"), 100)
	harness.Eventually(t, "all events", func() bool { return tree.Snapshot().Strategies["r"].Delivered == 90 })
	s := tree.Snapshot()
	if c := s.Strategies["r"]; c.Failed != 10 || c.Restarts != 0 || c.State != "running" || started != 1 {
		t.Errorf("%+v, started %d times", c, started)
	}
	if v := s.Supervision; v.SetAside != 10 || v.Failures != 0 {
		t.Errorf("%+v", v)
	}
	if kept := tree.Poison(); len(kept) != 10 || !strings.Contains(kept[0].Reason, "a price that cannot be") || len(kept[0].Payload) == 0 {
		t.Errorf("%d are kept", len(kept))
	}
	if e := tree.SupervisionEvents(); len(e) != 1 || e[0].Count != 10 || e[0].Kind != supervision.SetAside {
		t.Errorf("%+v", e)
	}
}

// hook is a log handler that runs f for each record: the one way to reach into the tree's
// own actors from outside, since they log from inside Receive.
type hook struct {
	slog.Handler
	f func(event string)
}

func (h *hook) Enabled(context.Context, slog.Level) bool { return true }
func (h *hook) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h *hook) WithGroup(string) slog.Handler            { return h }
func (h *hook) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "event" {
			h.f(a.Value.String())
		}
		return true
	})
	return nil
}

func hooked(t *testing.T, f func(event string)) {
	before := slog.Default()
	slog.SetDefault(slog.New(&hook{slog.DiscardHandler, f}))
	t.Cleanup(func() { slog.SetDefault(before) })
}

func TestASessionThatPanicsIsRestartedAndConnectsAgain(t *testing.T) {
	var once sync.Once
	hooked(t, func(event string) {
		if event == "connected" {
			once.Do(func() { panic("in the middle of it") })
		}
	})
	x := harness.Exchange(t, harness.Moving)
	r := &harness.Record{}
	tree := harness.Start(t, harness.Configured(t, x, nil), harness.Recording("r", r, nil))
	harness.Eventually(t, "the second connection to deliver", func() bool { return r.Count("bid_offer AOT 2") > 10 })
	s := tree.Snapshot()
	if s.Supervision.Restarts != 1 || s.Connection.Connected != 2 || s.Connection.Lost != 1 {
		t.Errorf("%+v %+v", s.Supervision, s.Connection)
	}
	if k := kinds(tree, "session"); !slices.Equal(k, []supervision.Kind{supervision.RestartScheduled, supervision.Restarted}) {
		t.Errorf("%v", k)
	}
}

// What waits for a strategy whose restart is due after the end is nobody's: it is discarded at once.
// What waits for one that has its restart in time is delivered.
func TestAnEndWaitsForNoRestartThatComesTooLate(t *testing.T) {
	for name, c := range map[string]struct {
		delay, most          time.Duration
		delivered, discarded uint64
	}{
		"too late": {time.Minute, 3 * time.Second, 0, 9},
		"in time":  {300 * time.Millisecond, 5 * time.Second, 9, 0},
	} {
		t.Run(name, func(t *testing.T) {
			x := harness.Exchange(t, nil)
			var ill atomic.Bool
			ill.Store(true)
			tree := harness.Start(t, harness.Configured(t, x, func(cfg *config.Config) {
				cfg.Supervision.Backoff = config.Backoff{Min: c.delay, Max: c.delay, Factor: 1}
			}), failing("r", &harness.Record{}, &ill))
			harness.Ready(t, tree)
			x.Publish(topic.BidOffer("AOT"), book("AOT"), 10)
			harness.Eventually(t, "the failure, and the rest behind it", func() bool {
				s := tree.Snapshot()
				return s.Supervision.Pending == 1 && s.Strategies["r"].Pushed == 10
			})
			ill.Store(false)
			began := time.Now()
			tree.Stop(context.Background())
			took := time.Since(began)
			if s := tree.Snapshot().Strategies["r"]; s.Delivered != c.delivered || s.Discarded != c.discarded || took > c.most {
				t.Errorf("the end took %v; %+v", took, s)
			}
		})
	}
}
