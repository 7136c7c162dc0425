package strategies

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/internal/mailbox"
	"github.com/feedtree/feedtree/messages"
)

// host stands in front of the user's actor. It is an actor and no middleware, because the
// engine wraps each message in an envelope for middleware, an allocation an event.
type host struct {
	in   *Instance
	inc  *incarnation
	user actor.Actor
	ctx  actor.Context // what the user's actor is given
}

// mine reports whether the actor is its instance's: false once it was replaced.
func (h *host) mine() bool { return h.in.current.Load() == h.inc }

// Receive implements actor.Actor.
func (h *host) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		h.onStarted(ctx)
	case *actor.Stopping, *actor.Restarting:
		h.guarded()
	case *actor.Stopped:
		h.guarded()
		h.in.end(h.inc)
	case *Replay:
		h.onReplay(ctx, m)
	default:
		h.onMessage()
	}
}

// onMessage hands over whatever needs nothing done. What was sent to an actor before it was
// replaced is left unread.
func (h *host) onMessage() {
	if !h.mine() {
		h.in.Unread.Inc()
		return
	}
	h.user.Receive(h.ctx)
}

// onStarted makes the user's actor and shows it what must come before any event: Started,
// why its predecessor ended if there was one, and the last known values it asked for.
func (h *host) onStarted(ctx actor.Context) {
	user, err := h.in.New()
	if err != nil {
		panic(fmt.Errorf("strategy %s could not be made: %w", h.in.Name, err))
	}
	if user == nil {
		panic(fmt.Sprintf("strategy %s could not be made: its constructor returned no actor and no error", h.in.Name))
	}
	ctx.Set(h.inc.handle)
	ctx.Set(&traced{h.in, h.inc})
	h.user, h.ctx = user, &scope{ctx, h}
	user.Receive(h.ctx)
	if cause := h.in.cause.Swap(nil); cause != nil {
		h.show(ctx, &messages.Restarted{Cause: *cause, Lost: h.in.lost.Swap(0), At: time.Now().UTC()})
	}
	if h.in.Snapshot != nil {
		for _, n := range h.in.Snapshot() {
			h.show(ctx, n)
		}
	}
	if h.mine() {
		h.in.SetState(Running)
	}
}

func (h *host) show(ctx actor.Context, n messages.Notice) {
	ctx.Receive(&actor.MessageEnvelope{Message: n})
}

// guarded hands over the last messages of an actor's life. A failure in one of them would
// resurrect it, hide its end from the tree, or loop: it is logged and goes no further. They
// have a goroutine of their own, because runtime.Goexit cannot be recovered from.
func (h *host) guarded() {
	if h.user == nil {
		return
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		returned := false
		defer func() {
			if !returned {
				h.failedLast(recover())
			}
		}()
		h.user.Receive(h.ctx)
		returned = true
	}()
	<-ended
}

func (h *host) failedLast(reason any) {
	if reason == nil {
		reason = mailbox.ErrGoexit
	}
	h.in.Lines.Log(slog.LevelError, "strategy_end/"+h.in.Name, "a strategy failed in its last message",
		"event", "strategy_end_failed", "node", "strategies", "strategy", h.in.Name, "message", fmt.Sprintf("%T", h.ctx.Message()),
		"cause", h.in.Reason(reason).Error(), "stack", string(debug.Stack()))
}

// end notes that an actor has stopped, if it is the one the instance has.
func (in *Instance) end(inc *incarnation) {
	in.over.Lock()
	defer in.over.Unlock()
	if in.current.Load() != inc {
		return
	}
	if in.renewed.Swap(false) && in.State() != Quarantined {
		in.SetState(Starting)
		return
	}
	if in.State() != Quarantined {
		in.SetState(Stopped)
	}
	in.finish()
}

// NoActor notes that there is no actor, nor will there be one: it was dismissed before it had one,
// or parted from its last.
func (in *Instance) NoActor() {
	in.over.Lock()
	defer in.over.Unlock()
	in.finish()
}

// finish closes Done; over must be locked.
func (in *Instance) finish() {
	if !in.over.closed {
		in.over.closed = true
		close(in.over.done)
	}
}
