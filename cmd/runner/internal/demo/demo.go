// Package demo holds a strategy that does nothing but what it is told to: to look at the
// tree, and to show what supervision does with one that misbehaves.
package demo

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/messages"
)

// Params say how it misbehaves; all zero, it does not.
type Params struct {
	SleepEvery int           `yaml:"sleep_every"` // sleeps on every so manieth event …
	SleepFor   time.Duration `yaml:"sleep_for"`   // … for so long
	PanicEvery int           `yaml:"panic_every"` // panics on every so manieth event
	BlockAfter int           `yaml:"block_after"` // does not return from the event after so many …
	BlockFor   time.Duration `yaml:"block_for"`   // … for so long, 0 for ever
}

// Validate refuses what makes no sense.
func (p Params) Validate() error {
	if p.SleepEvery < 0 || p.PanicEvery < 0 || p.BlockAfter < 0 || p.SleepFor < 0 || p.BlockFor < 0 {
		return fmt.Errorf("sleep_every %d, sleep_for %v, panic_every %d, block_after %d, block_for %v: expected no negative one",
			p.SleepEvery, p.SleepFor, p.PanicEvery, p.BlockAfter, p.BlockFor)
	}
	return nil
}

// Type registers it as "demo".
func Type() feedtree.StrategyType {
	return feedtree.Type("demo", New, feedtree.Defaults(Params{SleepFor: 10 * time.Millisecond}))
}

type strategy struct {
	p    Params
	seen int
}

// New makes the strategy.
func New(p Params) (actor.Actor, error) { return &strategy{p: p}, nil }

// Receive implements actor.Actor.
func (s *strategy) Receive(ctx actor.Context) {
	e, ok := ctx.Message().(messages.Event)
	if !ok {
		return
	}
	s.seen++
	switch {
	case every(s.p.PanicEvery, s.seen):
		panic(fmt.Sprintf("demo: told to panic on every %d. event, and %s was one", s.p.PanicEvery, e.Symbol()))
	case every(s.p.SleepEvery, s.seen):
		time.Sleep(s.p.SleepFor)
	case s.p.BlockAfter > 0 && s.seen > s.p.BlockAfter:
		if p := s.p.BlockFor; p > 0 {
			time.Sleep(p)
			return
		}
		select {}
	}
}

func every(n, seen int) bool { return n > 0 && seen%n == 0 }
