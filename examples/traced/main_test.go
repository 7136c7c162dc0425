package main

import (
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/examples/internal/run"
)

func TestTheOrderHangsUnderTheEventThatItWasSentFor(t *testing.T) {
	_, environ := run.Exchange(t)
	loaded, err := config.Load(config.Sources{Environ: environ})
	if err != nil {
		t.Fatal(err)
	}
	cfg := loaded.Config
	cfg.Symbols = []string{"AOT", "PTT"}
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans), sdktrace.WithIDGenerator(feedtree.SpanIDs{}))
	otel.SetTracerProvider(provider)
	tree, err := feedtree.Options{TracerProvider: provider}.Start(t.Context(), cfg, feedtree.Type("taker", newTaker))
	if err != nil {
		t.Fatal(err)
	}
	find := func(name string, is func(tracetest.SpanStub) bool) bool {
		for _, s := range spans.GetSpans() {
			if s.Name == name && is(s) {
				return true
			}
		}
		return false
	}
	found := false
	for end := time.Now().Add(20 * time.Second); !found && time.Now().Before(end); <-time.After(10 * time.Millisecond) {
		found = find("send order", func(order tracetest.SpanStub) bool {
			return find("process taker", func(p tracetest.SpanStub) bool {
				return p.SpanContext.SpanID() == order.Parent.SpanID() && p.SpanContext.TraceID() == order.SpanContext.TraceID()
			})
		})
	}
	tree.Stop(context.Background())
	if !found {
		t.Error("no order under an event's span")
	}
}
