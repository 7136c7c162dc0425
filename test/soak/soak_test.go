// Package soak runs the whole tree against the whole exchange in real time, over real TLS, for
// as long as it is told: thousands of messages a second, an outage every few seconds,
// strategies that panic, block, lag and are hopeless, tokens of some seconds. At the end every
// ledger is exact, a silent feed costs no CPU, and the process holds what it held before (L6).
package soak

import (
	"context"
	"flag"
	"log/slog"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/test/cast"
	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/probe"
	"github.com/feedtree/feedtree/test/sandbox"
)

var (
	duration = flag.Duration("soak.for", 0, "how long; 0 skips")
	seed     = flag.Uint64("soak.seed", 1, "what outages and misbehaviour are drawn from; 0 for any")
	rate     = flag.Float64("soak.rate", 5000, "messages a second")
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError + 1})))
	os.Exit(m.Run())
}

const (
	receiveDeadline = time.Second
	tokenTTL        = 20 * time.Second
	// maxIdle is the share of a core that the tree and the exchange may use while nothing is
	// published: pings, sweeps and watches, some of them four times a second.
	maxIdle = 0.05
	// maxHeap is how much more may be live at any look than at the first quiet ones: queues of
	// strategies that are down, pieces that hold their messages.
	maxHeap = 64 << 20
)

// run is a soak under way.
type run struct {
	*testing.T
	x       *sandbox.Exchange
	tree    *feedtree.Tree
	cast    *cast.Cast
	rng     *rand.Rand
	least   uint64 // outages that certainly were some
	first   probe.Resources
	samples []probe.Resources
}

func TestASoakBalancesAndReturnsWhatItHeld(t *testing.T) {
	if *duration == 0 {
		t.Skip("skipped: it takes an hour; make soak runs it, DURATION=2m for a shorter one")
	}
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("-soak.for=%v -soak.seed=%d -soak.rate=%v", *duration, *seed, *rate)
	// A first, short life fills what is filled once; what is held after it is the baseline.
	(&run{T: t}).live(2 * time.Second)
	base := probe.Take()
	r := &run{T: t}
	r.live(*duration)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := probe.Returned(ctx, base, probe.Slack{}); err != nil {
		t.Errorf("L6: %v", err)
	}
}

// live is a whole life of a tree and its exchange.
func (r *run) live(d time.Duration) {
	r.rng, r.cast = rand.New(rand.NewPCG(*seed, 0x50a4)), cast.New(*seed, cast.Manners{Panic: 5_000, Block: 20_000,
		Slow: 20 * time.Millisecond, Conflating: 10 * time.Millisecond, Aging: 2 * time.Millisecond, MaxAge: 50 * time.Millisecond})
	r.x = exchange(r.T)
	defer r.x.Close()
	var err error
	if r.tree, err = feedtree.Start(context.Background(), r.configuration(), r.cast.Types()...); err != nil {
		r.Fatal(err)
	}
	harness.Ready(r, r.tree)
	until := time.Now().Add(d)
	for time.Until(until) > 0 {
		r.pass()
	}
	r.end(d)
}

// exchange starts a sandbox that ends with the life it is part of, not with the test.
func exchange(t *testing.T) *sandbox.Exchange {
	c := sandbox.DefaultConfig()
	c.Listen, c.Admin, c.Dir = "127.0.0.1:0", "", t.TempDir()
	c.Rate, c.Symbols, c.Seed, c.TokenTTL = *rate, 50, int64(*seed), tokenTTL
	x, err := sandbox.Start(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func (r *run) configuration() config.Config {
	return harness.Configured(r, r.x, func(c *config.Config) {
		def := config.Default()
		c.Symbols = sandboxSymbols
		// The default budget: the hopeless one is to reach its end.
		c.Supervision.Budget, c.Supervision.ReceiveDeadline = def.Supervision.Budget, receiveDeadline
		c.Session.Backoff = config.Backoff{Min: time.Second, Max: 4 * time.Second, Factor: 2}
		c.Poison.Entries = 100
		c.Strategies = r.cast.Instances()
	})
}

// pass breaks something, lets it recover, disturbs, and looks at what the process holds.
func (r *run) pass() {
	o := cast.Outages[r.rng.IntN(len(cast.Outages))]
	if o.Network != cast.Whole || o.Least > 0 && *duration < 10*time.Minute {
		return // no network in memory, and no time to wait for half-open links
	}
	before := r.tree.Snapshot().Connection
	for _, f := range o.Faults {
		harness.Break(r, r.x, f)
	}
	time.Sleep(o.Least + time.Duration(r.rng.Int64N(int64(min(o.Most, 3*time.Second))+1)))
	// Lost, or closed in order for a renewal that then found the exchange broken.
	r.await(o.Name+" to be noticed", func() bool {
		now := r.tree.Snapshot().Connection
		return now.Lost > before.Lost || now.Open == 0
	})
	if r.tree.Snapshot().Connection.Lost > before.Lost {
		r.least++
	}
	r.x.Heal()
	r.await("all to be back after "+o.Name, func() bool { ok, _ := r.tree.Ready(); return ok })
	harness.Break(r, r.x, cast.Nuisances[r.rng.IntN(len(cast.Nuisances))])
	time.Sleep(time.Second)
	r.x.Heal()
	time.Sleep(time.Duration(r.rng.Int64N(int64(5 * time.Second))))
	r.cast.Release(2 * receiveDeadline)
	r.tree.ResumeStrategy("hopeless") // or it is not in quarantine
	r.sample()
}
