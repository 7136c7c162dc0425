package paths

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/telemetry/names"
)

// Op is something the feed did that is rare and no event's path, whole: a login, a connection,
// a restart with its delay. It is traced always, out of every bound but the queue's.
type Op struct {
	Name       string
	Start, End int64 // clock.Mono
	Attrs      []attribute.KeyValue
	Class      string // error.type; "" for a success
	Err        string
	Parts      []Op // of it, each within it
	Links      []trace.SpanContext

	ids wanted
}

// Do makes a trace of what was done, and gives the ids of its span for others to lead to;
// invalid ones if there will be none.
func (t *Tracer) Do(op Op) trace.SpanContext {
	if t == nil {
		return trace.SpanContext{}
	}
	op.ids.trace, op.ids.span = IDs{}.NewIDs(context.Background())
	if !t.send(work{op: &op}) {
		return trace.SpanContext{}
	}
	return op.ids.context()
}

func (t *Tracer) makeOp(op *Op) {
	wall := clock.WallAt(op.Start)
	t.makePart(want(context.Background(), op.ids), op, func(mono int64) time.Time { return time.Unix(0, wall+mono-op.Start) }, op.Start, op.End)
}

func (t *Tracer) makePart(ctx context.Context, op *Op, when func(int64) time.Time, from, to int64) {
	from, to = min(max(op.Start, from), to), max(min(op.End, to), from)
	options := []trace.SpanStartOption{trace.WithTimestamp(when(from)), trace.WithAttributes(op.Attrs...)}
	for _, sc := range op.Links {
		if !sc.IsValid() {
			continue
		}
		options = append(options, trace.WithLinks(trace.Link{SpanContext: sc}))
	}
	ctx, span := t.tracer.Start(ctx, op.Name, options...)
	ctx = want(ctx, wanted{})
	for i := range op.Parts {
		t.makePart(ctx, &op.Parts[i], when, from, to)
	}
	if op.Class != "" {
		span.SetAttributes(key(names.ErrorType).String(op.Class))
		span.SetStatus(codes.Error, t.cfg.Plain(op.Err))
	}
	span.End(trace.WithTimestamp(when(to)))
}
