package session

import (
	"context"
	"errors"
	"net"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/paths"
	"github.com/feedtree/feedtree/internal/settrade"
	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/telemetry/names"
)

// steps are what something that is traced whole consists of: what was called, for how long, and
// how it ended.
type steps []paths.Op

// did notes a step that began at a clock.Mono and ends now.
func (s *steps) did(name string, began int64, err error, attrs ...attribute.KeyValue) {
	*s = append(*s, operation(name, began, err, attrs...))
}

func (s *steps) login(ctx context.Context, rest REST) (settrade.Token, error) {
	began := clock.Mono()
	t, err := rest.Login(ctx)
	s.did("login", began, err)
	return t, err
}

func (s *steps) refresh(ctx context.Context, rest REST, token settrade.Token) (settrade.Token, error) {
	began := clock.Mono()
	t, err := rest.Refresh(ctx, token)
	s.did("refresh", began, err)
	return t, err
}

func operation(name string, began int64, err error, attrs ...attribute.KeyValue) paths.Op {
	op := paths.Op{Name: name, Start: began, End: clock.Mono(), Attrs: attrs}
	if err != nil {
		op.Class, op.Err = ClassOf(err).String(), err.Error()
	}
	return op
}

// whole traces something that consisted of steps.
func (d *Deps) whole(name string, began int64, err error, done steps, attrs ...attribute.KeyValue) trace.SpanContext {
	op := operation(name, began, err, attrs...)
	op.Parts = done
	return d.Paths.Do(op)
}

func generation(id uint64) attribute.KeyValue {
	return attribute.Int64(names.SpanGeneration, int64(id))
}
func epoch(n uint64) attribute.KeyValue { return attribute.Int64(names.SpanEpoch, int64(n)) }
func server(host string) attribute.KeyValue {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return attribute.String(names.ServerAddress, host)
}

// subscribed traces a SUBSCRIBE up to its answer.
func (d *Deps) subscribed(c *conn, began int64, asked, answered int) {
	var err error
	if answered < asked {
		err = errUnanswered
	}
	op := operation("subscribe", began, err, epoch(c.epoch), attribute.Int(names.SpanTopics, asked), attribute.Int(names.SpanAnswered, answered))
	if err != nil {
		op.Class = "unanswered"
	}
	op.Links = []trace.SpanContext{c.traced}
	d.Paths.Do(op)
}

var errUnanswered = errors.New("not every topic was answered for")

// rolled traces a roll-over from the moment the token was renewed: the connection being made,
// everything being subscribed on it, the old one being read to its end. err says why the new
// one did not take over in order.
func (s *Session) rolled(old, next *conn, err error) trace.SpanContext {
	if s.rollBegan == 0 {
		return trace.SpanContext{}
	}
	began, parting := s.rollBegan, s.partBegan
	s.rollBegan, s.partBegan = 0, 0
	op := operation("roll over", began, err)
	if old != nil {
		op.Attrs = append(op.Attrs, attribute.Int64(names.SpanFrom, int64(old.epoch)))
	}
	if next != nil {
		op.Attrs = append(op.Attrs, epoch(next.epoch), server(next.host))
		op.Links = []trace.SpanContext{next.traced}
		settled := op.End
		if parting != 0 {
			settled = parting
			op.Parts = append(op.Parts, paths.Op{Name: "part", Start: parting, End: op.End})
		}
		op.Parts = append(op.Parts, paths.Op{Name: "connect", Start: began, End: next.since}, paths.Op{Name: "pass topics", Start: next.since, End: settled})
	}
	return s.d.Paths.Do(op)
}

var (
	errLostOld = &Error{Op: "roll over", Class: ledger.FailTransport, Err: errors.New("the old connection was lost before its topics had passed")}
	errLostNew = &Error{Op: "roll over", Class: ledger.FailTransport, Err: errors.New("the new connection was lost before it had taken over")}
)

// outage traces the time from a loss until every wanted subscription was answered again.
func (s *Session) outage(from, to time.Time, reason string) trace.SpanContext {
	op := paths.Op{Name: "outage", Start: clock.MonoOf(from), End: clock.MonoOf(to),
		Attrs: []attribute.KeyValue{epoch(s.cur.epoch), server(s.cur.host), attribute.String(names.SpanCause, reason)},
		Links: []trace.SpanContext{s.cur.traced}}
	return s.d.Paths.Do(op)
}
