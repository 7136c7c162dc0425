// Package strategies holds what surrounds a user's actor: its queue, its counters, its
// incarnations, and the host that hands it one message at a time.
//
// Receives (the host, for the user's actor): the queue's events and notices in order, and
// whatever else is sent to the actor's PID. Emits: nothing. Owns: the user's actor; the
// Instance belongs to the tree and outlives it.
// Survives a restart: the queue with all that waits, the counters, the subscriptions. The
// event in hand when the actor panicked is lost, counted failed, and kept for inspection.
// Overflow: the instance's queue drops its oldest events, or conflates them, as configured;
// nobody else notices.
package strategies

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/ctxext"
	"go.opentelemetry.io/otel/trace"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/internal/mailbox"
	"github.com/feedtree/feedtree/internal/paths"
	"github.com/feedtree/feedtree/internal/poison"
	"github.com/feedtree/feedtree/internal/ratelog"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// State says how an instance fares.
type State int32

// The states of an instance.
const (
	Starting State = iota
	Running
	Backoff
	Quarantined
	Stopped
)

var stateNames = [...]string{"starting", "running", "backoff", "quarantined", "stopped"}

func (s State) String() string { return stateNames[s] }

// Config is what an instance is made from. All of it outlives the actor.
type Config struct {
	Name, Type string
	Queue      mailbox.Config[flow.Item]
	// New makes the user's actor; its error counts as a failure of that start.
	New func() (actor.Actor, error)
	// Extension makes what is set in the actor's context, so that the user's code can reach its
	// handle, one for each incarnation; mine is false once that was replaced.
	Extension func(mine func() bool) ctxext.ContextExtension
	// Topic finds a topic by its dense index.
	Topic func(int) *topic.Topic
	// Reason makes an error of text alone of what the user's actor panicked with.
	Reason func(any) error
	// Snapshot lists what a new incarnation is shown before its first event; nil for nothing.
	Snapshot func() []messages.Notice
	Times    *Times // nil for new ones
	Poison   *poison.Store
	Lines    *ratelog.Logger
	Unread   *ledger.Counter
	Paths    *paths.Tracer // nil traces nothing
}

// Instance is one strategy of the tree. Its methods are safe for concurrent use.
type Instance struct {
	Config
	Q        *mailbox.Queue[flow.Item]
	Restarts ledger.Counter
	Replaced ledger.Counter
	Replayed ledger.Counter // events handed over once more, by hand
	Ignored  ledger.Counter // what replaced actors tried that reached nobody

	state   atomic.Int32
	current atomic.Pointer[incarnation]
	number  atomic.Int32 // of replacements
	cause   atomic.Pointer[string]
	lost    atomic.Uint64
	failure atomic.Pointer[trace.SpanContext] // of what it failed on last, if that is an event with a trace
	renewed atomic.Bool                       // its actor is being stopped to be made anew
	over    struct {
		sync.Mutex
		done   chan struct{}
		closed bool
	}
}

// incarnation is one actor on the instance's queue, from its spawn over its restarts to its
// end or its replacement.
type incarnation struct {
	running atomic.Int64 // clock.Mono at which the Receive in progress began, 0 when idle
	hand    mailbox.Hand[flow.Item]
	asked   atomic.Uint32 // paths.Asked, for the event in hand
	handle  ctxext.ContextExtension
	replay  atomic.Pointer[Replay] // the one it is working on
}

// New makes an instance and its queue; errors are those of the queue's configuration.
func New(c Config) (*Instance, error) {
	q, err := mailbox.New(c.Queue)
	if err != nil {
		return nil, err
	}
	if c.Times == nil {
		c.Times = &Times{}
	}
	in := &Instance{Config: c, Q: q}
	in.over.done = make(chan struct{})
	return in, nil
}

// State reads the instance's state.
func (in *Instance) State() State { return State(in.state.Load()) }

// SetState notes what supervision decided.
func (in *Instance) SetState(s State) { in.state.Store(int32(s)) }

// Done is closed when the actor has stopped for good, or until it is resumed.
func (in *Instance) Done() <-chan struct{} {
	in.over.Lock()
	defer in.over.Unlock()
	return in.over.done
}

// Resume takes the instance out of quarantine: its queue takes events again, and the tree may
// give it an actor. The end of the one before may still be to come, and is nobody's then. false
// says that it is not in quarantine.
func (in *Instance) Resume() bool {
	in.over.Lock()
	defer in.over.Unlock()
	if !in.state.CompareAndSwap(int32(Quarantined), int32(Starting)) {
		return false
	}
	in.current.Store(nil)
	if in.over.closed {
		in.over.done, in.over.closed = make(chan struct{}), false
	}
	in.Q.Reopen()
	return true
}

// Renew prepares a stop of its actor after which it is made anew; its successor is told why.
// false says that one is under way: a second stop would be its successor's end.
func (in *Instance) Renew(cause string) bool {
	if !in.renewed.CompareAndSwap(false, true) {
		return false
	}
	in.cause.Store(&cause)
	return true
}

// ActorName is what its actor is called now: the instance's name, and behind a tilde the
// number of its replacements, since the one before may never end.
func (in *Instance) ActorName() string {
	if n := in.number.Load(); n > 0 {
		return fmt.Sprintf("%s~%d", in.Name, n)
	}
	return in.Name
}

// Receiving tells for how long the Receive in progress has been going on, 0 when idle.
func (in *Instance) Receiving() time.Duration {
	if c := in.current.Load(); c != nil {
		if at := c.running.Load(); at != 0 {
			return clock.Since(clock.Mono(), at)
		}
	}
	return 0
}

// GiveUp parts the instance from an actor whose Receive has not returned for longer than
// limit, and reports for how long; false says that there is none. The event in its hand is kept
// and counted failed, and whatever it does when it wakes is nobody's. decide is told the cause and
// says whether there is to be a successor, which bears another name and is told why.
func (in *Instance) GiveUp(limit time.Duration, decide func(cause string) (replace bool)) (since time.Duration, ok bool) {
	old := in.current.Load()
	if old == nil {
		return 0, false
	}
	at := old.running.Load()
	if since = clock.Since(clock.Mono(), at); at == 0 || since <= limit {
		return 0, false
	}
	// It may return at this very moment, and is at its next event then: that is not stuck.
	it, had, ok := in.Q.RevokeIf(func() bool { return old.running.Load() == at })
	if !ok {
		return 0, false
	}
	cause := fmt.Sprintf("stuck: Receive has not returned for %v", since.Round(time.Millisecond))
	in.cause.Store(&cause)
	in.current.CompareAndSwap(old, nil)
	if had {
		in.lost.Add(1)
		in.keep(&it, "stuck", cause, "")
		in.traceFailure(old, it, at, "stuck", cause, "")
	} else {
		in.failure.Store(nil) // of an event before this
	}
	in.failedReplay(old, "stuck", cause, "")
	replace := decide(cause)
	in.renewed.Store(false) // it is, by this
	if replace {
		in.SetState(Starting)
	}
	in.number.Add(1) // last: nobody has a successor before that is decided
	return since, true
}

// GivenUp reports whether the instance is parted from the actor it had last: a failure of that one
// is nobody's.
func (in *Instance) GivenUp() bool { return in.current.Load() == nil }

// Abandon parts the instance from its actor for good: it was stopped and did not return.
func (in *Instance) Abandon() { in.current.Store(nil) }

// Props makes the props of the instance's next actor. more is what the tree adds.
func (in *Instance) Props(more ...actor.PropsOption) *actor.Props {
	inc := &incarnation{}
	mine := func() bool { return in.current.Load() == inc }
	inc.handle = in.Extension(mine)
	box := mailbox.Incarnations(in.Q, func() mailbox.Options[flow.Item] {
		in.current.Store(inc)
		return mailbox.Options[flow.Item]{
			Message: func(it *flow.Item) any { return it.Msg },
			Delivered: func(it *flow.Item, isNotice bool, start, end int64) {
				if mine() {
					in.delivered(inc, it, isNotice, start, end)
				}
			},
			Reason: func(reason any) any { return in.Reason(reason) },
			Failed: func(it flow.Item, isEvent bool, reason any) {
				if mine() {
					in.failed(inc, it, isEvent, reason.(error).Error())
				}
			},
			Unread: in.Unread, Current: &inc.running, Hand: &inc.hand,
		}
	})
	host := func() actor.Actor { return &host{in: in, inc: inc} }
	return actor.PropsFromProducer(host, append(more, actor.WithMailbox(box))...)
}

func (in *Instance) delivered(inc *incarnation, it *flow.Item, isNotice bool, start, end int64) {
	if !isNotice {
		in.Times.record(it, start, end)
		in.trace(inc, it, start, end)
	}
}

// failed keeps what the strategy failed on and what its successor will be told.
func (in *Instance) failed(inc *incarnation, it flow.Item, isEvent bool, cause string) {
	in.cause.Store(&cause)
	if !isEvent {
		in.failure.Store(nil) // of an event before this
		in.failedReplay(inc, "panic", cause, string(debug.Stack()))
		return
	}
	in.lost.Add(1)
	stack := string(debug.Stack())
	in.traceFailure(inc, it, inc.hand.Start, "panic", cause, stack)
	in.keep(&it, "panic", cause, stack)
	e, ok := it.Msg.(messages.Event)
	if !ok {
		return
	}
	in.Lines.LogContext(paths.In(in.Failure()), slog.LevelError, "strategy_panic/"+in.Name, "a strategy failed on an event",
		"event", "strategy_failed", "node", "strategies", "strategy", in.Name, "kind", e.Kind().String(), "epoch", e.Epoch(), "seq", e.Seq(), "cause", cause)
}

// failedReplay keeps the event of a replay that failed again, and tells who asked for it.
func (in *Instance) failedReplay(inc *incarnation, class, cause, stack string) {
	if r := inc.replay.Swap(nil); r != nil {
		it := flow.Item{Msg: r.event, Topic: r.topic}
		r.done <- Verdict{Class: class, Cause: cause, Kept: in.keep(&it, class, cause, stack)}
	}
}

// keep puts an event that a strategy failed on where a person can look at it, re-encoded,
// and returns its number there.
func (in *Instance) keep(it *flow.Item, class, cause, stack string) uint64 {
	e, ok := it.Msg.(messages.Event)
	if !ok {
		return 0
	}
	return in.Poison.Keep(poison.Entry{At: time.Unix(0, e.WallNanos()).UTC(), Node: poison.OfStrategy(in.Name), Class: class,
		Reason: cause, Topic: e.Kind().String(), Epoch: e.Epoch(), Seq: e.Seq(), Mono: e.MonoNanos(), Of: in.Topic(int(it.Topic)),
		Payload: codec.Append(nil, e), Stack: stack})
}

// Failure is the span of the event that the strategy failed on last; invalid if that has none,
// and if it failed on something else since.
func (in *Instance) Failure() trace.SpanContext {
	if sc := in.failure.Load(); sc != nil {
		return *sc
	}
	return trace.SpanContext{}
}

// Counts reads the instance's terms of L2b; matched is counted by the dispatcher.
func (in *Instance) Counts(matched uint64) ledger.Strategy {
	c := in.Q.Counts()
	return ledger.Strategy{
		Type: in.Type, State: in.State().String(), Matched: matched,
		Pushed: c.Pushed, Delivered: c.Delivered, Failed: c.Failed, Dropped: c.Dropped, Conflated: c.Conflated,
		Expired: c.Expired, Queued: uint64(c.Queued), Discarded: c.Discarded, Notices: c.Notices,
		Restarts: in.Restarts.Load(), Replaced: in.Replaced.Load(), Replayed: in.Replayed.Load(), Ignored: in.Ignored.Load(),
		HighWater: c.HighWater, Capacity: c.Capacity,
	}
}
