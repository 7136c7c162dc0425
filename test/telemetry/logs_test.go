package telemetry_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/telemetry"
	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/telemetry/logs"
	"github.com/feedtree/feedtree/test/harness"
)

func TestLogLinesGoToTheCollectorWhenAsked(t *testing.T) {
	c := newCollector(t)
	var out bytes.Buffer
	lines := logs.New(logs.Config{Out: &out, JSON: true})
	var seen harness.Record
	tree, _ := watched(t, nil, harness.Recording("recorder", &seen, nil))
	cfg := config.Telemetry{OTLP: config.OTLP{Endpoint: c.url}, Logs: config.TelemetryLogs{OTLP: true}}
	shown, err := telemetry.Start(tree, cfg, telemetry.Options{Log: lines.Logger(), Lines: lines})
	if err != nil {
		t.Fatal(err)
	}
	in := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{15: 7}, SpanID: trace.SpanID{7: 7}})
	lines.Logger().With("node", "x").WarnContext(trace.ContextWithSpanContext(context.Background(), in), "hello", "event", "greeting", "n", 3)
	lines.Logger().Debug("unheard")
	ctx, cancel := context.WithTimeout(context.Background(), harness.Patience)
	defer cancel()
	shown.Stop(ctx)
	lines.Logger().Info("after")
	lines.Close(ctx)
	if len(c.records) != 1 {
		t.Fatalf("%d records", len(c.records))
	}
	r, attrs := c.records[0], map[string]string{}
	for _, kv := range r.Attributes {
		attrs[kv.Key] = kv.Value.GetStringValue()
	}
	if r.Body.GetStringValue() != "hello" || r.SeverityText != "WARN" || attrs["event"] != "greeting" || attrs["node"] != "x" || r.TraceId[15] != 7 || r.SpanId[7] != 7 {
		t.Errorf("%v", r)
	}
	if n := bytes.Count(out.Bytes(), []byte("\n")); n != 2 {
		t.Errorf("%d lines: %s", n, out.String())
	}
}

func TestALogThatNoCollectorTakesIsCountedAndHoldsUpNobody(t *testing.T) {
	c := newCollector(t)
	c.refuse.Store(true)
	var out bytes.Buffer
	lines := logs.New(logs.Config{Out: &out, JSON: true})
	var seen harness.Record
	tree, _ := watched(t, nil, harness.Recording("recorder", &seen, nil))
	cfg := config.Telemetry{OTLP: config.OTLP{Endpoint: c.url}, Logs: config.TelemetryLogs{OTLP: true}}
	shown, err := telemetry.Start(tree, cfg, telemetry.Options{Log: lines.Logger(), Lines: lines})
	if err != nil {
		t.Fatal(err)
	}
	const n = 10_000
	for i := range n {
		lines.Logger().Info("line", "i", i)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	shown.Stop(ctx)
	lines.Close(ctx)
	if got := tree.Telemetry().Dropped[ledger.Logs].Load(); got < n {
		t.Errorf("%d of %d counted as dropped", got, n)
	}
	if tree.Telemetry().ExportFailed[ledger.Logs].Load() == 0 {
		t.Error("no export failed")
	}
}
