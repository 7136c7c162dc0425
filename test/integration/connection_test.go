package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/test/sandbox"
)

func TestACutIsToldAtOnceThenTheGapThenNothingOld(t *testing.T) {
	both(t, func(t *testing.T, lane func(*config.Config)) {
		for _, how := range []string{"close", "rst"} {
			x := exchange(t, moving)
			one, two := &record{}, &record{}
			tree := start(t, configured(t, x, lane), recording("one", one, nil), recording("two", two, nil))
			ready(t, tree)
			eventually(t, "events", func() bool { return len(one.all()) > 200 && len(two.all()) > 200 })
			mustBreak(t, x, sandbox.Fault{Kind: "cut", How: how})
			eventually(t, "the reconnection", func() bool { return one.notice("reconnected") != nil && two.notice("reconnected") != nil })
			eventually(t, "new events", func() bool { return one.count("bid_offer AOT 2") > 5 })
			tree.Stop(context.Background())
			s := tree.Snapshot()
			if s.Epoch != 2 || s.Connection.Lost != 1 || s.Connection.Reconnects != 1 || s.Connection.Closed != 1 {
				t.Errorf("%s: %+v", how, s.Connection)
			}
			if s.Feed.Received > x.Stats().Delivered {
				t.Errorf("%s: received %d of %d written", how, s.Feed.Received, x.Stats().Delivered)
			}
			for name, r := range map[string]*record{"one": one, "two": two} {
				checkOutage(t, how+" "+name, r)
			}
			balanced(t, s)
		}
	})
}

// checkOutage holds what a strategy saw of one outage to its order: events of epoch 1,
// Disconnected, Gap, events of epoch 2 and somewhere between them Reconnected.
func checkOutage(t *testing.T, who string, r *record) {
	t.Helper()
	lines := r.all()
	down, gap, back := slices.Index(lines, "disconnected"), slices.Index(lines, "gap"), slices.Index(lines, "reconnected")
	if down < 0 || gap != down+1 || back < gap {
		t.Errorf("%s: disconnected at %d, gap at %d, reconnected at %d", who, down, gap, back)
	}
	for i, l := range lines {
		old, young := strings.HasSuffix(l, " 1"), strings.HasSuffix(l, " 2")
		if (old && i > gap) || (young && i < gap) {
			t.Errorf("%s: %q at %d, the gap at %d", who, l, i, gap)
			return
		}
	}
	g := r.notice("gap").(*messages.Gap)
	if g.Epoch != 2 || g.From.After(g.To) || g.Reason == "" || r.count("gap") != 1 {
		t.Errorf("%s: %+v", who, g)
	}
}

func TestEverySubscriptionIsBackAfterEveryCut(t *testing.T) {
	x := exchange(t, nil)
	tree := start(t, configured(t, x, nil), recording("r", &record{}, nil))
	ready(t, tree)
	want := x.Stats().Subscriptions
	for i := uint64(1); i <= 5; i++ {
		mustBreak(t, x, sandbox.Fault{Kind: "cut"})
		eventually(t, "the reconnection", func() bool { return tree.Snapshot().Connection.Reconnects == i })
		ready(t, tree)
		if got := x.Stats().Subscriptions; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("subscribed to %v, want %v", got, want)
		}
	}
}

func TestTokensThatEndAtOnceCostOneNewLogin(t *testing.T) {
	x := exchange(t, nil)
	tree := start(t, configured(t, x, nil), recording("r", &record{}, nil))
	ready(t, tree)
	mustBreak(t, x, sandbox.Fault{Kind: "expire"})
	eventually(t, "the reconnection", func() bool { return tree.Snapshot().Epoch == 2 })
	if n := x.Stats().Logins; n != 2 {
		t.Errorf("%d logins, want 2", n)
	}
	if c := tree.Snapshot().Connection; c.Attempts != 2 || c.Failed["auth"] != 0 {
		t.Errorf("the new login was not of the same attempt: %+v", c)
	}
}

func TestARefusedTopicIsAWarningAndTheRestGoesOn(t *testing.T) {
	for name, fault := range map[string]sandbox.Fault{
		"by SUBACK":  {Kind: "suback", Topic: topic.BidOffer("AOT"), Code: 128},
		"by message": {Kind: "reject", Topic: topic.BidOffer("AOT")},
	} {
		t.Run(name, func(t *testing.T) {
			x := exchange(t, nil)
			mustBreak(t, x, fault)
			r := &record{}
			tree := start(t, configured(t, x, nil), recording("r", r, nil))
			eventually(t, "the rejection", func() bool { return r.notice("symbol_rejected") != nil })
			ready(t, tree)
			if n := r.notice("symbol_rejected").(*messages.SymbolRejected); n.Symbol != "AOT" || n.Kind != "bid_offer" || n.Reason == "" {
				t.Errorf("%+v", n)
			}
			x.Publish(topic.BidOffer("PTT"), bookOf("PTT", messages.Baht), 1)
			eventually(t, "the other's event", func() bool { return r.count("bid_offer PTT 1") == 1 })
			if s := tree.Symbols()[0]; s.Symbol != "AOT" || s.State != "rejected" {
				t.Errorf("%+v", s)
			}
			if s := tree.Snapshot(); s.Feed.System != x.Stats().System || s.Symbols.Rejected != 1 {
				t.Errorf("system %d of %d, rejected %d", s.Feed.System, x.Stats().System, s.Symbols.Rejected)
			}
		})
	}
}

func TestAMissingOrHostileSUBACKHangsAndCrashesNothing(t *testing.T) {
	x := exchange(t, nil)
	mustBreak(t, x, sandbox.Fault{Kind: "suback", Extra: 3})
	tree := start(t, configured(t, x, func(c *config.Config) { c.Session.SubscribeTimeout = 50 * time.Millisecond }), recording("r", &record{}, nil))
	eventually(t, "two refused connections", func() bool {
		c := tree.Snapshot().Connection
		return c.Lost >= 2 && c.Violations["suback"] >= 2
	})
	x.Heal()
	mustBreak(t, x, sandbox.Fault{Kind: "suback", Missing: true})
	mustBreak(t, x, sandbox.Fault{Kind: "cut"})
	eventually(t, "a connection without answers", func() bool {
		v := tree.Connection()
		ok, why := v.Ready()
		return !ok && strings.Contains(why, "subscriptions answered")
	})
	x.Heal()
	ready(t, tree)
}

func TestACONNACKThatRefusesIsNeverConnected(t *testing.T) {
	for code, class := range map[int]string{1: "refused", 3: "refused", 5: "auth", 9: "protocol"} {
		x := exchange(t, nil)
		mustBreak(t, x, sandbox.Fault{Kind: "connack", Code: code})
		tree := start(t, configured(t, x, nil), recording("r", &record{}, nil))
		eventually(t, "the failure", func() bool { return tree.Snapshot().Connection.Failed[class] > 0 })
		if s := tree.Snapshot(); s.Connection.Connected != 0 || s.Epoch != 0 || (code > 5) != (s.Connection.Violations["connack"] > 0) {
			t.Errorf("code %d: %+v", code, s.Connection)
		}
		x.Heal()
		ready(t, tree)
		tree.Stop(context.Background())
	}
}

func TestReachingNobodyIsNotFatalUnlessAskedFor(t *testing.T) {
	x := exchange(t, nil)
	mustBreak(t, x, sandbox.Fault{Kind: "refuse"})
	tree := start(t, configured(t, x, nil), recording("r", &record{}, nil))
	eventually(t, "some attempts", func() bool { return tree.Snapshot().Connection.Failed["server"] >= 2 })
	if ok, why := tree.Ready(); ok || !strings.Contains(why, "503") {
		t.Errorf("ready %v: %s", ok, why)
	}
	x.Heal()
	ready(t, tree)

	mustBreak(t, x, sandbox.Fault{Kind: "refuse"})
	hasty := start(t, configured(t, x, func(c *config.Config) { c.Session.FailFast = true }), recording("r", &record{}, nil))
	<-hasty.Done()
	if code := feedtree.ExitCode(hasty.Err()); code != 5 {
		t.Errorf("exit %d of %v, want 5", code, hasty.Err())
	}
}

func TestWhatLoginsAnswer(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault sandbox.Fault
		class string
		fatal bool
	}{
		{"credentials refused", sandbox.Fault{Kind: "login", Status: 401, Body: `{"code":"X","message":"no"}`}, "auth", true},
		{"forbidden", sandbox.Fault{Kind: "login", Status: 403}, "auth", true},
		{"too many", sandbox.Fault{Kind: "login", Status: 429}, "rate_limit", false},
		{"server broken", sandbox.Fault{Kind: "login", Status: 500, Body: "oops"}, "server", false},
		{"a redirect", sandbox.Fault{Kind: "login", Redirect: "http://127.0.0.1:1/"}, "protocol", false},
		{"the dispatcher's redirect", sandbox.Fault{Kind: "dispatcher", Redirect: "https://elsewhere.example/", Status: 302}, "protocol", false},
		{"HTML", sandbox.Fault{Kind: "login", Status: 200, Body: "<html>hello</html>"}, "protocol", false},
		{"no hosts", sandbox.Fault{Kind: "dispatcher", Status: 200, Body: `{"hosts":[],"token":"x"}`}, "protocol", false},
		{"a huge answer", sandbox.Fault{Kind: "dispatcher", Status: 200, Body: strings.Repeat("x", 2<<20)}, "protocol", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := exchange(t, nil)
			mustBreak(t, x, c.fault)
			tree := start(t, configured(t, x, nil), recording("r", &record{}, nil))
			eventually(t, "the failure", func() bool { return tree.Snapshot().Connection.Failed[c.class] > 0 })
			if c.fatal {
				<-tree.Done()
				if code := feedtree.ExitCode(tree.Err()); code != 4 {
					t.Fatalf("exit %d of %v, want 4", code, tree.Err())
				}
				return
			}
			x.Heal()
			ready(t, tree)
		})
	}
}

func TestAfterOneLoginARefusalIsAFaultAndIsRetriedSlowly(t *testing.T) {
	x := exchange(t, nil)
	tree := start(t, configured(t, x, nil), recording("r", &record{}, nil))
	ready(t, tree)
	mustBreak(t, x, sandbox.Fault{Kind: "login", Status: 401})
	mustBreak(t, x, sandbox.Fault{Kind: "expire"})
	eventually(t, "refusals", func() bool { return tree.Snapshot().Connection.Failed["auth"] >= 2 })
	x.Heal()
	ready(t, tree)
}

func TestAnUnknownAuthorityIsATLSFailureThatSaysWhatToDo(t *testing.T) {
	x := exchange(t, nil)
	tree := start(t, configured(t, x, func(c *config.Config) { c.TLS.CAFile, c.Session.FailFast = "", true }), recording("r", &record{}, nil))
	<-tree.Done()
	if err := tree.Err(); feedtree.ExitCode(err) != 5 || !strings.Contains(err.Error(), "tls.ca_file") {
		t.Errorf("exit %d: %v", feedtree.ExitCode(err), err)
	}
}

func TestAStopDuringADelayDoesNotWaitForItAndTwiceIsSafe(t *testing.T) {
	x := exchange(t, nil)
	mustBreak(t, x, sandbox.Fault{Kind: "refuse"})
	tree := start(t, configured(t, x, func(c *config.Config) {
		c.Session.Backoff.Min, c.Session.Backoff.Max = time.Minute, time.Minute
	}), recording("r", &record{}, nil))
	eventually(t, "a failed attempt", func() bool { return tree.Snapshot().Connection.Failed["server"] == 1 })
	began := time.Now()
	tree.Stop(context.Background())
	tree.Stop(context.Background())
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the end took %v", took)
	}
	if n := tree.Snapshot().Connection.Attempts; n != 1 {
		t.Errorf("%d attempts, want none after the stop", n)
	}
}

func TestAStopRightAfterTheStartIsNoRace(t *testing.T) {
	x := exchange(t, moving)
	for range 20 {
		tree := start(t, configured(t, x, nil), recording("r", &record{}, nil))
		began := time.Now()
		tree.Stop(context.Background())
		if took := time.Since(began); took > 5*time.Second {
			t.Fatalf("the end took %v", took)
		}
	}
}

func TestAServerThatNeverAnswersIsAbandonedByAStop(t *testing.T) {
	asked := make(chan struct{}, 10)
	release := make(chan struct{})
	silent := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-release
	}))
	defer silent.Close()
	defer close(release)
	x := exchange(t, nil)
	c := configured(t, x, func(c *config.Config) { c.Credentials.BaseURL = silent.URL })
	c.TLS.CAFile = writeCA(t, silent.Certificate().Raw)
	tree := start(t, c, recording("r", &record{}, nil))
	<-asked
	began := time.Now()
	tree.Stop(context.Background())
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the end took %v", took)
	}
	if s := tree.Snapshot().Connection; s.Aborted != 1 || s.Pending != 0 {
		t.Errorf("%+v", s)
	}
}

func TestACredentialsErrorHoldsNoSecret(t *testing.T) {
	var body atomic.Value
	mirror := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q map[string]string
		json.NewDecoder(r.Body).Decode(&q)
		body.Store(q["signature"])
		w.WriteHeader(401)
		fmt.Fprintf(w, `{"code":"E","message":"secret is %s"}`, r.URL.Query().Get("x"))
	}))
	defer mirror.Close()
	x := exchange(t, nil)
	c := configured(t, x, func(c *config.Config) { c.Credentials.BaseURL = mirror.URL })
	c.TLS.CAFile = writeCA(t, mirror.Certificate().Raw)
	tree := start(t, c, recording("r", &record{}, nil))
	<-tree.Done()
	if err := tree.Err(); feedtree.ExitCode(err) != 4 || strings.Contains(err.Error(), c.Credentials.AppSecret.Reveal()) {
		t.Errorf("exit %d: %v", feedtree.ExitCode(err), err)
	}
}
