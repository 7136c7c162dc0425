package matrix

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/sandbox"
)

func aCut(t *testing.T) {
	f := begin(t, harness.Moving, nil)
	for i, how := range []string{"close", "rst", "close"} {
		f.flows(50)
		began := time.Now()
		f.breaks(sandbox.Fault{Kind: "cut", How: how})
		for _, w := range []*watcher{f.one, f.two} {
			harness.Eventually(t, "word of the loss", func() bool { return w.Count("disconnected") == i+1 })
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s: the strategies were told after %v", how, took)
		}
		f.outage(i+1, began)
	}
	f.end(cut)
}

func aHalfOpenLink(t *testing.T) {
	f := begin(t, harness.Moving, func(c *config.Config) { c.Session.KeepAlive, c.Session.PingTimeout = time.Second, time.Second })
	f.flows(50)
	began := time.Now()
	f.breaks(sandbox.Fault{Kind: "halfopen"})
	harness.Eventually(t, "word of the loss", func() bool { return f.one.Count("disconnected") == 1 })
	// One check is what the client's own timer may be late, a second, and what it takes to be told.
	if took, bound := time.Since(began), f.cfg.Session.KeepAlive+f.cfg.Session.PingTimeout+2*time.Second; took > bound {
		t.Errorf("noticed after %v, want %v at most", took, bound)
	}
	f.x.Heal()
	// An attempt that began on the dead link is given up in its own time.
	f.outage(1, time.Now().Add(f.cfg.Session.ConnectTimeout))
	f.end(cut)
}

func aSlowLink(t *testing.T) {
	f := begin(t, harness.Moving, nil)
	for _, delay := range []string{"40ms", "1ms", "25ms", "5ms"} {
		f.breaks(faultOf(t, `{"kind":"delay","delay":"`+delay+`"}`))
		f.flows(100)
	}
	f.x.Heal()
	f.flows(100)
	if c := f.tree.Snapshot().Connection; c.Lost != 0 || c.Attempts != 1 {
		t.Errorf("a slow link was taken for a lost one: %+v", c)
	}
	f.end(orderly)
}

func aTokenThatEnds(t *testing.T) {
	f := begin(t, func(c *sandbox.Config) { harness.Moving(c); c.TokenTTL = 2 * time.Second }, nil)
	harness.Eventually(t, "two renewals", func() bool { return f.tree.Snapshot().Epoch >= 3 })
	f.flows(50)
	f.whole()
	f.end(orderly)
	s, did := f.tree.Snapshot(), f.x.Stats()
	if did.Logins != 1 || did.Refreshes != s.Connection.Connected-1 || did.RejectedLogins != 0 {
		t.Errorf("%d logins, %d refreshes, %d refused, for %d connections", did.Logins, did.Refreshes, did.RejectedLogins, s.Connection.Connected)
	}
	if c := s.Connection; c.Lost != 0 || c.Attempts != c.Connected || c.Rollovers != c.Connected-1 || f.one.Count("gap") != 0 {
		t.Errorf("%+v, %d gaps", c, f.one.Count("gap"))
	}
}

// secrets is what no log may hold: tokens and signatures are the only hexadecimal of that
// length there is.
var secrets = regexp.MustCompile(`[0-9a-f]{40}`)

func logging(t *testing.T) *harness.Buffer {
	l, before := &harness.Buffer{}, slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(before) })
	return l
}

func aRESTCallThatFails(t *testing.T) {
	log := logging(t)
	f := begin(t, harness.Moving, func(c *config.Config) { c.Session.RESTTimeout = 200 * time.Millisecond })
	for i, c := range []struct{ fault, class string }{
		{`{"kind":"login","status":401,"body":"{\"code\":\"E\",\"message\":\"no\"}"}`, "auth"},
		{`{"kind":"login","status":403}`, "auth"},
		{`{"kind":"login","status":429}`, "rate_limit"},
		{`{"kind":"login","status":503,"body":"oops"}`, "server"},
		{`{"kind":"login","delay":"5s"}`, "transport"},
		{`{"kind":"dispatcher","status":500}`, "server"},
		{`{"kind":"dispatcher","status":200,"body":"<html>"}`, "protocol"},
		{`{"kind":"dispatcher","status":200,"body":"` + strings.Repeat("x", 2<<20) + `"}`, "protocol"},
	} {
		before, began := f.tree.Snapshot().Connection, time.Now()
		f.breaks(faultOf(t, c.fault))
		f.breaks(sandbox.Fault{Kind: "expire"})
		harness.Eventually(t, c.class, func() bool { return f.tree.Snapshot().Connection.Failed[c.class] > before.Failed[c.class] })
		after := f.tree.Snapshot().Connection
		if n, most := after.Attempts-before.Attempts, uint64(time.Since(began)/f.cfg.Session.Backoff.Min)+1; n > most {
			t.Errorf("%.60s: %d attempts, the schedule has %d", c.fault, n, most)
		}
		if after.Connected != before.Connected {
			t.Errorf("%.60s: connected all the same", c.fault)
		}
		f.x.Heal()
		f.outage(i+1, time.Now().Add(time.Second)) // the REST API takes five calls of a kind a second
	}
	f.end(cut)
	said := log.String()
	if m := secrets.FindString(said); m != "" || strings.Contains(said, f.cfg.Credentials.AppSecret.Reveal()) {
		t.Errorf("a secret is in the log: %q", m)
	}
	if !strings.Contains(said, "connect_failed") {
		t.Error("nothing of it is in the log")
	}
}

func aRefusedHandshake(t *testing.T) {
	f := begin(t, harness.Moving, nil)
	for i, code := range []int{1, 2, 3, 4, 5, 6, 255} {
		before := f.tree.Snapshot().Connection
		f.breaks(sandbox.Fault{Kind: "connack", Code: code})
		f.breaks(sandbox.Fault{Kind: "cut"})
		class := "refused"
		if code == 4 || code == 5 {
			class = "auth"
		}
		if code > 5 {
			class = "protocol"
		}
		harness.Eventually(t, "the refusal", func() bool { return f.tree.Snapshot().Connection.Failed[class] > before.Failed[class] })
		if c := f.tree.Snapshot().Connection; c.Connected != before.Connected || c.Open != 0 {
			t.Errorf("code %d: %+v", code, c)
		}
		f.x.Heal()
		f.outage(i+1, time.Now().Add(time.Second))
	}
	f.end(cut)

	blind := harness.Start(t, harness.Configured(t, f.x, func(c *config.Config) { c.TLS.CAFile = "" }), watching("w", &watcher{}, nil))
	harness.Eventually(t, "a certificate that nobody vouches for", func() bool { return blind.Snapshot().Connection.Failed["tls"] > 1 })
	blind.Stop(context.Background())
	if c := blind.Snapshot().Connection; c.Connected != 0 || f.x.Stats().OpenConnections != 0 {
		t.Errorf("%+v", c)
	}
}

func aRefusedSubscription(t *testing.T) {
	aot := topic.BidOffer("AOT")
	f := begin(t, harness.Moving, func(c *config.Config) { c.Session.SubscribeTimeout = 100 * time.Millisecond })
	state := func() string { return f.tree.Symbols()[0].State }

	for _, fault := range []sandbox.Fault{{Kind: "suback", Topic: aot, Code: 128}, {Kind: "reject", Topic: aot}} {
		f.breaks(fault)
		f.breaks(sandbox.Fault{Kind: "cut"})
		harness.Eventually(t, "the refusal", func() bool { return state() == "rejected" })
		harness.Ready(t, f.tree)
		f.flows(50) // the others'
		if s := state(); s != "rejected" || f.x.Stats().Subscriptions[aot] != 0 {
			t.Errorf("%s: AOT is %s", fault.Kind, s)
		}
		f.x.Heal()
		f.breaks(sandbox.Fault{Kind: "cut"})
		harness.Eventually(t, "AOT to live", func() bool { return state() == "live" })
		f.whole()
	}

	f.breaks(sandbox.Fault{Kind: "suback", Missing: true})
	f.breaks(sandbox.Fault{Kind: "cut"})
	harness.Eventually(t, "a connection without answers", func() bool {
		ok, why := f.tree.Ready()
		return !ok && strings.Contains(why, "subscriptions answered")
	})
	f.x.Heal()
	f.breaks(sandbox.Fault{Kind: "cut"})
	harness.Ready(t, f.tree)

	lost := f.tree.Snapshot().Connection.Lost
	f.breaks(sandbox.Fault{Kind: "suback", Extra: 3})
	f.breaks(sandbox.Fault{Kind: "cut"})
	harness.Eventually(t, "two connections given up", func() bool { return f.tree.Snapshot().Connection.Lost >= lost+2 })
	f.x.Heal()
	f.flows(50)
	f.whole()
	f.end(cut)
}

func aBrokerThatDrops(t *testing.T) {
	f := begin(t, harness.Moving, func(c *config.Config) {
		c.Session.Backoff = config.Backoff{Min: 20 * time.Millisecond, Max: 160 * time.Millisecond, Factor: 2} // no jitter
	})
	f.flows(50)
	began := time.Now()
	f.breaks(faultOf(t, `{"kind":"drop","delay":"30ms"}`))
	f.breaks(sandbox.Fault{Kind: "cut"})
	harness.Eventually(t, "nine losses", func() bool {
		if n := f.x.Stats().OpenConnections; n > 1 {
			t.Errorf("%d connections at once", n)
		}
		return f.tree.Snapshot().Connection.Lost >= 9
	})
	// Each was accepted and stood for 30 ms; between them were delays of 40, 80 and six times
	// 160 ms. Had a success made the session forget, they were 40 ms each.
	took, c := time.Since(began), f.tree.Snapshot().Connection
	if took < 8*30*time.Millisecond+1080*time.Millisecond || c.Connected < 9 {
		t.Errorf("nine of %d connections within %v: the delays do not grow", c.Connected, took)
	}
	if most := uint64(took/f.cfg.Session.Backoff.Min) + 2; c.Attempts > most {
		t.Errorf("%d attempts within %v", c.Attempts, took)
	}
	f.x.Heal()
	f.flows(50)
	f.whole()
	f.end(cut)
}

// coincidences are two faults at once, each on a tree that is well before and whole after.
func coincidences(t *testing.T) {
	f := begin(t, harness.Moving, nil)
	n := 0
	after := func(what string, login int) {
		t.Helper()
		n++
		f.x.Heal()
		f.outage(n, time.Now().Add(time.Second))
		if c := f.tree.Snapshot().Connection; c.Open != 1 || c.Pending != 0 {
			t.Errorf("%s: %+v", what, c)
		}
		if got := f.x.Stats(); got.OpenConnections != 1 || int(got.Logins) > login {
			t.Errorf("%s: %d connections, %d logins, want 1 and %d at most", what, got.OpenConnections, got.Logins, login)
		}
	}
	f.flows(50)
	// A cut during a login: there is nothing to cut, and one login goes on.
	f.breaks(faultOf(t, `{"kind":"login","delay":"200ms"}`))
	f.breaks(sandbox.Fault{Kind: "expire"})
	harness.Eventually(t, "the login", func() bool { return f.tree.Snapshot().Connection.Pending == 1 })
	f.breaks(sandbox.Fault{Kind: "cut", How: "rst"})
	harness.Eventually(t, "its end", func() bool { return f.x.Stats().Logins == 2 })
	after("a cut during a login", 2)
	// The token ends while the session waits: the next attempt logs in anew, once.
	f.breaks(sandbox.Fault{Kind: "refuse"})
	f.breaks(sandbox.Fault{Kind: "cut"})
	harness.Eventually(t, "a delay", func() bool { return f.tree.Snapshot().Connection.State == "waiting" })
	f.breaks(sandbox.Fault{Kind: "expire"})
	after("an expiry during a backoff", 4)
	f.end(cut)
}

// stops ends a tree in the middle of everything it can be in the middle of.
func stops(t *testing.T) {
	for _, c := range []struct {
		during string
		faults []string
		when   func(*feedtree.Tree, *sandbox.Exchange) bool
	}{
		{"a login", []string{`{"kind":"login","delay":"5s"}`, `{"kind":"expire"}`},
			func(tree *feedtree.Tree, _ *sandbox.Exchange) bool { return tree.Snapshot().Connection.Pending == 1 }},
		{"a dial", []string{`{"kind":"halfopen"}`, `{"kind":"expire"}`},
			func(tree *feedtree.Tree, x *sandbox.Exchange) bool {
				return x.Stats().DispatcherTokens == 2 && tree.Snapshot().Connection.Pending == 1
			}},
		{"a delay", []string{`{"kind":"refuse"}`, `{"kind":"cut"}`},
			func(tree *feedtree.Tree, _ *sandbox.Exchange) bool {
				return tree.Snapshot().Connection.State == "waiting" && tree.Snapshot().Connection.Attempts > 1
			}},
		{"nothing at all", nil, func(*feedtree.Tree, *sandbox.Exchange) bool { return true }},
	} {
		f := begin(t, harness.Moving, func(c *config.Config) {
			c.Session.Backoff = config.Backoff{Min: 20 * time.Millisecond, Max: 400 * time.Millisecond, Factor: 100}
		})
		for _, fault := range c.faults {
			f.breaks(faultOf(t, fault))
		}
		harness.Eventually(t, c.during, func() bool { return c.when(f.tree, f.x) })
		began := time.Now()
		f.tree.Stop(context.Background())
		took, attempts := time.Since(began), f.tree.Snapshot().Connection.Attempts
		f.tree.Stop(context.Background())
		if took > 3*time.Second {
			t.Errorf("the end during %s took %v", c.during, took)
		}
		f.end(cut)
		if n := f.tree.Snapshot().Connection.Attempts; n != attempts {
			t.Errorf("after a stop during %s there were %d attempts more", c.during, n-attempts)
		}
	}
}
