package feedtree_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/supervision"
	"github.com/feedtree/feedtree/test/harness"
)

func TestWhatIsDoneByHandIsToldToWhoWatches(t *testing.T) {
	x := harness.Exchange(t, nil)
	watcher := &harness.Record{}
	var ill atomic.Bool
	ill.Store(true)
	tree := harness.Start(t, harness.Configured(t, x, func(c *config.Config) {
		c.Supervision.Backoff = config.Backoff{Min: time.Hour, Max: time.Hour, Factor: 1}
		c.Supervision.Budget.Restarts = 1
	}), harness.Recording("w", watcher, nil, feedtree.WatchSupervision()), failing("bad", &harness.Record{}, &ill))
	harness.Ready(t, tree)
	state := func() string { return tree.Snapshot().Strategies["bad"].State }
	x.Publish(topic.BidOffer("AOT"), book("AOT"), 2)
	harness.Eventually(t, "it to wait", func() bool { return state() == "backoff" })
	if n := tree.Strategies()["bad"].NextRestart; n == "" {
		t.Error("nobody says when it is restarted")
	}
	if err := tree.RestartStrategy("bad"); err != nil { // not in an hour
		t.Fatal(err)
	}
	harness.Eventually(t, "the quarantine", func() bool { return state() == "quarantined" })
	ill.Store(false)
	for _, f := range []func(string) error{tree.ResumeStrategy, tree.RestartStrategy} {
		if err := f("bad"); err != nil {
			t.Fatal(err)
		}
		harness.Eventually(t, "it to run", func() bool { return state() == "running" })
	}
	want := []supervision.Kind{supervision.RestartScheduled, supervision.Restarted, supervision.Quarantined, supervision.Resumed, supervision.Renewed}
	if got := kinds(tree, "bad"); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	harness.Eventually(t, "the watcher to be told of each", func() bool { return watcher.Count("supervised") == len(want) })
	if v := tree.Snapshot().Supervision; v.Manual != 2 || v.Restarts != 1 || v.Failures != 2 {
		t.Errorf("%+v", v)
	}
}

func TestAWatcherIsToldOfOthersNeverOfItselfAndAStormIsBounded(t *testing.T) {
	x := harness.Exchange(t, nil)
	var ill atomic.Bool
	ill.Store(true)
	gate := make(chan struct{})
	open := sync.OnceFunc(func() { close(gate) })
	defer open()
	watcher := &harness.Record{}
	first := true
	tree := harness.Start(t, harness.Configured(t, x, func(c *config.Config) {
		w := config.DefaultStrategy("w", "w")
		w.Watch, w.Symbols = []string{config.WatchSupervision}, []string{"KBANK"}
		c.Strategies = []config.Strategy{w, config.DefaultStrategy("bad", "bad")}
	}), harness.Recording("w", watcher, func(ctx actor.Context) {
		if _, ok := ctx.Message().(messages.Event); ok {
			if first {
				first = false
				panic("on its first")
			}
			<-gate
		}
	}), failing("bad", &harness.Record{}, &ill))
	harness.Ready(t, tree)
	x.Publish(topic.BidOffer("KBANK"), book("KBANK"), 2) // it fails on one and waits on the other
	harness.Eventually(t, "its restart", func() bool { return watcher.Count("restarted") == 1 && watcher.Count("bid_offer KBANK 1") == 2 })
	x.Publish(topic.BidOffer("AOT"), book("AOT"), 300)
	harness.Eventually(t, "the storm", func() bool {
		v := tree.Snapshot().Supervision
		return v.Failures == 301 && v.Pending == 0
	})
	open()
	told := func() map[string]uint64 {
		out := map[string]uint64{}
		for _, m := range watcher.Messages() {
			if n, ok := m.(*messages.Supervised); ok {
				if n.Child != "bad" {
					t.Fatalf("told of %s", n.Child)
				}
				out[n.Kind] += n.Count
			}
		}
		return out
	}
	harness.Eventually(t, "all of the storm to be told", func() bool {
		n := told()
		return n["restart_scheduled"] == 300 && n["restarted"] == 300
	})
	if n := watcher.Count("supervised"); n > 2 {
		t.Errorf("%d notices waited, want one of each kind", n)
	}
	if n := len(tree.SupervisionEvents()); n > 256 {
		t.Errorf("%d events are kept", n)
	}
}
