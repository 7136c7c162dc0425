package paths

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"

	"go.opentelemetry.io/otel/trace"

	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/messages"
)

// IDs generates the ids of spans: those that the context asks for, else random ones. A
// provider that is given to a tree needs it, as sdktrace.WithIDGenerator(IDs{}).
type IDs struct{}

type wanted struct {
	trace trace.TraceID
	span  trace.SpanID
}

// context is that of a sampled span.
func (w wanted) context() trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: w.trace, SpanID: w.span, TraceFlags: trace.FlagsSampled})
}

type wantedKey struct{}

// want makes a context that asks for the ids of the next span. A zero id stands for any.
func want(ctx context.Context, w wanted) context.Context {
	return context.WithValue(ctx, wantedKey{}, w)
}

// NewIDs implements the SDK's IDGenerator.
func (g IDs) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	w, _ := ctx.Value(wantedKey{}).(wanted)
	for !w.trace.IsValid() {
		rand.Read(w.trace[:])
	}
	return w.trace, g.NewSpanID(ctx, w.trace)
}

// NewSpanID implements the SDK's IDGenerator. A context that is handed on below the span it
// asked for, as a user's may be, asks for nothing there: the id is another trace's.
func (IDs) NewSpanID(ctx context.Context, of trace.TraceID) trace.SpanID {
	w, _ := ctx.Value(wantedKey{}).(wanted)
	if w.trace.IsValid() && w.trace != of {
		w.span = trace.SpanID{}
	}
	for !w.span.IsValid() {
		rand.Read(w.span[:])
	}
	return w.span
}

// place is what the ids of a path are made from, so that whoever holds the event can make
// them: nothing has to travel with it.
type place struct {
	epoch, seq uint64
	received   int64 // an epoch's numbers alone would do, if no decoder ever began anew
	strategy   string
}

func placeOf(it *flow.Item, strategy string) place {
	k := place{received: it.Received, strategy: strategy}
	if e, ok := it.Msg.(messages.Event); ok {
		k.epoch, k.seq = e.Epoch(), e.Seq()
	}
	return k
}

// The spans of a path, by number; the stages follow root in their order.
const root = 0

func (t *Tracer) traceID(k place) (id trace.TraceID) {
	sum := t.hash(k, 0xff)
	copy(id[:], sum[:])
	return id
}

func (t *Tracer) spanID(k place, part int) (id trace.SpanID) {
	sum := t.hash(k, byte(part))
	copy(id[:], sum[:])
	return id
}

func (t *Tracer) hash(k place, part byte) [sha256.Size]byte {
	b := make([]byte, 0, 128)
	b = append(b, t.process[:]...)
	b = binary.LittleEndian.AppendUint64(b, k.epoch)
	b = binary.LittleEndian.AppendUint64(b, k.seq)
	b = binary.LittleEndian.AppendUint64(b, uint64(k.received))
	b = append(b, part)
	b = append(b, k.strategy...)
	return sha256.Sum256(b)
}
