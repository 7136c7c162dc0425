package feedtree

import (
	"context"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/paths"
	"github.com/feedtree/feedtree/supervision"
	"github.com/feedtree/feedtree/telemetry/names"
)

// traced makes the trace of what supervision did, when it is done: a restart with its delay,
// or what has no other end. It gives the context of the log line about it: that of the event
// that was failed on, so that one trace's id leads to all that was said of it, or else that of
// the deed.
func (t *Tree) traced(e supervision.Event) context.Context {
	failed := t.failedOn(e)
	deed := t.traceDecision(e, failed)
	if failed.IsValid() {
		return paths.In(failed)
	}
	return paths.In(deed)
}

// failedOn is the span of what the child of a decision failed on; invalid if that has none,
// and where nothing failed.
func (t *Tree) failedOn(e supervision.Event) trace.SpanContext {
	if !e.Kind.OfFailure() {
		return trace.SpanContext{}
	}
	var last *atomic.Pointer[trace.SpanContext]
	switch {
	case e.Node == config.NodeStrategies:
		if in := t.supervised.instance(e.Child); in != nil {
			return in.Failure()
		}
	case e.Node != rootNode:
	case e.Child == config.NodeDecoder:
		last = &t.failures.decoder
	case e.Child == config.NodeDispatcher:
		last = &t.failures.dispatcher
	}
	if last != nil {
		if sc := last.Load(); sc != nil {
			return *sc
		}
	}
	return trace.SpanContext{}
}

func (t *Tree) traceDecision(e supervision.Event, failed trace.SpanContext) trace.SpanContext {
	if t.paths == nil || e.Kind == supervision.RestartScheduled {
		return trace.SpanContext{} // its end tells it whole
	}
	at := clock.MonoOf(e.At)
	op := paths.Op{Name: strings.ReplaceAll(string(e.Kind), "_", " ") + " " + e.Node, Start: at, End: at, Links: []trace.SpanContext{failed},
		Attrs: []attribute.KeyValue{attribute.String(names.SpanNode, e.Node), attribute.String(names.SpanChild, e.Child),
			attribute.String(names.SpanCause, t.plain(e.Cause))}}
	if e.Kind.OfFailure() || e.Kind == supervision.Flagged {
		op.Attrs = append(op.Attrs, attribute.String(names.ErrorType, e.Class.String()), attribute.Int(names.SpanAttempt, e.Attempt))
	}
	switch e.Kind {
	case supervision.Restarted:
		op.Name, op.Start = "restart "+e.Node, at-int64(e.Delay)
		op.Attrs = append(op.Attrs, attribute.Float64(names.SpanBackoff, e.Delay.Seconds()))
		op.Parts = []paths.Op{{Name: "backoff", Start: op.Start, End: at}}
	case supervision.Abandoned, supervision.RestartedAlong, supervision.Resumed, supervision.Renewed:
	default:
		op.Class, op.Err = e.Class.String(), e.Cause
	}
	return t.paths.Do(op)
}
