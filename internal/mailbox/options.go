package mailbox

import (
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/telemetry/ledger"
)

// Options describe how a mailbox hands elements to its actor.
type Options[T any] struct {
	// Runs hands over *Run[T]; otherwise Message turns an element into what Receive sees.
	Runs    bool
	Message func(*T) any
	// Delivered is called after each Receive of one element, with the clock.Mono before and
	// after it; the end of one delivery is the start of the next, one clock read for each.
	Delivered func(e *T, isNotice bool, start, end int64)
	// Failed is called when Receive panicked or called Goexit, before the supervisor hears of
	// it; ok says that an element was in hand, which is counted failed.
	Failed func(e T, ok bool, reason any)
	// Hand is where the element that the actor is given one at a time is kept; nil for a place
	// of the mailbox's own. What happens in its Receive may look there, and nobody else.
	Hand *Hand[T]
	// Reason turns what Receive panicked with into what Failed and the supervisor are told, on
	// the goroutine that failed; nil leaves it as it is.
	Reason func(reason any) any
	// Unread counts control messages that an actor's end left unread.
	Unread *ledger.Counter
	// Current points at where the start of the Receive in progress is kept, clock.Mono, 0 when
	// idle; nil if nobody watches.
	Current *atomic.Int64
}

// Hand holds the element of the Receive in progress.
type Hand[T any] struct {
	Elem  T
	Full  bool  // Elem is what Receive was given; false in a control message or a notice
	Start int64 // clock.Mono at which that began
}

// Producer makes mailboxes for successive actors on one queue. Each takes the lease from
// the one before.
func Producer[T any](q *Queue[T], o Options[T]) actor.MailboxProducer {
	return Incarnations(q, func() Options[T] { return o })
}

// Incarnations is Producer with options of its own for each mailbox, so that an actor that
// was replaced and wakes up can be told from the one in its place.
func Incarnations[T any](q *Queue[T], options func() Options[T]) actor.MailboxProducer {
	return func() actor.Mailbox {
		m := &box[T]{q: q, opts: options()}
		if m.hand = m.opts.Hand; m.hand == nil {
			m.hand = &Hand[T]{}
		}
		return m
	}
}
