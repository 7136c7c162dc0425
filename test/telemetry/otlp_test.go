package telemetry_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/telemetry"
	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/test/harness"
)

// pushed runs a tree to its end with a collector and returns the last counters.
func pushed(t *testing.T, c *collector, change func(*config.Config)) *ledger.Snapshot {
	t.Helper()
	var seen harness.Record
	tree, shown := watched(t, change, harness.Recording("recorder", &seen, nil))
	tree.Stop(context.Background())
	ctx, cancel := context.WithTimeout(context.Background(), harness.Patience)
	defer cancel()
	shown.Stop(ctx)
	return tree.Snapshot()
}

func sum(m *metricspb.Metric) (n uint64) {
	for _, p := range m.GetSum().GetDataPoints() {
		n += uint64(p.GetAsInt())
	}
	return n
}

func TestACollectorIsToldTheLedgersToTheLastMessage(t *testing.T) {
	c := newCollector(t)
	s := pushed(t, c, func(cfg *config.Config) {
		cfg.Telemetry.OTLP.Endpoint, cfg.Telemetry.OTLP.Headers = c.url, "x-key=hunter2, x-more=b"
	})
	if got := sum(c.metric("feedtree.feed.received")); got != s.Feed.Received || got == 0 {
		t.Errorf("received: %d sent, %d counted", got, s.Feed.Received)
	}
	if got := sum(c.metric("messaging.client.consumed.messages")); got != s.Strategies["one"].Delivered {
		t.Errorf("consumed: %d sent, %d counted", got, s.Strategies["one"].Delivered)
	}
	if got := c.headers.Get("x-key"); len(got) != 1 || got[0] != "hunter2" {
		t.Errorf("header %v", got)
	}
	attrs := map[string]string{}
	for _, kv := range c.resource.Attributes {
		attrs[kv.Key] = kv.Value.GetStringValue()
	}
	if attrs["service.name"] != "feedtree" || len(attrs["service.instance.id"]) != 36 || attrs["service.version"] != "v1" {
		t.Errorf("resource %v", attrs)
	}
	for _, name := range []string{"go.memory.used", "process.cpu.time", "process.memory.usage"} {
		if c.metric(name) == nil {
			t.Errorf("no %s", name)
		}
	}
	h := c.metric("messaging.process.duration").GetExponentialHistogram().GetDataPoints()
	if len(h) != 1 || h[0].Count != s.Strategies["one"].Delivered {
		t.Fatalf("%v", h)
	}
	n := h[0].ZeroCount
	for _, b := range h[0].Positive.BucketCounts {
		n += b
	}
	if n != h[0].Count || !(h[0].GetSum() > 0) || !(h[0].GetMax() > 0) {
		t.Errorf("%d in buckets of %d; sum %v, max %v", n, h[0].Count, h[0].GetSum(), h[0].GetMax())
	}
}

func TestTheStandardVariablesSayWhatTheConfigurationDoesNot(t *testing.T) {
	c := newCollector(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.url)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-from=variables")
	t.Setenv("OTEL_SERVICE_NAME", "my-feed")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=left")
	t.Setenv("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "explicit_bucket_histogram")
	s := pushed(t, c, nil)
	attrs := map[string]string{}
	for _, kv := range c.resource.Attributes {
		attrs[kv.Key] = kv.Value.GetStringValue()
	}
	if attrs["service.name"] != "my-feed" || attrs["service.instance.id"] != "left" || c.headers.Get("x-from") == nil {
		t.Errorf("resource %v, headers %v", attrs, c.headers)
	}
	h := c.metric("messaging.process.duration").GetHistogram().GetDataPoints()
	if len(h) != 1 || h[0].Count != s.Strategies["one"].Delivered || h[0].ExplicitBounds[0] != 1e-6 {
		t.Errorf("%v", h)
	}
}

func TestWithoutAnAddressNothingIsSent(t *testing.T) {
	c := newCollector(t)
	pushed(t, c, nil)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.url)
	t.Setenv("OTEL_SDK_DISABLED", "TRUE")
	pushed(t, c, nil)
	if len(c.metrics) > 0 {
		t.Errorf("%d metrics were sent", len(c.metrics))
	}
}

func TestACollectorThatIsNotThereCostsACountAndALogLine(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close() // an address at which nobody listens
	t.Setenv("OTEL_METRIC_EXPORT_INTERVAL", "20")
	t.Setenv("OTEL_METRIC_EXPORT_TIMEOUT", "50")
	var seen harness.Record
	tree, _ := watched(t, nil, harness.Recording("recorder", &seen, nil))
	var log bytes.Buffer
	shown, err := telemetry.Start(tree, config.Telemetry{OTLP: config.OTLP{Endpoint: "http://" + ln.Addr().String(), Headers: "authorization=hunter2"}},
		telemetry.Options{Log: slog.New(slog.NewJSONHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	before := tree.Snapshot().Feed.Decoded
	harness.Eventually(t, "failed exports to be counted", func() bool {
		return tree.Telemetry().ExportFailed[ledger.Metrics].Load() > 1 && tree.Snapshot().Feed.Decoded > before
	})
	harness.Eventually(t, "lines about it that were not written to be counted", func() bool {
		return gather(t, shown)["feedtree_log_suppressed_total"].Metric[0].GetCounter().GetValue() > 0
	})
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	shown.Stop(ctx)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the end took %v", took)
	}
	if text := log.String(); !strings.Contains(text, `"event":"telemetry_export_failed"`) || strings.Contains(text, "hunter2") {
		t.Errorf("log: %s", text)
	}
}

func TestACollectorIsReachedOverHTTPToo(t *testing.T) {
	var mu sync.Mutex
	got := map[string]string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		mu.Lock()
		defer mu.Unlock()
		got[r.URL.Path] = r.Header.Get("X-Key")
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	defer s.Close()
	pushed(t, nil, func(cfg *config.Config) {
		cfg.Telemetry.OTLP = config.OTLP{Endpoint: s.URL + "/", Protocol: config.OTLPHTTP, Headers: "x-key=Basic%20hunter2"}
	})
	mu.Lock()
	defer mu.Unlock()
	if len(got) != 1 || got["/v1/metrics"] != "Basic hunter2" {
		t.Errorf("%v", got)
	}
}

func TestAProtocolThatNobodyKnowsIsRefused(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
	_, err := telemetry.Start(nothing{}, config.Telemetry{OTLP: config.OTLP{Endpoint: "http://127.0.0.1:1"}}, telemetry.Options{})
	if err == nil || !strings.Contains(err.Error(), "http/json") {
		t.Error(err)
	}
}

// nothing is a tree that was never looked at.
type nothing struct{ telemetry.Tree }

func (nothing) Telemetry() *ledger.Telemetry { return &ledger.Telemetry{} }
