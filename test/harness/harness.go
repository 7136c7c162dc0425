// Package harness is what tests of the whole tree share: an exchange, a configuration that
// connects to it, a tree that must balance at its end, strategies that write down what they
// see, and a wait for conditions. What a helper starts ends with the test that it was
// started for. It is no part of any program.
package harness

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/test/sandbox"
)

// Patience is how long anything may take that takes milliseconds when all is well.
const Patience = 20 * time.Second

// Main is a test package's TestMain: no goroutine may be left, but for those that the options
// name, and the tree is silent unless FEEDTREE_TEST_LOG is set.
func Main(m *testing.M, but ...goleak.Option) {
	level := slog.LevelError + 1
	if os.Getenv("FEEDTREE_TEST_LOG") != "" {
		level = slog.LevelDebug
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})))
	goleak.VerifyTestMain(m, but...)
}

// Exchange starts a sandbox; without a change it publishes nothing by itself.
func Exchange(t testing.TB, change func(*sandbox.Config)) *sandbox.Exchange {
	t.Helper()
	c := sandbox.DefaultConfig()
	c.Listen, c.Admin, c.Dir = "127.0.0.1:0", "127.0.0.1:0", t.TempDir()
	c.Silent, c.PerSecond, c.PerMinute = true, 1000, 10000
	if change != nil {
		change(&c)
	}
	x, err := sandbox.Start(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

// Moving is a change for Exchange: a market of ten symbols at 2,000 messages a second.
func Moving(c *sandbox.Config) { c.Silent, c.Rate, c.Symbols = false, 2000, 10 }

// Break puts a fault in force.
func Break(t testing.TB, x *sandbox.Exchange, f sandbox.Fault) {
	t.Helper()
	if _, err := x.Break(f); err != nil {
		t.Fatal(err)
	}
}

// Configured gives the configuration that connects to an exchange, impatient where the
// defaults are polite.
func Configured(t testing.TB, x *sandbox.Exchange, change func(*config.Config)) config.Config {
	t.Helper()
	var environ []string
	for name, value := range x.Environment() {
		environ = append(environ, name+"="+value)
	}
	l, err := config.Load(config.Sources{Environ: environ})
	if err != nil {
		t.Fatal(err)
	}
	c := l.Config
	c.Symbols = []string{"AOT", "PTT"}
	c.Session.Backoff = config.Backoff{Min: 20 * time.Millisecond, Max: 50 * time.Millisecond, Factor: 2}
	c.Supervision.Backoff = config.Backoff{Min: time.Millisecond, Max: 5 * time.Millisecond, Factor: 2}
	c.Supervision.Budget.Restarts = 1_000_000
	if change != nil {
		change(&c)
	}
	return c
}

// Start starts a tree and stops it with the test, which must then balance.
func Start(t testing.TB, c config.Config, types ...feedtree.StrategyType) *feedtree.Tree {
	t.Helper()
	tree, err := feedtree.Start(context.Background(), c, types...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		tree.Stop(context.Background())
		Balanced(t, tree.Snapshot())
	})
	return tree
}

// Balanced fails the test for every ledger that does not hold.
func Balanced(t testing.TB, s *ledger.Snapshot) {
	t.Helper()
	for name, ok := range s.Ledgers {
		if !ok {
			t.Errorf("%s is false in %+v", name, *s)
		}
	}
}

// Eventually waits for a condition, looking often.
func Eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	over := time.NewTimer(Patience)
	defer over.Stop()
	for !is() {
		select {
		case <-look.C:
		case <-over.C:
			t.Fatalf("waited %v for: %s", Patience, what)
		}
	}
}

// Ready waits until the tree is ready.
func Ready(t testing.TB, tree *feedtree.Tree) {
	t.Helper()
	Eventually(t, "the tree to be ready", func() bool { ok, _ := tree.Ready(); return ok })
}
