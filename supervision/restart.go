package supervision

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// pending is a restart that waits for its delay.
type pending struct {
	event    Event
	timer    *time.Timer
	now      func() // carries it out; the strategy's lock must be held
	siblings []*actor.PID
}

// schedule restarts the child, and the siblings its scope names, when its delay is over.
func (s *Strategy) schedule(k *kid, e Event, parent actor.Supervisor, pid *actor.PID, siblings []*actor.PID) {
	s.o.Counts.Pending.Add(1)
	k.status.State, k.status.Next = Backoff, e.At.Add(e.Delay)
	p := &pending{event: e, siblings: siblings, now: func() {
		s.carryOut(parent, pid, "along with "+e.Child+", which failed: "+e.Cause, map[string]bool{})
	}}
	p.timer = time.AfterFunc(e.Delay, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if k.pending == p { // else it was dropped while it was firing
			p.now()
		}
	})
	k.pending = p
}

// carryOut restarts a child and whom its scope names, and so on for those of them that were
// waiting for a restart of their own: they have had it then. Restarting only posts a message.
func (s *Strategy) carryOut(parent actor.Supervisor, pid *actor.PID, why string, done map[string]bool) {
	name := childName(pid)
	if done[name] {
		return
	}
	done[name] = true
	var siblings []*actor.PID
	if k := s.kid(name); k.pending != nil {
		siblings = k.pending.siblings
		s.restarted(k)
	} else {
		s.o.Counts.Siblings.Inc()
		s.tell(Event{At: time.Now().UTC(), Node: s.o.Node, Child: name, Kind: RestartedAlong, Cause: why, Failures: k.failed})
	}
	parent.RestartChildren(pid)
	for _, sibling := range siblings {
		s.carryOut(parent, sibling, why, done)
	}
}

// restarted counts and tells that a child's pending restart is carried out.
func (s *Strategy) restarted(k *kid) {
	e := k.pending.event
	k.pending.timer.Stop()
	k.pending = nil
	k.status.State, k.status.Next = Running, time.Time{}
	k.status.Restarts++
	s.o.Counts.Pending.Add(-1)
	s.o.Counts.Restarts.Inc()
	now := time.Now().UTC()
	e.Delay = min(e.Delay, now.Sub(e.At)) // less if it was hastened, or had along with another
	e.Kind, e.At = Restarted, now
	s.tell(e)
}

// scoped lists the siblings that a scope restarts along.
func scoped(scope Scope, children []*actor.PID, failed *actor.PID) (out []*actor.PID) {
	if scope == OneForOne {
		return nil
	}
	after := scope == OneForAll
	for _, c := range children {
		if c.Equal(failed) {
			after = true
		} else if after {
			out = append(out, c)
		}
	}
	return out
}

// drop abandons a pending restart.
func (s *Strategy) drop(k *kid) {
	if k.pending == nil {
		return
	}
	k.pending.timer.Stop()
	k.pending, k.status.Next = nil, time.Time{}
	s.o.Counts.Pending.Add(-1)
	s.o.Counts.Abandoned.Inc()
}

// Hasten carries out a restart that waits for its delay, at once; false says that none does.
func (s *Strategy) Hasten(child string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.kids[child]
	if k == nil || k.pending == nil {
		return false
	}
	k.pending.now()
	return true
}
