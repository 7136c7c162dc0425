package feedtree_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/test/harness"
)

func TestAPartOfTheFeedThatDoesNotReturnIsFlaggedAndTheFeedNotReady(t *testing.T) {
	block, blocked := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(block) })
	defer release()
	var once sync.Once
	hooked(t, func(event string) {
		if event == "unknown_topic" || event == "decode_error" {
			once.Do(func() { close(blocked); <-block })
		}
	})
	x := harness.Exchange(t, nil)
	watcher := &harness.Record{}
	tree := harness.Start(t, harness.Configured(t, x, func(c *config.Config) {
		c.Supervision.Nodes.Decoder.ReceiveDeadline = new(50 * time.Millisecond)
	}), harness.Recording("w", watcher, nil, feedtree.WatchSupervision()))
	harness.Ready(t, tree)
	x.Publish(topic.BidOffer("AOT"), []byte{0xff}, 1)
	<-blocked
	harness.Eventually(t, "it to be flagged", func() bool { return tree.Snapshot().Supervision.Stuck == 1 })
	ok, why := tree.Ready()
	if ok || !strings.Contains(why, "the decoder is stuck: Receive has not returned for ") {
		t.Errorf("%v %q", ok, why)
	}
	if c := tree.Concerns(); len(c) != 1 || c[0][:len("the decoder is stuck")] != "the decoder is stuck" {
		t.Errorf("%q", c)
	}
	harness.Eventually(t, "the watcher to be told", func() bool { return watcher.First("supervised") != nil })
	if n := watcher.First("supervised").(*messages.Supervised); n.Kind != "stuck" || n.Child != "decoder" || n.Class != "stuck" {
		t.Errorf("%+v", n)
	}
	release()
	harness.Ready(t, tree)
	x.Publish(topic.BidOffer("AOT"), book("AOT"), 3)
	harness.Eventually(t, "what came later", func() bool { return watcher.Count("bid_offer AOT 1") == 3 })
	if v := tree.Snapshot().Supervision; v.Failures != 0 || v.Stuck != 1 {
		t.Errorf("%+v", v)
	}
}

func TestAStuckStrategyHoldsUpNoRestartOfTheOthersAndIsNamed(t *testing.T) {
	x := harness.Exchange(t, nil)
	block, blocked := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(block) })
	defer release()
	var once atomic.Bool
	good, bad := &harness.Record{}, &harness.Record{}
	tree := harness.Start(t, harness.Configured(t, x, func(c *config.Config) {
		c.Supervision.Nodes.Decoder.Scope = new(config.RestForOne)
		c.Supervision.Strategies = map[string]config.Override{"bad": {ReceiveDeadline: new(50 * time.Millisecond)}}
	}), harness.Recording("good", good, nil), harness.Recording("bad", bad, func(ctx actor.Context) {
		if _, ok := ctx.Message().(messages.Event); ok {
			if once.CompareAndSwap(false, true) {
				close(blocked)
				<-block
			}
		}
	}))
	harness.Ready(t, tree)
	x.Publish(topic.BidOffer("AOT"), book("AOT"), 10)
	<-blocked
	breakDecoder(tree) // the strategies are restarted while one of them is stuck
	harness.Eventually(t, "both to go on", func() bool {
		s := tree.Snapshot()
		return s.Strategies["good"].State == "running" && s.Strategies["bad"].State == "running" && good.Count("restarted") == 1 && s.Strategies["bad"].Delivered == 9
	})
	c := tree.Concerns()
	if len(c) != 1 || !strings.HasPrefix(c[0], "strategy bad was replaced: its Receive before has not returned for ") {
		t.Errorf("%q", c)
	}
	if ok, why := tree.Ready(); !ok {
		t.Errorf("a strategy made the feed unready: %s", why)
	}
	if s := tree.Strategies()["bad"]; s.Stuck != 1 || s.Replaced != 1 || !strings.Contains(s.LastCause, "stuck") {
		t.Errorf("%+v", s)
	}
	breakDecoder(tree) // and again, with the old actor asleep
	harness.Eventually(t, "the second restart", func() bool {
		return good.Count("restarted") == 2 && tree.Snapshot().Strategies["bad"].State == "running"
	})
	x.Publish(topic.BidOffer("AOT"), book("AOT"), 10)
	harness.Eventually(t, "later events", func() bool {
		s := tree.Snapshot()
		return s.Strategies["good"].Delivered == 20 && s.Strategies["bad"].Delivered == 19
	})
	release()
	harness.Eventually(t, "the old one to end", func() bool { return len(tree.Concerns()) == 0 })
	finish(t, tree, x)
}
