package integration

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/test/sandbox"
)

func TestAStrategyThatNeverReturnsHoldsUpNobodyNotEvenTheEnd(t *testing.T) {
	x := exchange(t, nil)
	good := &record{}
	block := make(chan struct{})
	defer close(block)
	c := configured(t, x, func(c *config.Config) { c.Shutdown.Deadline = 500 * time.Millisecond })
	tree := start(t, c, recording("good", good, nil), recording("stuck", &record{}, func(ctx actor.Context) {
		if _, ok := ctx.Message().(messages.Event); ok {
			<-block
		}
	}))
	ready(t, tree)
	x.Publish(topic.BidOffer("AOT"), bookOf("AOT", messages.Baht), 500)
	eventually(t, "the other's events", func() bool { return good.count("bid_offer AOT 1") == 500 })
	began := time.Now()
	tree.Stop(context.Background())
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the end took %v", took)
	}
	if c := tree.Snapshot().Strategies["stuck"]; c.Queued != 0 || c.Discarded != 500 {
		t.Errorf("%+v", c)
	}
}

func TestAStrategyThatNeverReturnsIsReplacedOnTheSameQueue(t *testing.T) {
	x := exchange(t, nil)
	r := &record{}
	block, blocked := make(chan struct{}), make(chan struct{})
	woke := make(chan struct{})
	first := true
	tree := start(t, configured(t, x, func(c *config.Config) { c.Supervision.ReceiveDeadline = 50 * time.Millisecond }),
		recording("r", r, func(ctx actor.Context) {
			if _, ok := ctx.Message().(messages.Event); ok && first {
				first = false
				close(blocked)
				<-block
				feedtree.From(ctx) // whatever it does now reaches nobody
				close(woke)
				panic("and it even panics")
			}
		}))
	ready(t, tree)
	x.Publish(topic.BidOffer("AOT"), bookOf("AOT", messages.Baht), 100)
	<-blocked
	eventually(t, "the rest through its successor", func() bool { return r.count("bid_offer AOT 1") == 100 })
	n := r.notice("restarted").(*messages.Restarted)
	if !strings.Contains(n.Cause, "stuck") || n.Lost != 1 {
		t.Errorf("%+v", n)
	}
	close(block)
	<-woke
	x.Publish(topic.BidOffer("AOT"), bookOf("AOT", messages.Baht), 10)
	eventually(t, "what comes later", func() bool { return r.count("bid_offer AOT 1") == 110 })
	s := tree.Snapshot()
	if c := s.Strategies["r"]; c.Failed != 1 || c.Delivered != 109 || c.Replaced != 1 || c.Restarts != 0 {
		t.Errorf("%+v", c)
	}
	if v := s.Supervision; v.Failures != 1 || v.Replaced != 1 {
		t.Errorf("%+v", v)
	}
	balanced(t, s)
}

func TestAStrategyThatIsStuckAgainAndAgainIsQuarantined(t *testing.T) {
	x := exchange(t, nil)
	good := &record{}
	block := make(chan struct{})
	defer close(block)
	tree := start(t, configured(t, x, func(c *config.Config) {
		c.Supervision.ReceiveDeadline, c.Supervision.Budget.Restarts = 10*time.Millisecond, 1
	}), recording("good", good, nil), recording("stuck", &record{}, func(ctx actor.Context) {
		if _, ok := ctx.Message().(messages.Event); ok {
			<-block
		}
	}))
	ready(t, tree)
	x.Publish(topic.BidOffer("AOT"), bookOf("AOT", messages.Baht), 50)
	eventually(t, "the quarantine", func() bool { return tree.Snapshot().Strategies["stuck"].State == "quarantined" })
	x.Publish(topic.BidOffer("AOT"), bookOf("AOT", messages.Baht), 50)
	eventually(t, "the other's events", func() bool { return good.count("bid_offer AOT 1") == 100 })
	began := time.Now()
	tree.Stop(context.Background())
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the end took %v", took)
	}
	s := tree.Snapshot()
	if c := s.Strategies["stuck"]; c.Failed != 2 || c.Discarded != 98 || c.Replaced != 1 || c.State != "quarantined" {
		t.Errorf("%+v", c)
	}
	balanced(t, s)
}

func TestAStrategyCanBeTakenOutOfQuarantineAndRestartedByHand(t *testing.T) {
	x := exchange(t, nil)
	r := &record{}
	sane := false
	tree := start(t, configured(t, x, func(c *config.Config) { c.Supervision.Budget.Restarts = 1 }), recording("r", r, func(ctx actor.Context) {
		if _, ok := ctx.Message().(messages.Event); ok && !sane {
			panic("not yet")
		}
	}))
	ready(t, tree)
	if err := tree.ResumeStrategy("r"); err == nil || !strings.Contains(err.Error(), "not in quarantine") {
		t.Error(err)
	}
	aot := topic.BidOffer("AOT")
	x.Publish(aot, bookOf("AOT", messages.Baht), 5)
	eventually(t, "the quarantine", func() bool {
		s := tree.Snapshot()
		return s.Strategies["r"].State == "quarantined" && s.Dispatcher.Dispatched == 5
	})
	if err := tree.RestartStrategy("r"); err == nil || !strings.Contains(err.Error(), "quarantined") {
		t.Error(err)
	}
	if n := len(tree.Poison()); n != 2 {
		t.Errorf("%d kept, want the two it failed on", n)
	}
	sane = true
	if err := tree.ResumeStrategy("r"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the resumption", func() bool { return tree.Snapshot().Strategies["r"].State == "running" })
	x.Publish(aot, bookOf("AOT", messages.Baht), 5)
	eventually(t, "its events", func() bool { return tree.Snapshot().Strategies["r"].Delivered == 5 })
	if err := tree.RestartStrategy("r"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the restart", func() bool {
		n, _ := r.last("restarted").(*messages.Restarted)
		return n != nil && n.Cause == "restarted by hand"
	})
	x.Publish(aot, bookOf("AOT", messages.Baht), 5)
	eventually(t, "its events", func() bool { return tree.Snapshot().Strategies["r"].Delivered == 10 })
	s := tree.Snapshot()
	if c := s.Strategies["r"]; c.Failed != 2 || c.Discarded != 3 || s.Supervision.Manual != 2 || s.Supervision.Quarantined != 1 {
		t.Errorf("%+v %+v", c, s.Supervision)
	}
	for _, f := range []func(string) error{tree.ResumeStrategy, tree.RestartStrategy} {
		if err := f("rr"); err == nil || !strings.Contains(err.Error(), "did you mean r?") {
			t.Error(err)
		}
	}
	balanced(t, s)
}

func TestAStrategyThatIsResumedHearsNothingOfAnOutageThatIsOver(t *testing.T) {
	x := exchange(t, nil)
	r := &record{}
	gate, sane := make(chan struct{}), atomic.Bool{}
	tree := start(t, configured(t, x, func(c *config.Config) { c.Supervision.Budget.Restarts = 1 }), recording("r", r, func(ctx actor.Context) {
		if _, ok := ctx.Message().(messages.Event); ok && !sane.Load() {
			<-gate
			panic("not yet")
		}
	}))
	ready(t, tree)
	aot := topic.BidOffer("AOT")
	x.Publish(aot, bookOf("AOT", messages.Baht), 2)
	eventually(t, "the first in its hand", func() bool { return r.count("bid_offer AOT 1") == 1 })
	mustBreak(t, x, sandbox.Fault{Kind: "refuse"})
	mustBreak(t, x, sandbox.Fault{Kind: "cut"})
	eventually(t, "the loss", func() bool { return tree.Snapshot().Connection.Failed["server"] > 0 })
	close(gate) // it fails on both, with word of the loss still waiting
	eventually(t, "the quarantine", func() bool { return tree.Snapshot().Strategies["r"].State == "quarantined" })
	x.Heal()
	ready(t, tree)
	sane.Store(true)
	if err := tree.ResumeStrategy("r"); err != nil {
		t.Fatal(err)
	}
	x.Publish(aot, bookOf("AOT", messages.Baht), 1)
	eventually(t, "an event", func() bool { return r.count("bid_offer AOT 2") == 1 })
	if n := r.count("disconnected"); n != 0 {
		t.Errorf("told of a loss whose repair it was not told: %v", r.all())
	}
}

func TestInstancesComeAndGoWhileTheTreeRuns(t *testing.T) {
	x := exchange(t, nil)
	r := &record{}
	tree := start(t, configured(t, x, nil), recording("first", &record{}, nil), recording("more", r, nil, feedtree.OnDemand()))
	ready(t, tree)
	for round := 1; round <= 3; round++ {
		if err := tree.Spawn(config.DefaultStrategy("extra", "more")); err != nil {
			t.Fatal(err)
		}
		if err := tree.Spawn(config.DefaultStrategy("extra", "more")); err == nil {
			t.Fatal("a name was used twice at once")
		}
		x.Publish(topic.BidOffer("AOT"), bookOf("AOT", messages.Baht), 10)
		eventually(t, "its events", func() bool { return r.count("bid_offer AOT 1") == 10*round })
		if err := tree.StopStrategy(context.Background(), "extra"); err != nil {
			t.Fatal(err)
		}
	}
	if c := tree.Snapshot().Strategies["extra"]; c.Matched != 30 || c.Delivered != 30 {
		t.Errorf("stopped ones left the totals: %+v", c)
	}
	if err := tree.StopStrategy(context.Background(), "extr"); err == nil {
		t.Error("stopped a strategy that is not there")
	}
	balanced(t, tree.Snapshot())
}

// However soon one is stopped, and its name used again: nobody waits for an actor that it never
// had, and what the dispatcher had in hand for it stays in the totals.
func TestInstancesThatHardlyLiveAreStoppedAndCounted(t *testing.T) {
	x := exchange(t, func(c *sandbox.Config) { moving(c); c.Rate = 50_000 })
	tree := start(t, configured(t, x, nil), recording("first", &record{}, nil), recording("more", &record{}, nil, feedtree.OnDemand()))
	ready(t, tree)
	stop := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		return tree.StopStrategy(ctx, "extra")
	}
	for began := time.Now(); time.Since(began) < 2*time.Second; {
		if err := tree.Spawn(config.DefaultStrategy("extra", "more")); err != nil {
			t.Fatal(err)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	}
	if err := tree.Spawn(config.DefaultStrategy("extra", "more")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the last one's events", func() bool { return tree.Snapshot().Strategies["extra"].Delivered > 0 })
	tree.Stop(context.Background())
	balanced(t, tree.Snapshot())
	if err := stop(); err != nil {
		t.Error("stopped with its tree, and then:", err)
	}
	if err := tree.Spawn(config.DefaultStrategy("late", "more")); err == nil || !strings.Contains(err.Error(), "the tree is stopping") {
		t.Error("spawned in a tree that has stopped:", err)
	}
}

func TestAStrategyInQuarantineHasNoActorToWaitFor(t *testing.T) {
	x := exchange(t, nil)
	block := make(chan struct{})
	tree := start(t, configured(t, x, func(c *config.Config) {
		c.Supervision.ReceiveDeadline, c.Supervision.Budget.Restarts = 10*time.Millisecond, 1
	}), recording("stuck", &record{}, func(ctx actor.Context) {
		if _, ok := ctx.Message().(messages.Event); ok {
			<-block
		}
	}))
	defer close(block)
	ready(t, tree)
	x.Publish(topic.BidOffer("AOT"), bookOf("AOT", messages.Baht), 2)
	eventually(t, "the quarantine", func() bool { return tree.Snapshot().Strategies["stuck"].State == "quarantined" })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := tree.StopStrategy(ctx, "stuck"); err != nil {
		t.Error(err)
	}
}
