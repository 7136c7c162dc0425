// Package cast is who plays in the long runs: strategies that do their work, panic, block, lag
// or are hopeless, a witness beside each, the outages that they live through, and the verdict
// at the end. It is no part of any program.
package cast

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/messages"
)

// Manners say how badly the cast behaves.
type Manners struct {
	Panic, Block            int           // once in so many events
	Slow, Conflating, Aging time.Duration // for each event
	MaxAge                  time.Duration // of an event, for the one that ages
}

// Cast are the strategies: a steady one, and all that others do instead. All methods are safe
// for concurrent use.
type Cast struct {
	m  Manners
	mu sync.Mutex

	rng       *rand.Rand
	witnesses map[string]*Witness
	panics    map[string]uint64
	blocked   []blocked
	blocks    uint64
	woke      sync.WaitGroup
	tame      bool
}

// blocked is a Receive that returns when end is closed.
type blocked struct {
	since time.Time
	end   chan struct{}
}

// New makes a cast whose misbehaviour is drawn from a seed.
func New(seed uint64, m Manners) *Cast {
	return &Cast{m: m, rng: rand.New(rand.NewPCG(seed, 0xca57)), witnesses: map[string]*Witness{}, panics: map[string]uint64{}}
}

// Types are the strategies; call it once.
func (c *Cast) Types() []feedtree.StrategyType {
	list := []feedtree.StrategyType{
		c.plays("steady", nil),
		c.plays("panicky", func() {
			if c.odds(c.m.Panic) {
				c.panic("panicky")
			}
		}),
		c.plays("slow", c.takes(c.m.Slow)),
		c.plays("conflating", c.takes(c.m.Conflating)),
		c.plays("aging", c.takes(c.m.Aging)),
		c.plays("blocking", func() {
			if c.odds(c.m.Block) {
				c.block()
			}
		}),
		c.plays("hopeless", func() { c.panic("hopeless") }),
	}
	c.witnesses["conflating"].conflates = true
	for _, name := range []string{"panicky", "slow", "conflating", "aging", "blocking"} {
		c.witnesses[name].lags = true
	}
	c.witnesses["hopeless"].deaf = true
	return list
}

// Instances are their entries in the configuration, with mailboxes that fit their manners.
func (c *Cast) Instances() (out []config.Strategy) {
	for _, name := range []string{"steady", "panicky", "slow", "conflating", "aging", "blocking", "hopeless"} {
		s := config.DefaultStrategy(name, name)
		switch name {
		case "panicky", "blocking": // by chance they may fail often within minutes; the hopeless one is for the budget's end
			s.Supervision.Budget.Restarts = new(10_000)
		case "slow":
			s.Mailbox.Capacity = 20
		case "conflating":
			s.Mailbox.Capacity, s.Mailbox.Overflow = 10, config.Conflate
		case "aging":
			s.Mailbox.MaxAge = c.m.MaxAge
		}
		out = append(out, s)
	}
	return out
}

// player is one incarnation of a strategy.
type player struct {
	*Witness
	id   int
	does func()
}

func (p *player) Receive(ctx actor.Context) {
	p.see(p.id, ctx.Message())
	if _, ok := ctx.Message().(messages.Event); ok && p.does != nil {
		p.does()
	}
}

// plays registers a strategy type that does something with each event.
func (c *Cast) plays(name string, does func()) feedtree.StrategyType {
	w := newWitness(name)
	c.witnesses[name] = w
	return feedtree.Type(name, func(struct{}) (actor.Actor, error) { return &player{w, w.begin(), does}, nil })
}

// odds draws true once in n times.
func (c *Cast) odds(n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rng.IntN(n) == 0 && !c.tame
}

// takes lets an event take its time.
func (c *Cast) takes(d time.Duration) func() {
	return func() {
		c.mu.Lock()
		tame := c.tame
		c.mu.Unlock()
		if !tame {
			time.Sleep(d)
		}
	}
}

func (c *Cast) panic(name string) {
	c.mu.Lock()
	c.panics[name]++
	c.mu.Unlock()
	panic("as " + name + " does")
}

// block waits until Release.
func (c *Cast) block() {
	c.woke.Add(1)
	defer c.woke.Done()
	b := blocked{time.Now(), make(chan struct{})}
	c.mu.Lock()
	c.blocked = append(c.blocked, b)
	c.blocks++
	c.mu.Unlock()
	<-b.end
}

// Release wakes those who have blocked for longer than that: twice the deadline of a Receive,
// by when they have been replaced.
func (c *Cast) Release(after time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var rest []blocked
	for _, b := range c.blocked {
		if time.Since(b.since) > after {
			close(b.end)
		} else {
			rest = append(rest, b)
		}
	}
	c.blocked = rest
}

// Behave ends all misbehaviour but the hopeless one's. After it, let the last replacement and
// restart be made and the backlogs be read, then Release.
func (c *Cast) Behave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tame = true
}

// Wait blocks until everyone who was released has returned.
func (c *Cast) Wait() { c.woke.Wait() }
