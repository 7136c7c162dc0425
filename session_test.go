package feedtree_test

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/sandbox"
)

func TestAStopWhileTheSessionWaitsForItsRestartWaitsForNothingAndTriesNoMore(t *testing.T) {
	var once sync.Once
	hooked(t, func(event string) {
		if event == "connected" {
			once.Do(func() { panic("in the middle of it") })
		}
	})
	x := harness.Exchange(t, nil)
	tree := harness.Start(t, harness.Configured(t, x, func(c *config.Config) {
		c.Supervision.Nodes.Session.Backoff.Min = new(time.Minute)
		c.Supervision.Nodes.Session.Backoff.Max = new(time.Minute)
	}), harness.Recording("r", &harness.Record{}, nil))
	harness.Eventually(t, "the failure", func() bool { return tree.Snapshot().Supervision.Failures == 1 })
	began := time.Now()
	tree.Stop(context.Background())
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the end took %v", took)
	}
	if n := tree.Snapshot().Connection.Attempts; n != 1 {
		t.Errorf("%d attempts, want none after the stop", n)
	}
}

// A session that fails between an attempt's end and what it means for it leaves nothing open.
func TestAnOutcomeThatNobodyActedOnIsSettled(t *testing.T) {
	var n atomic.Int64
	hooked(t, func(event string) {
		if event == "session_state" && n.Add(1) == 2 { // to online
			panic("in the middle of it")
		}
	})
	x := harness.Exchange(t, nil)
	tree := harness.Start(t, harness.Configured(t, x, nil), harness.Recording("r", &harness.Record{}, nil))
	harness.Ready(t, tree)
	harness.Eventually(t, "one connection alone", func() bool { return x.Stats().OpenConnections == 1 })
	if c := tree.Snapshot().Connection; c.Pending != 0 || c.Aborted != 1 || c.Connected != 1 {
		t.Errorf("%+v", c)
	}
}

func TestALossThatComesBeforeItsConnectionIsKnownIsALoss(t *testing.T) {
	x := harness.Exchange(t, nil)
	r := &harness.Record{}
	tree := harness.Start(t, harness.Configured(t, x, nil), harness.Recording("r", r, nil))
	harness.Ready(t, tree)
	harness.Break(t, x, sandbox.Fault{Kind: "drop"})
	harness.Break(t, x, sandbox.Fault{Kind: "cut"})
	harness.Eventually(t, "fifty losses", func() bool { return tree.Snapshot().Connection.Lost >= 50 })
	x.Heal()
	harness.Ready(t, tree)
	for _, m := range r.Messages() {
		if g, ok := m.(*messages.Gap); ok && strings.HasPrefix(g.Reason, "stall") {
			t.Errorf("a connection that had ended was held for one that is mute: %s", g.Reason)
		}
	}
}

func TestWhatAServerEchoesShowsNoAccount(t *testing.T) {
	const account = "ACC77889900"
	x := harness.Exchange(t, func(c *sandbox.Config) { c.EquityAccount = account })
	harness.Break(t, x, sandbox.Fault{Kind: "dispatcher", Status: 403, Body: `{"code":"X","message":"account ` + account + ` is closed"}`})
	tree := harness.Start(t, harness.Configured(t, x, nil), harness.Recording("r", &harness.Record{}, nil))
	harness.Eventually(t, "the refusal", func() bool { return tree.Snapshot().Connection.Failed["auth"] > 0 })
	_, why := tree.Ready()
	if !strings.Contains(why, "is closed") || strings.Contains(why, account) {
		t.Errorf("not ready: %s", why)
	}
	x.Heal()
	harness.Ready(t, tree)
	x.Publish("$sys/u/_broker/_uref/error/subscribe",
		[]byte(`{"rejectSubscriptions":[{"topicFilter":"proto/topic/bidofferv3/AOT","errorMessage":"not for `+account+`"}]}`), 1)
	harness.Eventually(t, "the rejection", func() bool { return len(tree.Connection().Rejected) == 1 })
	for topic, reason := range tree.Connection().Rejected {
		if strings.Contains(reason, account) {
			t.Errorf("%s: %s", topic, reason)
		}
	}
}

func TestATreeThatWaitsSaysWhenItTriesAgain(t *testing.T) {
	x := harness.Exchange(t, nil)
	tree := harness.Start(t, harness.Configured(t, x, func(c *config.Config) {
		c.Session.Backoff = config.Backoff{Min: time.Minute, Max: time.Minute, Factor: 1}
	}), harness.Recording("r", &harness.Record{}, nil))
	harness.Ready(t, tree)
	session := func() feedtree.Node { return tree.Nodes().Children[0] }
	if n := session(); strings.Contains(n.Detail, "next attempt") {
		t.Errorf("connected: %s", n.Detail)
	}
	harness.Break(t, x, sandbox.Fault{Kind: "cut"})
	says := regexp.MustCompile(`^connection lost: .*; next attempt in (1m0s|59(\.\d)?s)$`)
	harness.Eventually(t, "the next attempt's time", func() bool { n := session(); return n.State == "waiting" && says.MatchString(n.Detail) })
}

// What of a lost connection waits undecoded when its loss is known is worth nothing: it must
// not stand between what is told of the loss.
func TestWhatWasNotDecodedWhenItsConnectionWasLostIsStale(t *testing.T) {
	blocked, wake := make(chan struct{}), make(chan struct{})
	var once sync.Once
	hooked(t, func(event string) {
		if event == "decode_error" {
			once.Do(func() { close(blocked); <-wake })
		}
	})
	x := harness.Exchange(t, nil)
	r := &harness.Record{}
	tree := harness.Start(t, harness.Configured(t, x, nil), harness.Recording("r", r, nil))
	harness.Ready(t, tree)
	publish := func(n int) {
		x.Publish(topic.BidOffer("AOT"), codec.AppendBidOffer(nil, &messages.BidOfferData{Symbol: "AOT"}), n)
	}
	publish(1)
	x.Publish(topic.BidOffer("AOT"), []byte{0xff}, 1)
	<-blocked
	publish(10)
	harness.Eventually(t, "the rest to arrive", func() bool { return tree.Snapshot().Feed.Received == 12 })
	harness.Break(t, x, sandbox.Fault{Kind: "cut"})
	harness.Eventually(t, "the loss to be known", func() bool { return tree.Snapshot().Connection.Lost == 1 })
	close(wake)
	harness.Ready(t, tree)
	publish(1)
	harness.Eventually(t, "the next event", func() bool { return r.Count("bid_offer AOT 2") == 1 })
	if n := r.Count("bid_offer AOT 1"); n != 1 || tree.Snapshot().Feed.Stale != 10 {
		t.Errorf("%d events of the lost connection were delivered, %d are stale; want 1 and 10", n, tree.Snapshot().Feed.Stale)
	}
}
