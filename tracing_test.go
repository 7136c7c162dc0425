package feedtree_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/logs"
	"github.com/feedtree/feedtree/test/harness"
)

// What the dispatcher fails on is kept nowhere: its trace, with the stack, is all there is.
func TestTheLineOfADispatchersFailureLeadsToTheEventAndItsStack(t *testing.T) {
	var out bytes.Buffer
	lines := logs.New(logs.Config{Out: &out, JSON: true})
	before := slog.Default()
	slog.SetDefault(lines.Logger())
	t.Cleanup(func() { slog.SetDefault(before) })
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans), sdktrace.WithIDGenerator(feedtree.SpanIDs{}))
	cfg := harness.Configured(t, harness.Exchange(t, nil), nil)
	var seen harness.Record
	tree, err := feedtree.Options{TracerProvider: provider}.Start(context.Background(), cfg, harness.Recording("s", &seen, nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Stop(context.Background()) })
	harness.Ready(t, tree)
	now := clock.Now()
	tree.Dispatch(flow.Item{Topic: -7, Received: now.Mono, Decoding: now.Mono, Decoded: now.Mono,
		Msg: messages.NewBidOffer(&messages.BidOfferData{Symbol: "AOT", Meta: messages.Meta{Epoch: 1, Seq: 1 << 40, Wall: now.Wall, Mono: now.Mono}})})
	harness.Eventually(t, "the restart", func() bool { return tree.Snapshot().Supervision.Restarts == 1 })
	tree.Stop(context.Background())
	harness.Balanced(t, tree.Snapshot())
	lines.Close(context.Background())

	all := spans.GetSpans()
	i := slices.IndexFunc(all, func(s tracetest.SpanStub) bool { return s.Name == "dispatch" })
	if i < 0 || !slices.ContainsFunc(all[i].Events, func(e sdktrace.Event) bool { return e.Name == "exception" }) {
		t.Fatalf("no trace with a stack in %d spans", len(all))
	}
	failed := all[i].SpanContext
	for line := range strings.Lines(out.String()) {
		var l struct {
			Event, Child string
			Trace        string `json:"trace_id"`
			Span         string `json:"span_id"`
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		if l.Child == "dispatcher" && (l.Trace != failed.TraceID().String() || l.Span != failed.SpanID().String()) {
			t.Errorf("%s leads to %s/%s, not to %v", l.Event, l.Trace, l.Span, failed)
		}
	}
	if n := strings.Count(out.String(), `"child":"dispatcher"`); n != 2 {
		t.Errorf("%d lines of the dispatcher: %s", n, out.String())
	}
	if i := slices.IndexFunc(all, func(s tracetest.SpanStub) bool { return s.Name == "restart feed" }); i < 0 || len(all[i].Links) != 1 || !all[i].Links[0].SpanContext.Equal(failed) {
		t.Error("the restart does not lead to the event")
	}
}
