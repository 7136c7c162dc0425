package feedtree

import (
	"context"
	"net"
	"runtime/debug"
	"strconv"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
	"go.opentelemetry.io/otel/trace"

	"github.com/feedtree/feedtree/actors/strategies"
	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/internal/paths"
	"github.com/feedtree/feedtree/supervision"
)

// Options are what a tree can be given besides its configuration. The zero value is what
// Start uses.
type Options struct {
	// TracerProvider takes the traces of events' paths and of the feed's rare operations; which
	// events have one says cfg.Telemetry.Traces. nil traces nothing and costs nothing. Package
	// telemetry/tracing makes one from the configuration; one of your own must let the feed
	// choose its spans' ids: sdktrace.WithIDGenerator(feedtree.SpanIDs{}), and sample all of them,
	// since the feed has chosen already. It is yours to shut down, after the tree.
	TracerProvider trace.TracerProvider
	// Version is that of the program, as its spans tell it.
	Version string
}

// SpanIDs generates the ids of spans for a tracer provider: those that the feed asks for,
// else random ones.
type SpanIDs = paths.IDs

// Context gives a context for what a strategy does on account of an event: its span is
// `process NAME` of that event's trace, so that spans begun under it, an order sent, a
// database written, hang there.
//
// Call it inside Receive, on its goroutine; the context may be kept and handed to others.
// The span itself is made when Receive has returned, and takes no attributes; its ids are
// there already, and asking for them chooses the event: its trace is made whatever else
// happens, unless more than cfg.Telemetry.Traces.PerSecond strategies asked in this second,
// and then neither it nor what hangs under it is sampled. For a notice, in an actor that is
// no strategy, and without a tracer provider the context is context.Background().
func Context(ctx actor.Context) context.Context { return strategies.Context(ctx) }

// tracer makes the tree's tracer, nil if there is nowhere to trace to.
func (t *Tree) tracer(o Options) (*paths.Tracer, error) {
	c := t.cfg.Telemetry.Traces
	return paths.New(paths.Config{
		Provider: o.TracerProvider, Version: o.Version,
		Ratio: c.Ratio, Slow: c.Slow, PerSecond: c.PerSecond, Queue: max(c.Queue/8, 256), // a path is six spans
		Topics: t.topics, Server: t.server, Plain: t.plain, Counts: &t.counts.traces, Losses: &t.counts.telemetry,
	})
}

// plain takes out of a text what must not leave the process.
func (t *Tree) plain(text string) string { return t.secrets.Replace(text) }

// failures are the spans of what the feed's own actors failed on last; invalid where that was
// no message or has no trace. Each is its actor's alone, until supervision hears of it.
type failures struct {
	decoder, dispatcher atomic.Pointer[trace.SpanContext]
}

func (f *failures) decoderOn(sc trace.SpanContext) { f.decoder.Store(&sc) }

// dispatchFailed makes the trace of an event that the dispatcher failed on.
func (t *Tree) dispatchFailed(it flow.Item, isEvent bool, reason any) {
	var sc trace.SpanContext
	if t.paths != nil && isEvent {
		sc = t.paths.Failed(it, "", 0, clock.Mono(), paths.NotAsked, "panic", supervision.Cause(reason), string(debug.Stack()))
	}
	t.failures.dispatcher.Store(&sc)
}

// server tells where the connection of an epoch leads to, while it is the current one.
func (t *Tree) server(epoch uint64) (host string, port int) {
	v := t.status.View()
	if v.Epoch != epoch {
		return "", 0
	}
	host, service, err := net.SplitHostPort(v.Host)
	if err != nil {
		return v.Host, 443
	}
	port, _ = strconv.Atoi(service)
	return host, port
}
