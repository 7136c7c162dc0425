package supervision

import (
	"context"
	"log/slog"
	"strings"
	"time"
)

// Kind says what happened.
type Kind string

// The kinds of events. Those down to Abandoned are decisions about a failure, but for
// Restarted, which says that a scheduled restart was carried out.
const (
	RestartScheduled Kind = "restart_scheduled"
	Restarted        Kind = "restarted"
	Replaced         Kind = "replaced"
	Quarantined      Kind = "quarantined"
	Stopped          Kind = "stopped"
	Escalated        Kind = "escalated"
	Abandoned        Kind = "abandoned"       // the tree was stopping
	SetAside         Kind = "set_aside"       // one bad message; the child went on
	Flagged          Kind = "stuck"           // a Receive that does not return, of a child that cannot be replaced
	RestartedAlong   Kind = "restarted_along" // with a sibling, by its scope
	Resumed          Kind = "resumed"         // by hand, out of quarantine
	Renewed          Kind = "renewed"         // by hand
)

// OfFailure reports whether it is about a child that failed, and not about one that does not
// return, or was restarted with another or by hand: Class, Attempt and Delay mean nothing then.
func (k Kind) OfFailure() bool {
	switch k {
	case Flagged, RestartedAlong, Resumed, Renewed:
		return false
	}
	return true
}

// The states of a child, but for those that are called as the event that led to them.
const (
	Running = "running"
	Backoff = "backoff"
)

// Event is something supervision did, published when it happens.
type Event struct {
	At       time.Time     `json:"at"`
	Node     string        `json:"node"` // the parent
	Child    string        `json:"child"`
	Kind     Kind          `json:"kind"`
	Class    Class         `json:"class"`
	Cause    string        `json:"cause"` // one line, at most 300 bytes
	Attempt  int           `json:"attempt"`
	Failures uint64        `json:"failures"` // of that child so far
	Delay    time.Duration `json:"delay_ns"` // before the restart; of Restarted, how long it waited
	// Count is how many events alike, one right after the other, this one stands for in a
	// History; At is the time of the last.
	Count uint64 `json:"count"`
}

// Status is how a child fares.
type Status struct {
	State    string // Running, Backoff, or the Kind that ended it
	Restarts uint64
	Replaced uint64
	Cause    string // of its last failure
	Next     time.Time
}

func (s *Strategy) tell(e Event) {
	e.Count = 1
	level := slog.LevelWarn
	switch e.Kind {
	case SetAside:
		level = slog.LevelDebug // the mailbox's owner has logged it, within limits
	case Restarted, RestartedAlong, Resumed, Renewed:
		level = slog.LevelInfo
	case Escalated, Quarantined, Stopped, Replaced, Flagged:
		level = slog.LevelError
	}
	ctx := context.Background()
	if s.o.Trace != nil {
		ctx = s.o.Trace(e)
	}
	log := s.o.Log
	if e.Kind.OfFailure() {
		log = log.With("class", e.Class.String(), "attempt", e.Attempt, "delay", e.Delay.Round(time.Millisecond).String())
	}
	log.Log(ctx, level, "supervision: "+strings.ReplaceAll(string(e.Kind), "_", " "),
		"event", string(e.Kind), "node", e.Node, "child", e.Child, "cause", e.Cause, "failures", e.Failures)
	if s.o.History != nil {
		s.o.History.add(e)
	}
	if s.o.Happened != nil {
		s.o.Happened(e)
	}
}
