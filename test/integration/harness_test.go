// Package integration runs the whole tree against the whole exchange, over real TLS, and
// looks at what a user's strategy sees and at the ledgers. What breaks in here is broken for
// users.
package integration

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.uber.org/goleak"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/test/sandbox"
)

func TestMain(m *testing.M) {
	level := slog.LevelError + 1
	if os.Getenv("FEEDTREE_TEST_LOG") != "" {
		level = slog.LevelDebug
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})))
	goleak.VerifyTestMain(m)
}

// patience is how long anything may take that takes milliseconds when all is well.
const patience = 20 * time.Second

// exchange starts a sandbox; without a change it publishes nothing by itself.
func exchange(t testing.TB, change func(*sandbox.Config)) *sandbox.Exchange {
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

func moving(c *sandbox.Config) { c.Silent, c.Rate, c.Symbols = false, 2000, 10 }

// configured gives the configuration that connects to an exchange, impatient where the
// defaults are polite.
func configured(t testing.TB, x *sandbox.Exchange, change func(*config.Config)) config.Config {
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

// start starts a tree and stops it with the test, which must then balance.
func start(t testing.TB, c config.Config, types ...feedtree.StrategyType) *feedtree.Tree {
	t.Helper()
	tree, err := feedtree.Start(context.Background(), c, types...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		tree.Stop(context.Background())
		balanced(t, tree.Snapshot())
	})
	return tree
}

func balanced(t testing.TB, s *ledger.Snapshot) {
	t.Helper()
	for name, ok := range s.Ledgers {
		if !ok {
			t.Errorf("%s is false in %+v", name, *s)
		}
	}
}

// eventually waits for a condition, looking often.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	over := time.NewTimer(patience)
	defer over.Stop()
	for !is() {
		select {
		case <-look.C:
		case <-over.C:
			t.Fatalf("waited %v for: %s", patience, what)
		}
	}
}

func ready(t testing.TB, tree *feedtree.Tree) {
	t.Helper()
	eventually(t, "the tree to be ready", func() bool { ok, _ := tree.Ready(); return ok })
}

// record is what a strategy saw, in order.
type record struct {
	mu    sync.Mutex
	lines []string
	seen  []any
}

func (r *record) add(line string, m any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines, r.seen = append(r.lines, line), append(r.seen, m)
}

// all lists what was seen: "event SYMBOL EPOCH", or a notice's type.
func (r *record) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}

func (r *record) count(line string) (n int) {
	for _, l := range r.all() {
		if l == line {
			n++
		}
	}
	return n
}

func (r *record) notice(name string) messages.Notice {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.seen {
		if n, ok := m.(messages.Notice); ok && n.Type() == name {
			return n
		}
	}
	return nil
}

func (r *record) last(name string) (last messages.Notice) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.seen {
		if n, ok := m.(messages.Notice); ok && n.Type() == name {
			last = n
		}
	}
	return last
}

// recorder is a strategy that writes down what it sees, then does what its test wants.
type recorder struct {
	*record
	also func(ctx actor.Context)
}

func (a *recorder) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case messages.Event:
		a.add(fmt.Sprintf("%s %s %d", m.Kind(), m.Symbol(), m.Epoch()), m)
	case messages.Notice:
		a.add(m.Type(), m)
	}
	if a.also != nil {
		a.also(ctx)
	}
}

// recording registers a strategy type that records into r.
func recording(name string, r *record, also func(actor.Context), options ...feedtree.Option) feedtree.StrategyType {
	return feedtree.Type(name, func(struct{}) (actor.Actor, error) { return &recorder{r, also}, nil }, options...)
}
