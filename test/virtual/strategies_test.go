package virtual

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/messages"
)

// cast are the day's strategies: one that does its work, and all that others do instead.
type cast struct {
	mu        sync.Mutex
	rng       *rand.Rand
	witnesses map[string]*witness
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

func newCast(seed uint64) *cast {
	return &cast{rng: rand.New(rand.NewPCG(seed, 0xca57)), witnesses: map[string]*witness{}, panics: map[string]uint64{}}
}

// odds draws true once in n times.
func (c *cast) odds(n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rng.IntN(n) == 0 && !c.tame
}

// takes lets an event take its time.
func (c *cast) takes(d time.Duration) func() {
	return func() {
		c.mu.Lock()
		tame := c.tame
		c.mu.Unlock()
		if !tame {
			time.Sleep(d)
		}
	}
}

// behave ends all misbehaviour but the hopeless one's, and waits until the last replacement
// and restart are made, the backlogs read.
func (c *cast) behave() {
	c.mu.Lock()
	c.tame = true
	c.mu.Unlock()
	time.Sleep(time.Minute)
	c.release()
}

// player is one incarnation of a strategy.
type player struct {
	*witness
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
func (c *cast) plays(name string, does func()) feedtree.StrategyType {
	w := newWitness(name)
	c.witnesses[name] = w
	return feedtree.Type(name, func(struct{}) (actor.Actor, error) { return &player{w, w.begin(), does}, nil })
}

// types are the whole cast.
func (c *cast) types() []feedtree.StrategyType {
	list := []feedtree.StrategyType{
		c.plays("steady", nil),
		c.plays("panicky", func() {
			if c.odds(500) {
				c.panic("panicky")
			}
		}),
		c.plays("slow", c.takes(3*time.Second)),
		c.plays("conflating", c.takes(2*time.Second)),
		c.plays("aging", c.takes(2*time.Second)),
		c.plays("blocking", func() {
			if c.odds(1000) {
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

func (c *cast) panic(name string) {
	c.mu.Lock()
	c.panics[name]++
	c.mu.Unlock()
	panic("as " + name + " does")
}

// block waits until release.
func (c *cast) block() {
	c.woke.Add(1)
	defer c.woke.Done()
	b := blocked{time.Now(), make(chan struct{})}
	c.mu.Lock()
	c.blocked = append(c.blocked, b)
	c.blocks++
	c.mu.Unlock()
	<-b.end
}

// release wakes all who have been replaced by now.
func (c *cast) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	var rest []blocked
	for _, b := range c.blocked {
		if time.Since(b.since) > 10*time.Second { // twice the deadline
			close(b.end)
		} else {
			rest = append(rest, b)
		}
	}
	c.blocked = rest
}
