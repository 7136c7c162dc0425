// Package decoder holds the actor that turns runs of raw messages into runs of typed
// events, and that alone puts notices in order between them.
//
// Receives: *mailbox.Run[raw.Message] from the raw queue; *PutStale, *PutFeedDead from health.
// Emits: runs of flow.Item into the dispatcher's queue, and a touch of the last-seen store
// for each event.
// Owns: nothing. The sequence numbers and the outbox are in State, which the tree owns and
// which survives a restart, as the seam of a roll-over does; so a panic at one message costs
// that message alone: it is counted as decode error "panic" and its bytes are kept.
// Overflow: the raw queue drops its oldest messages and puts an Overflowed notice before
// the first survivor; nothing in here drops.
package decoder

import (
	"errors"
	"log/slog"

	"github.com/asynkron/protoactor-go/actor"
	"go.opentelemetry.io/otel/trace"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/internal/mailbox"
	"github.com/feedtree/feedtree/internal/paths"
	"github.com/feedtree/feedtree/internal/poison"
	"github.com/feedtree/feedtree/internal/ratelog"
	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/internal/seam"
	"github.com/feedtree/feedtree/internal/seen"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// Deps are what the decoder works with; all of it outlives the actor.
type Deps struct {
	Topics *topic.Table
	Seen   *seen.Store
	Feed   *ledger.Feed
	Poison *poison.Store
	Lines  *ratelog.Logger
	State  *State
	Paths  *paths.Tracer // nil traces nothing
	Seams  *seam.Seams
	// Failed is told of each panic: the span of the message that it was on, invalid if there is
	// none; nil if nobody wants to know.
	Failed func(trace.SpanContext)
}

// Decoder is the actor. Make one for each incarnation with Producer.
type Decoder struct{ d Deps }

// Producer gives the function that makes the actor anew at each start.
func Producer(d Deps) actor.Producer {
	return func() actor.Actor { return &Decoder{d: d} }
}

// Receive implements actor.Actor.
func (a *Decoder) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *mailbox.Run[raw.Message]:
		a.onRun(m)
	case *actor.Started:
		a.deliverHeld()
		a.d.State.out.Flush(clock.Mono()) // what a predecessor decoded before it failed
	case *PutStale:
		a.onPutStale(m)
	case *PutFeedDead:
		a.onPutFeedDead(m)
	}
}

func (a *Decoder) onRun(run *mailbox.Run[raw.Message]) {
	began := clock.Mono()
	for {
		m, ok := run.Next()
		if !ok {
			break
		}
		if m.Notice != nil {
			a.onNotice(m, began)
			continue
		}
		a.onMessage(m, began)
	}
	a.d.State.out.Flush(clock.Mono())
}

func (a *Decoder) onMessage(m *raw.Message, began int64) {
	// Staleness is judged here, once; what is decoded is always dispatched.
	if m.Gen.Revoked() {
		a.d.Feed.Stale.Inc()
		return
	}
	if s := a.d.Seams.Current(); s != nil && s.Judge(m) != seam.Deliver {
		return // held until the topics pass to the new connection, or a copy; counted
	}
	a.decode(m, began)
}

func (a *Decoder) decode(m *raw.Message, began int64) {
	t := a.d.Topics.Lookup(m.Topic)
	if t == nil {
		a.onUnknownTopic(m)
		return
	}
	s := a.d.State
	epoch := m.Gen.Epoch()
	seq := s.nextSeq(epoch)
	e, err := codec.Decode(t, m.Payload, messages.Meta{Epoch: epoch, Seq: seq, Wall: m.Wall, Mono: m.Mono})
	if err != nil {
		s.seq-- // a sequence number belongs to an event
		a.onBadPayload(t, m, epoch, began, err)
		return
	}
	a.touch(t, e, m, epoch)
	it := flow.Item{Msg: e, Topic: int32(t.Index), Traced: a.d.Paths.Chosen(epoch, seq), Received: m.Mono, Decoding: began}
	it.SetSize(len(m.Payload))
	s.out.Add(it)
	a.d.Feed.Decoded.Inc()
}

func (a *Decoder) onUnknownTopic(m *raw.Message) {
	a.d.Lines.Log(slog.LevelWarn, "unknown_topic", "message on a topic that nobody subscribed",
		"event", "unknown_topic", "node", "decoder", "topic", topic.Redact(m.Topic), "bytes", len(m.Payload))
	a.d.Feed.UnknownTopic.Inc() // last: should the user's log handler panic, the message is counted as that
}

func (a *Decoder) onBadPayload(t *topic.Topic, m *raw.Message, epoch uint64, began int64, err error) {
	class := string(codec.ClassName(err))
	a.keep(t, m, epoch, class, err.Error())
	traced := a.d.Paths.Undecoded(m, began, class, err.Error())
	a.d.Lines.LogContext(paths.In(traced), slog.LevelWarn, class, "payload refused",
		"event", "decode_error", "node", "decoder", "class", class, "topic", t.Key(), "bytes", len(m.Payload), "error", err)
	if errors.Is(err, codec.ErrOversized) { // counted last, as above
		a.d.Feed.Oversized.Inc()
	} else {
		a.d.Feed.DecodeErrors[codec.ClassOf(err)].Inc()
	}
}

func (a *Decoder) keep(t *topic.Topic, m *raw.Message, epoch uint64, class, reason string) {
	var key string
	if t != nil {
		key = t.Key()
	} else {
		key = topic.Redact(m.Topic)
	}
	a.d.Poison.Keep(poison.Entry{At: wall(m.Wall), Node: "decoder", Class: class, Reason: reason,
		Topic: key, Epoch: epoch, Payload: m.Payload, Mono: m.Mono, Of: t})
}

// OnPanic is the mailbox's failure hook: it counts the message that the decoder panicked
// on and keeps its bytes.
func OnPanic(d Deps) func(m raw.Message, isElement bool, reason any) {
	return func(m raw.Message, isElement bool, reason any) {
		if s := d.Seams.Current(); s != nil {
			if held, ok := s.Failed(); ok {
				m, isElement = held, true
			}
		}
		var traced trace.SpanContext
		if d.Failed != nil {
			defer func() { d.Failed(traced) }()
		}
		if !isElement || m.Gen == nil {
			return
		}
		d.Feed.DecodeErrors[ledger.Panic].Inc()
		traced = d.Paths.Undecoded(&m, m.Mono, ledger.Panic.String(), "the decoder panicked on this payload")
		(&Decoder{d: d}).keep(d.Topics.Lookup(m.Topic), &m, m.Gen.Epoch(), ledger.Panic.String(), "the decoder panicked on this payload")
	}
}
