// Package supervision decides what comes after a failure, and carries it out.
//
// The decisions are pure functions: BackoffConfig.Delay and Reconnect for delays, of
// restarts and of reconnects alike, and Decide for a failed child. Strategy is the thin
// shell around Decide: the engine's supervisor strategy for one parent. The engine's own
// strategies are not used: its backoff is linear and never gives up, and its default stops a
// child silently after ten restarts within a millisecond.
//
// Every failure gets exactly one decision, counted when it is made, so that ledger L4
// balances at any moment; a restart counts as pending until its delay is over, and as
// abandoned if the tree or the child ends before that. A failure that escalates is a failure
// of the parent too, with a decision of its own a level up. One child's delay never holds
// another up: each has a timer of its own, and a failed child's mailbox is suspended, not
// its parent. A scope restarts siblings, which are counted apart; one that was waiting for a
// restart of its own has had it then.
//
// Each decision is an Event, published when it is made: Options.Happened is told, and History
// keeps the last ones.
package supervision

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// Options describe a parent's strategy.
type Options struct {
	Node   string // the parent's name, for logs and events
	Policy func(child string) Policy
	Counts *ledger.Supervision
	Log    *slog.Logger
	Rand   func() float64
	// History keeps the events; nil for nowhere.
	History *History
	// Trace makes the trace of what an event tells, if there is one to make, and gives the
	// context that its log line is written in; nil for none. It comes before Happened, and must
	// neither block nor call the strategy, as that must not.
	Trace func(Event) context.Context
	// Happened is told of every event when it happens.
	Happened func(Event)
	// Gone reports whether a child was replaced: whatever it does when it wakes is no failure
	// of anyone's, and it is only stopped. nil if none ever is.
	Gone func(*actor.PID) bool
	// Root is told of an escalation that has no parent to go to; nil below the root.
	Root func(Event)
}

// Strategy is the supervisor strategy of one parent. All methods are safe for concurrent use.
type Strategy struct {
	o Options

	mu     sync.Mutex
	closed bool
	kids   map[string]*kid
}

type kid struct {
	Child
	status  Status
	failed  uint64
	pending *pending
}

// NewStrategy makes the strategy of one parent.
func NewStrategy(o Options) *Strategy { return &Strategy{o: o, kids: map[string]*kid{}} }

// HandleFailure implements actor.SupervisorStrategy; the engine calls it on the parent's
// goroutine.
func (s *Strategy) HandleFailure(_ *actor.ActorSystem, parent actor.Supervisor, pid *actor.PID, _ *actor.RestartStatistics, reason, message any) {
	if s.o.Gone != nil && s.o.Gone(pid) {
		parent.StopChildren(pid)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name, class := childName(pid), ClassOf(reason)
	k, policy := s.kid(name), s.o.Policy(name)
	var d Decision
	d, k.Child = Decide(policy, k.Child, class, clock.Mono(), s.o.Rand)
	e := Event{At: time.Now().UTC(), Node: s.o.Node, Child: name, Class: class, Cause: Cause(reason), Delay: d.Delay, Attempt: d.Attempt}
	k.status.Cause = e.Cause
	if d.Action == DoSetAside {
		s.setAside(k, e, parent, pid)
		return
	}
	s.failed(k, &e)
	switch {
	case s.closed:
		s.o.Counts.Abandoned.Inc()
		e.Kind = Abandoned
	case d.Action == DoEscalate:
		s.escalated(k, &e)
		if s.o.Root == nil {
			parent.EscalateFailure(reason, message)
		}
	case d.Action == DoQuarantine, d.Action == DoStop:
		s.ended(k, &e, d.Action)
		parent.StopChildren(pid)
	default: // whoever can fail can be restarted: a replacement is for Stuck
		e.Kind = RestartScheduled
		s.schedule(k, e, parent, pid, scoped(policy.Scope, parent.Children(), pid))
	}
	s.tell(e)
	if e.Kind == Escalated && s.o.Root != nil {
		s.o.Root(e)
	}
}

// Stuck decides about a child that does not return, which is a failure like any other but
// that nobody can restart it: within its budget it is to be replaced, at once, which true
// tells; beyond it, it is put in quarantine or stopped.
func (s *Strategy) Stuck(child, cause string) (replace bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.kid(child)
	e := Event{At: time.Now().UTC(), Node: s.o.Node, Child: child, Class: Stuck, Cause: cause}
	k.status.Cause = cause
	s.failed(k, &e)
	var d Decision
	d, k.Child = Decide(s.o.Policy(child), k.Child, Stuck, clock.Mono(), s.o.Rand)
	e.Attempt = d.Attempt
	switch {
	case s.closed:
		s.o.Counts.Abandoned.Inc()
		e.Kind = Abandoned
	case d.Action == DoReplace:
		e.Kind, k.status.State, replace = Replaced, Running, true
		k.status.Replaced++
		s.o.Counts.Replaced.Inc()
	default:
		s.ended(k, &e, d.Action)
	}
	s.tell(e)
	return replace
}

// Flag publishes that a child does not return which cannot be replaced: it is no failure that
// anything could be decided about.
func (s *Strategy) Flag(child, cause string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.o.Counts.Stuck.Inc()
	s.tell(Event{At: time.Now().UTC(), Node: s.o.Node, Child: child, Kind: Flagged, Class: Stuck, Cause: cause, Failures: s.kid(child).failed})
}

func (s *Strategy) kid(name string) *kid {
	k := s.kids[name]
	if k == nil {
		k = &kid{status: Status{State: Running}}
		s.kids[name] = k
	}
	return k
}

// failed counts a failure, which takes the place of a restart that was waiting.
func (s *Strategy) failed(k *kid, e *Event) {
	s.drop(k)
	s.o.Counts.Failures.Inc()
	k.failed++
	e.Failures = k.failed
}

// setAside lets a child go on that failed on one bad message, which its mailbox has kept.
func (s *Strategy) setAside(k *kid, e Event, parent actor.Supervisor, pid *actor.PID) {
	e.Kind, e.Failures = SetAside, k.failed
	s.o.Counts.SetAside.Inc()
	parent.ResumeChildren(pid)
	s.tell(e)
}

func (s *Strategy) escalated(k *kid, e *Event) {
	e.Kind, k.status.State = Escalated, string(Escalated)
	s.o.Counts.Escalated.Inc()
}

// ended takes a child out of service.
func (s *Strategy) ended(k *kid, e *Event, a Action) {
	e.Kind = Quarantined
	count := &s.o.Counts.Quarantined
	if a == DoStop {
		e.Kind, count = Stopped, &s.o.Counts.Stopped
	}
	count.Inc()
	k.status.State = string(e.Kind)
}

// ByHand publishes what a person did to a child.
func (s *Strategy) ByHand(child string, k Kind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.o.Counts.Manual.Inc()
	s.tell(Event{At: time.Now().UTC(), Node: s.o.Node, Child: child, Kind: k, Cause: "by hand", Failures: s.kid(child).failed})
}

// Forget takes a child that ends for other reasons out of supervision.
func (s *Strategy) Forget(child string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.kids[child]; k != nil {
		s.drop(k)
		delete(s.kids, child)
	}
}

// ParentRestarts notes that all children are about to be made anew along with their parent:
// those that waited for a restart have it, and one that escalated is served.
func (s *Strategy) ParentRestarts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.kids)) {
		k := s.kids[name]
		if k.pending != nil {
			s.restarted(k)
		}
		if k.status.State == string(Escalated) {
			k.status.State = Running
		}
	}
}

// Close abandons every pending restart; from now on nothing is restarted.
func (s *Strategy) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, k := range s.kids {
		s.drop(k)
	}
}

// Status tells how a child fares; one that never failed is running.
func (s *Strategy) Status(child string) Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.kids[child]; k != nil {
		return k.status
	}
	return Status{State: Running}
}

// Failed lists the children that ever failed, by name.
func (s *Strategy) Failed() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.kids))
}

// childName is the last part of a PID's path, without the number that a replacement bears
// behind a tilde.
func childName(pid *actor.PID) string {
	name := pid.Id[strings.LastIndexByte(pid.Id, '/')+1:]
	name, _, _ = strings.Cut(name, "~")
	return name
}
