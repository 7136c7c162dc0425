package strategies

import (
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/messages"
)

// Replay is an event that a strategy is handed once more, by hand: a control message to its
// actor. It comes between two events of the queue and is outside the queue's counts; a
// failure on it is a failure like any other, and kept like any other.
type Replay struct {
	event messages.Event
	topic int32
	taken atomic.Bool
	done  chan Verdict
}

// Verdict is what came of a replay. Cause is "" when Receive returned.
type Verdict struct {
	Class, Cause string
	Kept         uint64 // where the failure was kept
}

// NewReplay makes a replay of an event, whose topic has a dense index.
func NewReplay(e messages.Event, index int) *Replay {
	return &Replay{event: e, topic: int32(index), done: make(chan Verdict, 1)}
}

// Done gives the verdict, once, if an actor takes the replay and Receive ends.
func (r *Replay) Done() <-chan Verdict { return r.done }

// Withdraw takes back what no actor has taken; false says that it is too late.
func (r *Replay) Withdraw() bool { return r.taken.CompareAndSwap(false, true) }

// onReplay hands the event to the user's actor as if it came from the queue.
func (h *host) onReplay(ctx actor.Context, r *Replay) {
	if !h.mine() || !r.taken.CompareAndSwap(false, true) {
		return
	}
	h.inc.replay.Store(r)
	h.in.Replayed.Inc()
	ctx.Receive(&actor.MessageEnvelope{Message: r.event})
	if h.inc.replay.CompareAndSwap(r, nil) {
		r.done <- Verdict{}
	}
}
