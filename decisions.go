package feedtree

import (
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/paths"
	"github.com/feedtree/feedtree/supervision"
	"github.com/feedtree/feedtree/telemetry/names"
)

// traceDecision makes the trace of what supervision did about a failure, when it is done: a
// restart with its delay, or a decision that has no other end.
func (t *Tree) traceDecision(e supervision.Event) {
	if t.paths == nil || e.Kind == supervision.RestartScheduled {
		return // its end tells it whole
	}
	at := clock.MonoOf(e.At)
	op := paths.Op{Name: strings.ReplaceAll(string(e.Kind), "_", " ") + " " + e.Node, Start: at, End: at, Attrs: []attribute.KeyValue{
		attribute.String(names.SpanNode, e.Node), attribute.String(names.SpanChild, e.Child), attribute.Int(names.SpanAttempt, e.Attempt),
		attribute.String(names.SpanCause, t.plain(e.Cause)), attribute.String(names.ErrorType, e.Class.String())}}
	switch e.Kind {
	case supervision.Restarted:
		op.Name, op.Start = "restart "+e.Node, at-int64(e.Delay)
		op.Attrs = append(op.Attrs, attribute.Float64(names.SpanBackoff, e.Delay.Seconds()))
		op.Parts = []paths.Op{{Name: "backoff", Start: op.Start, End: at}}
	case supervision.Abandoned:
	default:
		op.Class, op.Err = e.Class.String(), e.Cause
	}
	if e.Node == config.NodeStrategies {
		t.mu.Lock()
		in := t.instances[e.Child]
		t.mu.Unlock()
		if in != nil {
			if sc := in.Failure(); sc.IsValid() {
				op.Links = append(op.Links, sc) // to the event that it failed on
			}
		}
	}
	t.paths.Do(op)
}
