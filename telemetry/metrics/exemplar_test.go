package metrics

import (
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/feedtree/feedtree/internal/hist"
	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/telemetry/measure"
)

// still is a tree in which nothing happens.
type still struct{ r *measure.Reading }

func (s still) Measure(bool) *measure.Reading { return s.r }

func reading() *measure.Reading {
	return &measure.Reading{Ledger: &ledger.Snapshot{}, Telemetry: &ledger.Telemetry{}, Strategies: map[string]*measure.Strategy{"one": {}}}
}

func scrape(t *testing.T, source Source, accept string) string {
	t.Helper()
	p, err := NewPrometheus(source, resource.Empty(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	p.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(w, r)
	body, _ := io.ReadAll(w.Body)
	return string(body)
}

func TestABucketsExemplarLeadsToItsTrace(t *testing.T) {
	var h hist.Histogram
	h.Record(3 * time.Millisecond)
	h.Exemplify(hist.Exemplar{Value: 3 * time.Millisecond, Wall: time.Now().UnixNano(), TraceID: [16]byte{15: 0xab}, SpanID: [8]byte{7: 0xcd}})
	r := reading()
	h.AddTo(&r.Strategies["one"].Latency)
	text := scrape(t, still{r}, "application/openmetrics-text")
	want := `feedtree_strategy_latency_seconds_bucket{strategy="one",le="0.005"} 1 # {`
	_, rest, ok := strings.Cut(text, want)
	line, _, _ := strings.Cut(rest, "\n")
	if !ok || !strings.Contains(line, `trace_id="000000000000000000000000000000ab"`) ||
		!strings.Contains(line, `span_id="00000000000000cd"`) || !strings.Contains(line, "} 0.003 ") {
		t.Errorf("no exemplar at the bucket of 5 ms: %q", line)
	}
	if plain := scrape(t, still{r}, "text/plain"); strings.Contains(plain, "trace_id") {
		t.Error("the plain format cannot carry an exemplar")
	}
}

func TestAStateThatNobodyKnowsIsShownAllTheSame(t *testing.T) {
	r := reading()
	r.Session.State = "levitating"
	text := scrape(t, still{r}, "text/plain")
	if !strings.Contains(text, `feedtree_connection_state{state="levitating"} 1`) || !strings.Contains(text, `feedtree_connection_state{state="online"} 0`) {
		t.Error("the state is missing")
	}
}
