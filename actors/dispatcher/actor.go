// Package dispatcher holds the actor that fans events out to strategies by topic.
//
// Receives: *mailbox.Run[flow.Item] from its queue. Emits: runs of flow.Item into the
// strategies' queues. Owns: nothing; the routes, the last known values and the outboxes
// belong to the tree and survive a restart, so a panic at one event, even halfway through
// its fan-out, costs that event alone and what was gathered before it is still delivered.
// Overflow: its queue drops its oldest events and puts an Overflowed notice before the
// first survivor; pushing to a strategy never blocks, whatever that strategy does.
package dispatcher

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/internal/mailbox"
	"github.com/feedtree/feedtree/messages"
)

// Dispatcher is the actor. Make one for each incarnation with Producer.
type Dispatcher struct{ r *Router }

// Producer gives the function that makes the actor anew at each start.
func Producer(r *Router) actor.Producer {
	return func() actor.Actor { return &Dispatcher{r: r} }
}

// Receive implements actor.Actor.
func (d *Dispatcher) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *mailbox.Run[flow.Item]:
		d.onRun(m)
	case *actor.Started:
		d.onStarted()
	}
}

// onStarted passes on what a predecessor gathered before it failed.
func (d *Dispatcher) onStarted() {
	d.r.latest.begin()
	defer d.r.latest.end()
	d.r.flush(clock.Mono())
}

func (d *Dispatcher) onRun(run *mailbox.Run[flow.Item]) {
	began := clock.Mono()
	d.r.latest.begin()
	defer d.r.latest.end()
	for {
		it, ok := run.Next()
		if !ok {
			break
		}
		it.Dispatching = began
		if e, ok := it.Msg.(messages.Event); ok {
			d.r.event(it, e)
		} else if n, ok := it.Msg.(messages.Notice); ok {
			d.r.notice(it, n)
		}
	}
	d.r.flush(clock.Mono())
}
