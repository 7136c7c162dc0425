package integration

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
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

// picky fails on the book with a price of one baht as long as it is told to.
type picky struct {
	record
	fails atomic.Bool
	how   func()
}

func (p *picky) receive(ctx actor.Context) {
	if b, ok := ctx.Message().(*messages.BidOffer); ok && b.BestBid().Price == messages.Baht && p.fails.Load() {
		p.how()
	}
}

// played starts a tree with two strategies, "good" and the picky "bad", which fails on the
// second of three books.
func played(t *testing.T, how func(), change func(*config.Config)) (*sandbox.Exchange, *feedtree.Tree, *picky, *record) {
	t.Helper()
	x := exchange(t, nil)
	bad, good := &picky{how: how}, &record{}
	bad.fails.Store(true)
	tree := start(t, configured(t, x, change), recording("good", good, nil), recording("bad", &bad.record, bad.receive))
	ready(t, tree)
	for _, price := range []messages.Price{2, 1, 3} {
		x.Publish(topic.BidOffer("AOT"), bookOf("AOT", price*messages.Baht), 1)
	}
	eventually(t, "the failure", func() bool { return len(tree.Poison()) == 1 })
	eventually(t, "the sibling's events", func() bool { return good.count("bid_offer AOT 1") == 3 })
	return x, tree, bad, good
}

func again(t *testing.T, tree *feedtree.Tree, id uint64, to string) feedtree.Replayed {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := tree.Replay(ctx, id, to)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAReplayedEventIsTheOneTheStrategyFailedOn(t *testing.T) {
	_, tree, bad, good := played(t, func() { panic("not yet") }, nil)
	eventually(t, "the rest", func() bool { return bad.count("bid_offer AOT 1") == 3 })
	bad.fails.Store(false)
	if r := again(t, tree, 1, ""); r.Outcome != feedtree.Delivered || r.Strategy != "bad" || r.Cause != "" {
		t.Fatalf("%+v", r)
	}
	var seen []*messages.BidOffer
	for _, m := range bad.Messages() {
		if b, ok := m.(*messages.BidOffer); ok {
			seen = append(seen, b)
		}
	}
	if len(seen) != 4 || seen[1] == seen[3] || *seen[1] != *seen[3] {
		t.Errorf("%d books, the second and the fourth should be equal", len(seen))
	}
	if good.count("bid_offer AOT 1") != 3 {
		t.Error("a sibling was given it, too")
	}
	s := tree.Snapshot()
	if c := s.Strategies["bad"]; c.Replayed != 1 || c.Matched != 3 || c.Delivered != 2 || c.Failed != 1 {
		t.Errorf("%+v", c)
	}
	balanced(t, s)
	if len(tree.Poison()) != 0 {
		t.Error("what is dealt with is still kept")
	}
	if _, err := tree.Replay(context.Background(), 1, ""); !errors.Is(err, feedtree.ErrNotKept) {
		t.Error(err)
	}
}

func TestAReplayThatFailsAgainIsAFailureAndKeptAnew(t *testing.T) {
	x, tree, bad, _ := played(t, func() { panic("never") }, nil)
	r := again(t, tree, 1, "")
	if r.Outcome != feedtree.Failed || r.Class != "panic" || r.Cause != "never" || r.Kept != 2 {
		t.Fatalf("%+v", r)
	}
	kept := tree.Poison()
	if len(kept) != 1 || kept[0].ID != 2 || kept[0].Seq != 2 || kept[0].Stack == "" || kept[0].Node != "strategies/bad" {
		t.Errorf("%+v", kept)
	}
	x.Publish(topic.BidOffer("AOT"), bookOf("AOT", 4*messages.Baht), 1)
	eventually(t, "what comes after the restart", func() bool { return tree.Snapshot().Strategies["bad"].Delivered == 3 })
	if n := bad.last("restarted").(*messages.Restarted); n.Lost != 0 || n.Cause != "never" {
		t.Errorf("%+v", n)
	}
	s := tree.Snapshot()
	if c := s.Strategies["bad"]; c.Replayed != 1 || c.Failed != 1 || s.Supervision.Failures != 2 || s.Supervision.Restarts != 2 {
		t.Errorf("%+v %+v", c, s.Supervision)
	}
	balanced(t, s)
}

func TestAReplayCanGoToAnotherStrategy(t *testing.T) {
	_, tree, bad, good := played(t, func() { panic("never") }, nil)
	if r := again(t, tree, 1, "good"); r.Outcome != feedtree.Delivered || r.Strategy != "good" {
		t.Fatalf("%+v", r)
	}
	if good.count("bid_offer AOT 1") != 4 || tree.Snapshot().Strategies["bad"].Replayed != 0 {
		t.Error("it went elsewhere")
	}
	eventually(t, "the rest", func() bool { return bad.count("bid_offer AOT 1") == 3 })
}

func TestAReplayThatNeverReturnsIsKeptAnewAsStuck(t *testing.T) {
	block := make(chan struct{})
	t.Cleanup(func() { close(block) })
	x, tree, bad, _ := played(t, func() { <-block }, func(c *config.Config) { c.Supervision.ReceiveDeadline = 20 * time.Millisecond })
	if r := again(t, tree, 1, ""); r.Outcome != feedtree.Failed || r.Class != "stuck" || r.Kept != 2 {
		t.Fatalf("%+v", r)
	}
	x.Publish(topic.BidOffer("AOT"), bookOf("AOT", 4*messages.Baht), 1)
	eventually(t, "what comes after", func() bool { return tree.Snapshot().Strategies["bad"].Delivered == 3 })
	s := tree.Snapshot()
	if c := s.Strategies["bad"]; c.Replaced != 2 || c.Failed != 1 || bad.last("restarted").(*messages.Restarted).Lost != 0 {
		t.Errorf("%+v", c)
	}
}

func TestAReplayThatNobodyCanBeGivenSaysWhyAndIsStillKept(t *testing.T) {
	_, tree, bad, _ := played(t, func() { panic("never") }, func(c *config.Config) { c.Supervision.Budget.Restarts = 1 })
	bad.fails.Store(true)
	eventually(t, "the restart", func() bool { return bad.count("bid_offer AOT 1") == 3 })
	if r := again(t, tree, 1, ""); r.Outcome != feedtree.Failed {
		t.Fatalf("%+v", r) // the second failure ends its budget
	}
	eventually(t, "the quarantine", func() bool { return tree.Snapshot().Strategies["bad"].State == "quarantined" })
	if r := again(t, tree, 2, ""); r.Outcome != feedtree.Unreachable || !strings.Contains(r.Cause, "quarantined") {
		t.Errorf("%+v", r)
	}
	if r := again(t, tree, 2, "goood"); r.Outcome != feedtree.Unreachable || !strings.Contains(r.Cause, "did you mean good?") {
		t.Errorf("%+v", r)
	}
	bad.fails.Store(false)
	if err := tree.ResumeStrategy("bad"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the resumption", func() bool { return tree.Snapshot().Strategies["bad"].State == "running" })
	if r := again(t, tree, 2, ""); r.Outcome != feedtree.Delivered {
		t.Errorf("%+v", r)
	}
}

func TestAReplayThatWaitsTooLongIsWithdrawn(t *testing.T) {
	gate := make(chan struct{})
	x, tree, bad, _ := played(t, func() { panic("once") }, nil)
	eventually(t, "the rest", func() bool { return bad.count("bid_offer AOT 1") == 3 })
	bad.how = func() { <-gate }
	x.Publish(topic.BidOffer("AOT"), bookOf("AOT", messages.Baht), 1)
	eventually(t, "it to be busy", func() bool { return bad.count("bid_offer AOT 1") == 4 })
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if r, err := tree.Replay(ctx, 1, ""); err != nil || r.Outcome != feedtree.Unreachable || !strings.Contains(r.Cause, "in time") {
		t.Fatalf("%+v %v", r, err)
	}
	close(gate)
	x.Publish(topic.BidOffer("AOT"), bookOf("AOT", 5*messages.Baht), 1)
	eventually(t, "what comes after", func() bool { return tree.Snapshot().Strategies["bad"].Delivered == 4 })
	if c := tree.Snapshot().Strategies["bad"]; c.Replayed != 0 || bad.count("bid_offer AOT 1") != 5 || len(tree.Poison()) != 1 {
		t.Errorf("a replay that was withdrawn was delivered: %+v", c)
	}
}

func TestAPayloadThatDidNotDecodeIsDecodedAgain(t *testing.T) {
	x := exchange(t, nil)
	tree := start(t, configured(t, x, nil), recording("r", &record{}, nil))
	ready(t, tree)
	aot := topic.BidOffer("AOT")
	bad := append(slices.Clone(bookOf("AOT", messages.Baht)), 0x0f)
	x.Publish(aot, bad, 1)
	eventually(t, "the refusal", func() bool { return len(tree.Poison()) == 1 })
	r := again(t, tree, 1, "r")
	if r.Outcome != feedtree.Undecodable || r.Class != "malformed" || !strings.Contains(r.Cause, "bid_offer") {
		t.Errorf("%+v", r)
	}
	if kept := tree.Poison(); len(kept) != 1 || !slices.Equal(kept[0].Payload, bad) || tree.Snapshot().Strategies["r"].Replayed != 0 {
		t.Errorf("%+v", kept)
	}
}

func TestAnOrderIsReplayedWithoutShowingItsAccount(t *testing.T) {
	x := exchange(t, func(c *sandbox.Config) { moving(c); c.EquityAccount = "7654321" })
	r := &record{}
	var failed atomic.Bool
	tree := start(t, configured(t, x, nil), recording("orders", r, func(ctx actor.Context) {
		if o, ok := ctx.Message().(*messages.EquityOrder); ok && failed.CompareAndSwap(false, true) {
			panic(string(o.AppendJSON(nil)))
		}
	}, feedtree.Events("equity_order")))
	eventually(t, "the failure", func() bool { return len(tree.Poison()) == 1 })
	kept := tree.Poison()[0]
	kept.Payload = nil // what a user asks to see
	if text, _ := json.Marshal(kept); strings.Contains(string(text), "7654321") {
		t.Errorf("%s", text)
	}
	if out := again(t, tree, 1, ""); out.Outcome != feedtree.Delivered {
		t.Errorf("%+v", out)
	}
}
