package strategies

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/messages"
)

// host stands in front of the user's actor. It is an actor and no middleware, because the
// engine wraps each message in an envelope for middleware, an allocation an event.
type host struct {
	in   *Instance
	inc  *incarnation
	mine func() bool // false once the actor was replaced
	user actor.Actor
}

// Receive implements actor.Actor.
func (h *host) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		h.onStarted(ctx)
	case *actor.Stopping, *actor.Restarting:
		h.guarded(ctx)
	case *actor.Stopped:
		h.guarded(ctx)
		h.in.end(h.inc)
	default:
		h.user.Receive(ctx)
	}
}

// onStarted makes the user's actor and shows it what must come before any event: Started,
// why its predecessor ended if there was one, and the last known values it asked for.
func (h *host) onStarted(ctx actor.Context) {
	user, err := h.in.New()
	if err != nil {
		panic(fmt.Errorf("strategy %s could not be made: %w", h.in.Name, err))
	}
	h.user = user
	ctx.Set(h.in.Extension)
	ctx.Set(&traced{h.in, h.inc})
	user.Receive(ctx)
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

// guarded hands over the last messages of an actor's life. A panic in one of them would
// resurrect it, hide its end from the tree, or loop: it is logged and goes no further.
func (h *host) guarded(ctx actor.Context) {
	if h.user == nil {
		return
	}
	defer func() {
		if reason := recover(); reason != nil {
			h.in.Lines.Log(slog.LevelError, "strategy_end/"+h.in.Name, "a strategy failed in its last message",
				"event", "strategy_end_failed", "strategy", h.in.Name, "message", fmt.Sprintf("%T", ctx.Message()),
				"cause", oneLine(fmt.Sprint(reason)), "stack", string(debug.Stack()))
		}
	}()
	h.user.Receive(ctx)
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
	if !in.over.closed {
		in.over.closed = true
		close(in.over.done)
	}
}
