package chaos

import (
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/cmd/runner/internal/demo"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/test/witness"
)

// The instances with a part of their own.
const (
	recorder   = "recorder"   // sees everything, in order, and is never late
	conflating = "conflating" // too slow, and content with the newest of each topic
	slow       = "slow"       // too slow for its small mailbox
	frantic    = "frantic"    // panics until it is quarantined
	wanderer   = "wanderer"   // takes on symbols and lets go of them
	guest      = "guest"      // comes and goes
)

// cast is the strategies that play along, each a demonstration strategy with its misbehaviour
// and a journal of what it saw.
type cast struct {
	mu       sync.Mutex
	journals map[string]*witness.Journal
	handles  map[string]*feedtree.Handle
}

// params are those of a member of the cast.
type params struct {
	Name       string
	SleepEvery int           `yaml:"sleep_every"`
	SleepFor   time.Duration `yaml:"sleep_for"`
	PanicEvery int           `yaml:"panic_every"`
	BlockAfter int           `yaml:"block_after"`
	BlockFor   time.Duration `yaml:"block_for"`
}

func newCast() *cast {
	return &cast{journals: map[string]*witness.Journal{}, handles: map[string]*feedtree.Handle{}}
}

// strategies lists the instances that are there from the start.
func (c *cast) strategies() []config.Strategy {
	aging := c.member("aging", map[string]any{"sleep_every": 100, "sleep_for": 250 * time.Millisecond})
	aging.Mailbox.MaxAge = 100 * time.Millisecond
	late := c.member(slow, map[string]any{"sleep_every": 10, "sleep_for": 30 * time.Millisecond})
	late.Mailbox.Capacity = 100
	newest := c.member(conflating, map[string]any{"sleep_every": 20, "sleep_for": 30 * time.Millisecond})
	newest.Mailbox.Overflow = config.Conflate
	return []config.Strategy{
		c.member(recorder, nil),
		newest, late, aging,
		c.member("panicky", map[string]any{"panic_every": 700}),
		c.member(frantic, map[string]any{"panic_every": 40}),
		c.member("stuck", map[string]any{"block_after": 2500, "block_for": stuckFor}),
		c.member(wanderer, nil),
	}
}

func (c *cast) member(name string, misbehaviour map[string]any) config.Strategy {
	s := config.DefaultStrategy(name, "chaos")
	s.Params = map[string]any{"name": name}
	for k, v := range misbehaviour {
		s.Params[k] = v
	}
	return s
}

// types registers the cast with a tree.
func (c *cast) types() feedtree.StrategyType {
	return feedtree.Type("chaos", func(p params) (actor.Actor, error) {
		inner, err := demo.New(demo.Params{SleepEvery: p.SleepEvery, SleepFor: p.SleepFor, PanicEvery: p.PanicEvery,
			BlockAfter: p.BlockAfter, BlockFor: p.BlockFor})
		return &member{cast: c, name: p.Name, journal: c.journal(p.Name), inner: inner}, err
	})
}

func (c *cast) journal(name string) *witness.Journal {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.journals[name] == nil {
		c.journals[name] = &witness.Journal{Conflating: name == conflating}
	}
	return c.journals[name]
}

// handle gives a member's handle, nil if it has not started yet.
func (c *cast) handle(name string) *feedtree.Handle {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.handles[name]
}

// member is a strategy that notes what it sees before it misbehaves.
type member struct {
	cast    *cast
	name    string
	journal *witness.Journal
	inner   actor.Actor
}

// Receive implements actor.Actor.
func (m *member) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *actor.Started:
		m.cast.mu.Lock()
		m.cast.handles[m.name] = feedtree.From(ctx)
		m.cast.mu.Unlock()
	default:
		m.journal.See(msg)
	}
	m.inner.Receive(ctx)
}
