package strategies

import (
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// ErrReplaced is what an actor is told that does something after it was replaced or stopped.
var ErrReplaced = errors.New("feedtree: this actor was replaced or stopped, so that what it does reaches nobody any more")

// scope is the context that a user's actor works with: the engine's as long as the actor is
// its instance's. Once it was replaced, what would reach somebody reaches nobody and is
// counted, and what it waits for fails at once. There is one for each start of the actor, so
// that it costs an event nothing but a call. What passes by it, such as the system's root
// context or a goroutine of the user's own, is out of its reach.
type scope struct {
	actor.Context
	h *host
}

// ours reports whether the actor still is its instance's, and counts the attempt if not.
func (s *scope) ours() bool {
	if s.h.mine() {
		return true
	}
	s.h.in.Ignored.Inc()
	return false
}

func (s *scope) Send(pid *actor.PID, message any) {
	if s.ours() {
		s.Context.Send(pid, message)
	}
}

func (s *scope) Request(pid *actor.PID, message any) {
	if s.ours() {
		s.Context.Request(pid, message)
	}
}

func (s *scope) RequestWithCustomSender(pid *actor.PID, message any, sender *actor.PID) {
	if s.ours() {
		s.Context.RequestWithCustomSender(pid, message, sender)
	}
}

func (s *scope) RequestFuture(pid *actor.PID, message any, timeout time.Duration) *actor.Future {
	if s.ours() {
		return s.Context.RequestFuture(pid, message, timeout)
	}
	return s.dead()
}

func (s *scope) Respond(response any) {
	if s.ours() {
		s.Context.Respond(response)
	}
}

func (s *scope) Forward(pid *actor.PID) {
	if s.ours() {
		s.Context.Forward(pid)
	}
}

func (s *scope) ReenterAfter(f *actor.Future, continuation func(res any, err error)) {
	if s.ours() {
		s.Context.ReenterAfter(f, continuation)
	}
}

func (s *scope) Watch(pid *actor.PID) {
	if s.ours() {
		s.Context.Watch(pid)
	}
}

func (s *scope) Unwatch(pid *actor.PID) {
	if s.ours() {
		s.Context.Unwatch(pid)
	}
}

// Spawn has no error to give, and a nil PID would spin in the engine's Send: it panics, which
// ends an actor that should have ended long ago.
func (s *scope) Spawn(props *actor.Props) *actor.PID {
	if !s.ours() {
		panic(ErrReplaced)
	}
	return s.Context.Spawn(props)
}

func (s *scope) SpawnPrefix(props *actor.Props, prefix string) *actor.PID {
	if !s.ours() {
		panic(ErrReplaced)
	}
	return s.Context.SpawnPrefix(props, prefix)
}

func (s *scope) SpawnNamed(props *actor.Props, id string) (*actor.PID, error) {
	if !s.ours() {
		return nil, ErrReplaced
	}
	return s.Context.SpawnNamed(props, id)
}

func (s *scope) Stop(pid *actor.PID) {
	if s.ours() {
		s.Context.Stop(pid)
	}
}

func (s *scope) StopFuture(pid *actor.PID) *actor.Future {
	if s.ours() {
		return s.Context.StopFuture(pid)
	}
	return s.dead()
}

func (s *scope) Poison(pid *actor.PID) {
	if s.ours() {
		s.Context.Poison(pid)
	}
}

func (s *scope) PoisonFuture(pid *actor.PID) *actor.Future {
	if s.ours() {
		return s.Context.PoisonFuture(pid)
	}
	return s.dead()
}

// dead is a future that failed already: actor.ErrDeadLetter.
func (s *scope) dead() *actor.Future {
	f := actor.NewFuture(s.ActorSystem(), time.Minute)
	s.ActorSystem().Root.Send(f.PID(), &actor.DeadLetterResponse{})
	return f
}
