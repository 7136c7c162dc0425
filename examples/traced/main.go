// Command traced shows what a strategy did on account of an event within that event's trace:
// from the socket over the queues to the order that it sent.
//
//	go run ./traced run --sandbox --trace-stdout
//	OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://localhost:4317 go run ./traced run --sandbox
package main

import (
	"context"

	"github.com/asynkron/protoactor-go/actor"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/cmd/runner/app"
	"github.com/feedtree/feedtree/messages"
)

// taker buys what is offered in a book that is heavy on the bid side.
type taker struct{ tracer trace.Tracer }

func newTaker(struct{}) (actor.Actor, error) {
	return &taker{otel.Tracer("example.com/taker")}, nil // the runner's provider, or your own program's
}

// Receive is called with one message at a time.
func (t *taker) Receive(ctx actor.Context) {
	e, ok := ctx.Message().(*messages.BidOffer)
	if !ok || e.IsAuction() || e.BestAsk().Volume == 0 || e.BestBid().Volume < 5*e.BestAsk().Volume {
		return
	}
	// Asking for the context chooses the event for a trace, so ask where there is something to
	// show. It may outlive Receive: the order goes on in the background.
	go t.send(feedtree.Context(ctx), e.Symbol(), e.BestAsk())
}

func (t *taker) send(ctx context.Context, symbol string, at messages.Level) {
	ctx, span := t.tracer.Start(ctx, "send order", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("symbol", symbol), attribute.String("price", at.Price.String()), attribute.Int64("volume", at.Volume)))
	defer span.End()
	if err := broker(ctx, symbol, at); err != nil {
		span.SetStatus(codes.Error, err.Error())
	}
}

// broker is where your broker's client would be given ctx.
func broker(context.Context, string, messages.Level) error { return nil }

func main() { app.Main(feedtree.Type("taker", newTaker)) }
