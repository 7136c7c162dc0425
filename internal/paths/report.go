package paths

import (
	"context"

	"go.opentelemetry.io/otel/trace"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/internal/mailbox"
	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/telemetry/names"
)

// Asked is what came of a strategy's asking for its context.
type Asked uint8

// Nobody asked; it will have a span; it was one too many.
const (
	NotAsked Asked = iota
	Granted
	Refused
)

// Delivered is told of every event that a strategy took: it has a trace if it was chosen or
// asked for, or took too long. asked is what Ask said of it. It reports whether there will be a
// trace.
func (t *Tracer) Delivered(it *flow.Item, strategy string, start, end int64, asked Asked) bool {
	if t == nil {
		return false
	}
	late := t.cfg.Slow > 0 && end-it.Received > int64(t.cfg.Slow)
	due := it.Traced || asked == Granted
	class := waited
	if end-start > int64(t.cfg.Slow) {
		class = slow // by itself; what waits behind it is late by the thousand
	}
	if !due && !(late && t.take(class)) {
		return false
	}
	why := names.ChosenByRatio
	switch {
	case late:
		why = names.ChosenSlow
	case asked == Granted:
		why = names.ChosenAsked
	}
	return t.send(work{path: Path{Item: *it, Strategy: strategy, Last: Process, Start: start, End: end, chosen: why}})
}

// Failed makes the trace of an event on which a strategy failed, or with strategy "" the
// dispatcher; class is "panic" or "stuck".
// It returns the ids of the span that says so, invalid ones if there will be none.
func (t *Tracer) Failed(it flow.Item, strategy string, start, end int64, asked Asked, class, cause, stack string) trace.SpanContext {
	if t == nil || !(it.Traced || asked == Granted || t.take(failed)) {
		return trace.SpanContext{}
	}
	last := Process
	if strategy == "" {
		last = Dispatch
	}
	if !t.send(work{path: Path{Item: it, Strategy: strategy, Last: last, Start: start, End: end,
		Class: class, Cause: cause, Stack: stack, chosen: names.ChosenFailed}}) {
		return trace.SpanContext{}
	}
	return t.at(&it, strategy, last)
}

// Gone makes the trace of an event that a queue let go of unread: the dispatcher's, or that of
// a strategy. It is asked for every such event, at line rate when a queue overflows.
func (t *Tracer) Gone(it *flow.Item, strategy string, how mailbox.Fate) {
	// What was conflated or thrown away was let go on purpose.
	if t == nil || !(it.Traced || how != mailbox.Conflated && how != mailbox.Discarded && t.take(lost)) {
		return
	}
	last := Dispatch
	if strategy != "" {
		last = Deliver
	}
	t.send(work{path: Path{Item: *it, Strategy: strategy, Last: last, End: clock.Mono(),
		Class: string(how), Cause: string(how) + " by the queue", chosen: chosenLost(it)}})
}

func chosenLost(it *flow.Item) string {
	if it.Traced {
		return names.ChosenByRatio
	}
	return names.ChosenFailed
}

// Unmatched ends the path of an event that no strategy wanted.
func (t *Tracer) Unmatched(it *flow.Item, end int64) {
	if t != nil && it.Traced {
		t.send(work{path: Path{Item: *it, Last: Dispatch, End: end, chosen: names.ChosenByRatio}})
	}
}

// Undecoded makes the trace of a message that never became an event: dropped before the
// decoder had it, with decoding 0, or refused by it. It may be asked at line rate. It returns
// the ids of the span that says so, invalid ones if there will be none.
func (t *Tracer) Undecoded(m *raw.Message, decoding int64, class, cause string) trace.SpanContext {
	why := refused
	if decoding == 0 {
		why = lost
	}
	if t == nil || !t.take(why) {
		return trace.SpanContext{}
	}
	p := Path{Item: flow.Item{Topic: flow.NoTopic, Received: m.Mono, Decoding: decoding}, Last: Receive, End: clock.Mono(),
		Class: class, Cause: cause, chosen: names.ChosenFailed, wall: m.Wall}
	p.Item.SetSize(len(m.Payload))
	if tp := t.cfg.Topics.Lookup(m.Topic); tp != nil {
		p.Item.Topic = int32(tp.Index)
	}
	if m.Gen != nil {
		p.epoch = m.Gen.Epoch()
	}
	if decoding != 0 {
		p.Last = Decode
	}
	p.ids.trace, p.ids.span = IDs{}.NewIDs(context.Background()) // it has no place that they could follow from
	if !t.send(work{path: p}) {
		return trace.SpanContext{}
	}
	return p.ids.context()
}

// Ask makes a context whose span is the strategy's Process of that event, before there is
// one. The event is chosen by it, within the bound; otherwise the span is not sampled, nor
// will be what hangs under it.
func (t *Tracer) Ask(it *flow.Item, strategy string, before Asked) (context.Context, Asked) {
	ctx := context.Background()
	if t == nil {
		return ctx, Refused
	}
	if before == NotAsked {
		if before = Refused; it.Traced || t.take(asked) {
			before = Granted
		}
	}
	k := placeOf(it, strategy)
	c := trace.SpanContextConfig{TraceID: t.traceID(k), SpanID: t.spanID(k, int(Process))}
	if before == Granted {
		c.TraceFlags = trace.FlagsSampled
	}
	ctx = trace.ContextWithSpanContext(ctx, trace.NewSpanContext(c))
	return trace.ContextWithSpan(ctx, promised{trace.SpanFromContext(ctx), t.cfg.Provider}), before
}

// Of gives the ids of an event's path to a strategy, for links and exemplars.
func (t *Tracer) Of(it *flow.Item, strategy string) trace.SpanContext {
	if t == nil {
		return trace.SpanContext{}
	}
	return t.at(it, strategy, Process)
}

// at gives the ids of a stage of an event's path.
func (t *Tracer) at(it *flow.Item, strategy string, s Stage) trace.SpanContext {
	k := placeOf(it, strategy)
	return wanted{t.traceID(k), t.spanID(k, int(s))}.context()
}

// In gives the context of a log line that belongs to a span; a plain one for invalid ids.
func In(sc trace.SpanContext) context.Context {
	return trace.ContextWithSpanContext(context.Background(), sc)
}

// promised is a span that will be made later: nothing can be said on it now, but spans of
// the same provider can hang under it.
type promised struct {
	trace.Span
	provider trace.TracerProvider
}

// TracerProvider implements trace.Span.
func (p promised) TracerProvider() trace.TracerProvider { return p.provider }
