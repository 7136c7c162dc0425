package strategies

import (
	"context"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/ctxext"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/internal/hist"
	"github.com/feedtree/feedtree/internal/paths"
	"github.com/feedtree/feedtree/messages"
)

var tracedID = ctxext.NextContextExtensionID()

// traced is an incarnation as its actor's context knows it.
type traced struct {
	in  *Instance
	inc *incarnation
}

// ExtensionID lets the engine keep it in the actor's context.
func (*traced) ExtensionID() ctxext.ContextExtensionID { return tracedID }

// Context gives the context of the event in the actor's hand, whose span is that of its
// Receive; a plain one in any other message, in an actor that is no strategy, and where
// nothing is traced.
func Context(ctx actor.Context) context.Context {
	t, ok := ctx.Get(tracedID).(*traced)
	if !ok || t.in.Paths == nil || !t.inc.hand.Full {
		return context.Background()
	}
	out, answer := t.in.Paths.Ask(&t.inc.hand.Elem, t.in.Name, paths.Asked(t.inc.asked.Load()))
	t.inc.asked.Store(uint32(answer))
	return out
}

// answer is what the actor's asking for its context came to, and forgets it: each event is
// asked for anew.
func (c *incarnation) answer() paths.Asked {
	a := c.asked.Load()
	if a != 0 {
		c.asked.Store(0)
	}
	return paths.Asked(a)
}

// trace is told of every event that the actor took. Where it makes a trace, the buckets that
// the event was counted in lead there.
func (in *Instance) trace(inc *incarnation, it *flow.Item, start, end int64) {
	if in.Paths == nil || !in.Paths.Delivered(it, in.Name, start, end, inc.answer()) {
		return
	}
	sc := in.Paths.Of(it, in.Name)
	tip := hist.Exemplar{TraceID: sc.TraceID(), SpanID: sc.SpanID()}
	if e, ok := it.Msg.(messages.Event); ok {
		tip.Wall = e.WallNanos()
	}
	for _, h := range []struct {
		of   *hist.Exemplars
		took time.Duration
	}{{&in.Times.Latency, clock.Since(start, it.Received)}, {&in.Times.Deliver, clock.Since(start, it.Dispatched)}, {&in.Times.Process, clock.Since(end, start)}} {
		tip.Value = h.took
		h.of.Exemplify(tip)
	}
}

// traceFailure makes the trace of an event that the actor failed on, and keeps its ids for
// the trace of what supervision makes of that.
func (in *Instance) traceFailure(inc *incarnation, it flow.Item, start int64, class, cause, stack string) {
	if in.Paths == nil {
		return
	}
	asked := paths.NotAsked
	if inc != nil {
		asked = inc.answer()
	}
	sc := in.Paths.Failed(it, in.Name, start, clock.Mono(), asked, class, cause, stack)
	in.failure.Store(&sc)
}
