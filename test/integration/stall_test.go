package integration

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/actors/session"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/dial"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/sandbox"
)

// inVirtualTime runs a test on a bubble's clock, with an exchange and a tree that meet on a
// network in memory.
func inVirtualTime(t *testing.T, change func(*config.Config), test func(t *testing.T, x *sandbox.Exchange, tree *feedtree.Tree, r *harness.Record)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		pipe := sandbox.NewPipe()
		c := sandbox.DefaultConfig()
		c.Listener, c.Admin, c.Dir, c.Silent = pipe, "", t.TempDir(), true
		x, err := sandbox.Start(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		r := &harness.Record{}
		cfg := harness.Configured(t, x, func(c *config.Config) {
			c.Symbols = []string{"AOT", "BBL", "KTB", "PTT"}
			c.Market.Sessions = nil // always open: the exchange says nothing of its market here
			c.Strategies = []config.Strategy{config.DefaultStrategy("r", "r")}
			c.Strategies[0].Events = []string{"bid_offer"}
			if change != nil {
				change(c)
			}
		})
		tree, err := feedtree.Start(dial.With(context.Background(), pipe.Dial), cfg, harness.Recording("r", r, nil))
		if err != nil {
			t.Fatal(err)
		}
		readyWithin(t, tree, time.Minute)
		test(t, x, tree, r)
		tree.Stop(context.Background())
		harness.Balanced(t, tree.Snapshot())
		x.Close()
		time.Sleep(2 * time.Minute) // for what the engines leave to their timers
	})
}

func readyWithin(t *testing.T, tree *feedtree.Tree, limit time.Duration) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		ok, why := tree.Ready()
		if ok {
			return
		}
		if time.Since(began) > limit {
			t.Fatalf("not ready within %v: %s", limit, why)
		}
	}
}

// trade publishes a book of each symbol every second. (The exchange's fault mutes its own
// market; here a muted topic is one that is not published.)
func trade(x *sandbox.Exchange, seconds int, muted string) {
	for range seconds {
		for _, s := range []string{"AOT", "BBL", "KTB", "PTT"} {
			if s != muted {
				x.Publish(topic.BidOffer(s), bookOf(s, messages.Baht), 1)
			}
		}
		time.Sleep(time.Second)
	}
}

func TestAMuteSubscriptionIsNamedAskedForAnewAndThenTheConnectionIsMadeAnew(t *testing.T) {
	inVirtualTime(t, nil, func(t *testing.T, x *sandbox.Exchange, tree *feedtree.Tree, r *harness.Record) {
		trade(x, 60, "")
		if s := tree.Snapshot(); s.Epoch != 1 || len(tree.Connection().Mute) != 0 {
			t.Fatalf("all is well, but %+v, mute %v", s.Connection, tree.Connection().Mute)
		}
		trade(x, 40, "AOT")
		if mute := tree.Connection().Mute; fmt.Sprint(mute) != "["+topic.BidOffer("AOT")+"]" {
			t.Errorf("mute: %v", mute)
		}
		if s := tree.Snapshot(); s.Epoch != 1 {
			t.Errorf("subscribing anew comes first: %+v", s.Connection)
		}
		trade(x, 80, "AOT")
		g, ok := r.First("gap").(*messages.Gap)
		if !ok || !strings.HasPrefix(g.Reason, "stall: ") || !strings.Contains(g.Reason, "AOT") {
			t.Fatalf("the gap is %+v", g)
		}
		trade(x, 240, "AOT")
		if n := r.Count("gap"); n != 1 {
			t.Errorf("%d reconnections, want one: what does not help is not repeated at once", n)
		}
		trade(x, 10, "")
		if mute := tree.Connection().Mute; len(mute) != 0 {
			t.Errorf("it is back, and still called mute: %v", mute)
		}
	})
}

func TestSubscriptionsThatAreNeverAnsweredEndTheConnectionAsAStall(t *testing.T) {
	inVirtualTime(t, nil, func(t *testing.T, x *sandbox.Exchange, tree *feedtree.Tree, r *harness.Record) {
		if _, err := x.Break(sandbox.Fault{Kind: "suback", Topic: topic.BidOffer("KTB"), Missing: true}); err != nil {
			t.Fatal(err)
		}
		x.Break(sandbox.Fault{Kind: "cut"})
		time.Sleep(2 * time.Minute)
		g, ok := r.Last("gap").(*messages.Gap)
		if !ok || !strings.HasPrefix(g.Reason, "stall: ") || !strings.Contains(g.Reason, "KTB") {
			t.Fatalf("the gap is %+v", g)
		}
		if n := tree.Snapshot().Connection.Lost; n > 6 {
			t.Errorf("%d connections in two minutes are a storm", n)
		}
		x.Heal()
		time.Sleep(30 * time.Second)
		readyWithin(t, tree, time.Minute)
	})
}

func TestATopicRefusedOnTheSysTopicIsAskedForAgainAloneAndComesBack(t *testing.T) {
	inVirtualTime(t, nil, func(t *testing.T, x *sandbox.Exchange, tree *feedtree.Tree, r *harness.Record) {
		if _, err := x.Break(sandbox.Fault{Kind: "reject", Topic: topic.BidOffer("KTB")}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		if r.Count("symbol_rejected") != 1 {
			t.Errorf("told %d times, want once", r.Count("symbol_rejected"))
		}
		if s := tree.Snapshot(); s.Epoch != 1 || s.Symbols.Rejected != 1 {
			t.Errorf("a refusal ends no connection: %+v, %+v", s.Connection, s.Symbols)
		}
		x.Heal()
		time.Sleep(time.Minute)
		x.Publish(topic.BidOffer("KTB"), bookOf("KTB", messages.Baht), 1)
		time.Sleep(time.Second)
		if r.Count("bid_offer KTB 1") != 1 {
			t.Error("granted again, it does not deliver")
		}
		if s := tree.Snapshot().Symbols; s.Rejected != 0 || s.Live != 1 {
			t.Errorf("granted again and heard of, and still %+v", s)
		}
	})
}

// Who looks at the tree must not chase a topic that nobody wants any more.
func TestARefusedOrMuteTopicIsNamedAsLongAsSomebodyWantsIt(t *testing.T) {
	inVirtualTime(t, nil, func(t *testing.T, x *sandbox.Exchange, tree *feedtree.Tree, _ *harness.Record) {
		harness.Break(t, x, sandbox.Fault{Kind: "reject", Topic: topic.BidOffer("KBANK")})
		extra := config.DefaultStrategy("extra", "r")
		extra.Symbols, extra.Events = []string{"KBANK", "SCB"}, []string{"bid_offer"}
		if err := tree.Spawn(extra); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		for range 60 { // SCB trades like the others, and then no more
			x.Publish(topic.BidOffer("SCB"), bookOf("SCB", messages.Baht), 1)
			trade(x, 1, "")
		}
		trade(x, 40, "")
		if v := tree.Connection(); len(v.Rejected) != 1 || fmt.Sprint(v.Mute) != "["+topic.BidOffer("SCB")+"]" {
			t.Fatalf("rejected %v, mute %v", v.Rejected, v.Mute)
		}
		if err := tree.StopStrategy(context.Background(), "extra"); err != nil {
			t.Fatal(err)
		}
		for range 3 { // at the change, and at each look after it
			time.Sleep(time.Second)
			if v := tree.Connection(); len(v.Rejected)+len(v.Mute) != 0 {
				t.Errorf("nobody wants them: rejected %v, mute %v", v.Rejected, v.Mute)
			}
		}
	})
}

// Without the topic on which the exchange refuses others a refusal goes unheard: it is asked for
// until it is granted.
func TestTheTopicOfRefusalsIsAskedForAgainUntilItIsGranted(t *testing.T) {
	const refusals = "$sys/u/_broker/_uref/error/subscribe"
	for name, f := range map[string]sandbox.Fault{
		"refused":      {Kind: "suback", Topic: refusals, Code: 128},
		"not answered": {Kind: "suback", Topic: refusals, Missing: true},
	} {
		t.Run(name, func(t *testing.T) {
			inVirtualTime(t, nil, func(t *testing.T, x *sandbox.Exchange, tree *feedtree.Tree, r *harness.Record) {
				harness.Break(t, x, f)
				harness.Break(t, x, sandbox.Fault{Kind: "cut"})
				time.Sleep(time.Minute)
				readyWithin(t, tree, time.Second)
				x.Heal()
				time.Sleep(time.Minute)
				if n := x.Stats().Subscriptions[refusals]; n != 1 {
					t.Errorf("%d subscriptions to the topic of refusals", n)
				}
				x.Publish(refusals, []byte(`{"rejectSubscriptions":[{"topicFilter":"`+topic.BidOffer("KTB")+`","errorMessage":"no"}]}`), 1)
				time.Sleep(time.Second)
				if r.Count("symbol_rejected") != 1 || tree.Snapshot().Connection.Lost != 1 {
					t.Errorf("the refusal was not heard, or not on the same connection: %+v", tree.Snapshot().Connection)
				}
			})
		})
	}
}

func TestASilenceThatTheServerAsksForIsShown(t *testing.T) {
	inVirtualTime(t, nil, func(t *testing.T, x *sandbox.Exchange, tree *feedtree.Tree, _ *harness.Record) {
		harness.Break(t, x, sandbox.Fault{Kind: "dispatcher", Status: 429, Headers: map[string]string{"Retry-After": "90"}})
		harness.Break(t, x, sandbox.Fault{Kind: "cut"})
		time.Sleep(10 * time.Second)
		if v := tree.Connection(); v.State != session.Waiting || time.Until(v.RetryAt) < 79*time.Second {
			t.Errorf("%s, the next attempt in %v", v.State, time.Until(v.RetryAt))
		}
		x.Heal()
		time.Sleep(90 * time.Second)
		readyWithin(t, tree, time.Second)
	})
}
