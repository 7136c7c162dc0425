// Package supervision decides what comes after a failure, and carries it out.
//
// The decisions are pure functions: BackoffConfig.Delay and Reconnect for delays, of
// restarts and of reconnects alike, and Decide for a failed child. Strategy is the thin
// shell around Decide: the engine's supervisor strategy for one parent. The engine's own
// strategies are not used: its backoff is linear and never gives up, and its default stops a
// child in silence after ten restarts within a millisecond.
//
// Every failure gets exactly one decision, counted when it is made, so that ledger L4
// balances at any moment; a restart counts as pending until its delay is over, and as
// abandoned if the tree or the child ends before that. A failure that escalates is a failure
// of the parent too, with a decision of its own a level up. One child's delay never holds
// another up: each has a timer of its own, and a failed child's mailbox is suspended, not
// its parent.
package supervision

import (
	"context"
	"fmt"
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
	// Happened is told of every decision when it is made, and of every restart when it is
	// carried out. It must not block.
	Happened func(Event)
	// Gone reports whether a child was replaced: whatever it does when it wakes is no failure
	// of anyone's, and it is only stopped. nil if none ever is.
	Gone func(*actor.PID) bool
	// Root is told of an escalation that has no parent to go to; nil below the root.
	Root func(Event)
}

// Event is something supervision did, published when it happens.
type Event struct {
	At      time.Time
	Node    string // the parent
	Child   string
	Kind    string // "restart_scheduled", "restarted", "replaced", "escalated", "quarantined", "stopped" or "abandoned"
	Class   Class
	Cause   string // one line, at most 300 bytes
	Delay   time.Duration
	Attempt int
}

// Status is how a child fares.
type Status struct {
	State    string // "running", "backoff", "quarantined", "stopped" or "escalated"
	Restarts uint64
	Cause    string // of its last failure
	Next     time.Time
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
	status Status
	timer  *time.Timer // of the pending restart
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
	name := childName(pid)
	s.o.Counts.Failures.Inc()
	k := s.kids[name]
	if k == nil {
		k = &kid{status: Status{State: "running"}}
		s.kids[name] = k
	}
	s.drop(k)
	e := Event{At: time.Now().UTC(), Node: s.o.Node, Child: name, Class: ClassOf(reason), Cause: Cause(reason)}
	k.status.Cause = e.Cause
	if s.closed {
		s.o.Counts.Abandoned.Inc()
		e.Kind = "abandoned"
		s.tell(e)
		return
	}
	policy := s.o.Policy(name)
	var d Decision
	d, k.Child = Decide(policy, k.Child, e.Class, clock.Mono(), s.o.Rand)
	e.Delay, e.Attempt = d.Delay, d.Attempt
	switch d.Action {
	case DoRestart:
		e.Kind = "restart_scheduled"
		s.schedule(k, e, parent, pid, scoped(policy.Scope, parent.Children(), pid))
	case DoQuarantine:
		e.Kind = "quarantined"
		s.o.Counts.Quarantined.Inc()
		k.status.State = "quarantined"
		parent.StopChildren(pid)
	case DoStop:
		e.Kind = "stopped"
		s.o.Counts.Stopped.Inc()
		k.status.State = "stopped"
		parent.StopChildren(pid)
	case DoEscalate:
		e.Kind = "escalated"
		s.o.Counts.Escalated.Inc()
		k.status.State = "escalated"
		if s.o.Root == nil {
			parent.EscalateFailure(reason, message)
		}
	}
	s.tell(e)
	if d.Action == DoEscalate && s.o.Root != nil {
		s.o.Root(e)
	}
}

// Stuck decides about a child that does not return, which is a failure like any other but
// that nobody can restart it: within its budget it is to be replaced, at once, which true
// tells; beyond it comes what the policy says, without an escalation: a stuck child must not
// end the tree.
func (s *Strategy) Stuck(child, cause string) (replace bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.kids[child]
	if k == nil {
		k = &kid{}
		s.kids[child] = k
	}
	s.drop(k)
	s.o.Counts.Failures.Inc()
	e := Event{At: time.Now().UTC(), Node: s.o.Node, Child: child, Class: Stuck, Cause: cause}
	k.status.Cause = cause
	var d Decision
	d, k.Child = Decide(s.o.Policy(child), k.Child, Stuck, clock.Mono(), s.o.Rand)
	if replace = d.Action == DoRestart && !s.closed; replace {
		e.Kind, e.Attempt, k.status.State = "replaced", d.Attempt, "running"
		s.o.Counts.Replaced.Inc()
	} else {
		e.Kind, k.status.State = "quarantined", "quarantined"
		s.o.Counts.Quarantined.Inc()
	}
	s.tell(e)
	return replace
}

// schedule restarts the child, and the siblings its scope names, when its delay is over.
func (s *Strategy) schedule(k *kid, e Event, parent actor.Supervisor, pid *actor.PID, siblings []*actor.PID) {
	s.o.Counts.Pending.Add(1)
	k.status.State, k.status.Next = "backoff", e.At.Add(e.Delay)
	var self *time.Timer
	self = time.AfterFunc(e.Delay, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if k.timer != self {
			return // dropped while it was firing
		}
		k.timer = nil
		k.status.State, k.status.Next = "running", time.Time{}
		k.status.Restarts++
		s.o.Counts.Pending.Add(-1)
		s.o.Counts.Restarts.Inc()
		s.o.Counts.Siblings.Add(uint64(len(siblings)))
		e.Kind, e.At = "restarted", time.Now().UTC()
		s.tell(e)
		parent.RestartChildren(pid) // only posts a message
		parent.RestartChildren(siblings...)
	})
	k.timer = self
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
	if k.timer == nil {
		return
	}
	k.timer.Stop()
	k.timer = nil
	s.o.Counts.Pending.Add(-1)
	s.o.Counts.Abandoned.Inc()
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
	return Status{State: "running"}
}

// Failed lists the children that ever failed, by name.
func (s *Strategy) Failed() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.kids))
}

func (s *Strategy) tell(e Event) {
	level := slog.LevelWarn
	switch e.Kind {
	case "restarted":
		level = slog.LevelInfo
	case "escalated", "quarantined", "stopped", "replaced":
		level = slog.LevelError
	}
	s.o.Log.Log(context.Background(), level, "supervision: "+strings.ReplaceAll(e.Kind, "_", " "), "event", e.Kind, "node", e.Node, "child", e.Child,
		"class", e.Class.String(), "cause", e.Cause, "delay", e.Delay.Round(time.Millisecond).String(), "attempt", e.Attempt)
	if s.o.Happened != nil {
		s.o.Happened(e)
	}
}

// childName is the last part of a PID's path, without the number that a replacement bears
// behind a tilde.
func childName(pid *actor.PID) string {
	name := pid.Id[strings.LastIndexByte(pid.Id, '/')+1:]
	name, _, _ = strings.Cut(name, "~")
	return name
}

// Cause renders a failure's reason as one line of at most 300 bytes.
func Cause(reason any) string {
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, fmt.Sprint(reason))
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "")
	}
	return text
}
