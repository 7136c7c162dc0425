package paths

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/internal/mailbox"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/names"
)

// Stage is a stretch of a path, and the number of its span.
type Stage int

// The stages, in order.
const (
	Receive  Stage = iota + 1 // socket read → decode start
	Decode                    // the decoder at work on its run
	Dispatch                  // the dispatcher's queue, and the dispatcher at work
	Deliver                   // the strategy's queue
	Process                   // Receive
)

var stageNames = [...]string{"", "receive", "decode", "dispatch", "deliver", "process"}

// Path is one event's path to one strategy, as far as it got.
type Path struct {
	Item     flow.Item
	Strategy string // "" if it ended before the strategies
	Last     Stage  // the stage in which it ended
	Start    int64  // of Receive, clock.Mono; 0 if it did not get there
	End      int64  // clock.Mono

	// What became of it when it did not get through: the class is error.type.
	Class        string
	Cause, Stack string

	chosen string
	// Of what never became an event: its epoch, when it came, its trace's id and its last span's.
	epoch uint64
	wall  int64
	ids   wanted
}

// edges gives the moments between the stages, in order whatever the clocks' readings raced
// to be: an idle actor's reading may be older than the push that woke it.
func (p *Path) edges() (at [Process + 2]int64) {
	it := &p.Item
	at = [...]int64{0, it.Received, it.Decoding, it.Decoded, it.Dispatched, p.Start, p.End}
	for s := Receive + 1; s <= Process+1; s++ {
		if s > p.Last {
			at[s] = p.End
		}
		at[s] = max(min(at[s], p.End), at[s-1])
	}
	return at
}

// makePath makes the spans of a path.
func (t *Tracer) makePath(p *Path) {
	k := placeOf(&p.Item, p.Strategy)
	at := p.edges()
	// Every moment is a distance from the first, whose wall clock the event knows.
	wall := p.wall
	if e, ok := p.Item.Msg.(messages.Event); ok {
		wall = e.WallNanos()
	}
	when := func(mono int64) time.Time { return time.Unix(0, wall+mono-at[Receive]) }

	template, attrs := t.describe(p)
	ids := wanted{trace: t.traceIDOf(p, k), span: t.spanIDOf(p, k, root)}
	links := t.family.meet(k, ids.context())
	ctx, whole := t.tracer.Start(want(context.Background(), ids), "process "+template, trace.WithNewRoot(),
		trace.WithSpanKind(trace.SpanKindConsumer), trace.WithTimestamp(when(at[Receive])), trace.WithAttributes(attrs...), trace.WithLinks(links...))
	for s := Receive; s <= p.Last; s++ {
		ids.span = t.spanIDOf(p, k, int(s))
		_, span := t.tracer.Start(want(ctx, ids), p.name(s), trace.WithTimestamp(when(at[s])))
		switch {
		case s == Dispatch && p.Item.Dispatching > at[s] && p.Item.Dispatching <= at[s+1]:
			span.AddEvent("taken from the queue", trace.WithTimestamp(when(p.Item.Dispatching)))
		case s == Process:
			span.SetAttributes(key(names.MessagingConsumerGroup).String(p.Strategy))
		}
		if s == p.Last {
			t.fail(span, p, when(at[s+1]))
		}
		span.End(trace.WithTimestamp(when(at[s+1])))
	}
	if p.wrong() {
		whole.SetStatus(codes.Error, t.cfg.Plain(p.Cause))
	}
	whole.End(trace.WithTimestamp(when(at[p.Last+1])))
}

// name is static but for the strategy, of which there are few.
func (p *Path) name(s Stage) string {
	if s >= Deliver {
		return stageNames[s] + " " + p.Strategy
	}
	return stageNames[s]
}

// fail says on the span of the last stage what became of the event.
func (t *Tracer) fail(span trace.Span, p *Path, at time.Time) {
	if p.Class == "" {
		return
	}
	span.SetAttributes(p.outcome()...)
	if !p.wrong() {
		return
	}
	cause := t.cfg.Plain(p.Cause)
	span.SetStatus(codes.Error, cause)
	if p.Stack != "" {
		span.AddEvent("exception", trace.WithTimestamp(at), trace.WithAttributes(key(names.ExceptionType).String(p.Class),
			key(names.ExceptionMessage).String(cause), key(names.ExceptionStacktrace).String(t.cfg.Plain(p.Stack))))
	}
}

// describe gives the template of the path's topic, and the attributes of its root.
func (t *Tracer) describe(p *Path) (template string, attrs []attribute.KeyValue) {
	attrs = []attribute.KeyValue{key(names.MessagingSystem).String(names.MQTT), key(names.MessagingOperation).String(names.Process),
		key(names.MessagingOperationType).String(names.Process), key(names.MessagingBodySize).Int(p.Item.Size()), key(names.SpanChosen).String(p.chosen)}
	epoch := p.epoch
	if e, ok := p.Item.Msg.(messages.Event); ok {
		epoch = e.Epoch()
		attrs = append(attrs, key(names.SpanSeq).Int64(int64(e.Seq())))
	}
	attrs = append(attrs, key(names.SpanEpoch).Int64(int64(epoch)))
	if tp := t.cfg.Topics.At(int(p.Item.Topic)); tp != nil {
		template = tp.Template()
		attrs = append(attrs, key(names.MessagingTemplate).String(template), key(names.SpanKind).String(tp.Kind.String()))
		if tp.Account == "" {
			attrs = append(attrs, key(names.MessagingDestination).String(tp.Name), key(names.SpanSymbol).String(tp.Symbol))
		}
	} else {
		template = "unknown topic"
	}
	if p.Strategy != "" {
		attrs = append(attrs, key(names.MessagingConsumerGroup).String(p.Strategy))
	}
	if host, port := t.cfg.Server(epoch); host != "" {
		attrs = append(attrs, key(names.ServerAddress).String(host), key(names.ServerPort).Int(port))
	}
	return template, append(attrs, p.outcome()...)
}

// wrong reports whether the path ended otherwise than somebody wanted.
func (p *Path) wrong() bool {
	return p.Class != "" && p.Class != string(mailbox.Conflated) && p.Class != string(mailbox.Discarded)
}

func (p *Path) outcome() (attrs []attribute.KeyValue) {
	if p.Class != "" {
		attrs = append(attrs, key(names.SpanOutcome).String(p.Class))
	}
	if p.wrong() {
		attrs = append(attrs, key(names.ErrorType).String(p.Class))
	}
	return attrs
}

// traceIDOf and spanIDOf give the ids of a path's trace and of its spans; a zero one is left
// to chance.
func (t *Tracer) traceIDOf(p *Path, k place) trace.TraceID {
	if k.seq == 0 {
		return p.ids.trace
	}
	return t.traceID(k)
}

func (t *Tracer) spanIDOf(p *Path, k place, part int) trace.SpanID {
	switch {
	case k.seq != 0:
		return t.spanID(k, part)
	case part == int(p.Last):
		return p.ids.span
	}
	return trace.SpanID{}
}

func key(name string) attribute.Key { return attribute.Key(name) }
