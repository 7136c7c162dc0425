package telemetry_test

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/telemetry"
	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/telemetry/metrics"
	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/sandbox/market"
)

// row is a line of the table in docs/telemetry.md.
type row struct{ otel, prom, kind, unit, labels string }

func documented(t *testing.T) (rows []row) {
	t.Helper()
	text, err := os.ReadFile("../../docs/telemetry.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "<!-- metrics -->")
	table, _, ok2 := strings.Cut(rest, "<!-- end -->")
	if !ok || !ok2 {
		t.Fatal("docs/telemetry.md has no table of metrics")
	}
	for _, line := range strings.Split(strings.TrimSpace(table), "\n")[2:] {
		c := strings.Split(line, "|")
		if len(c) != 9 {
			t.Fatalf("%d cells: %s", len(c), line)
		}
		for i := range c {
			c[i] = strings.ReplaceAll(strings.TrimSpace(c[i]), "`", "")
		}
		rows = append(rows, row{c[1], c[2], c[3], c[4], c[5]})
	}
	if len(rows) < 60 {
		t.Fatalf("only %d rows", len(rows))
	}
	return rows
}

// watched starts a tree in which every metric has something to say, and shows it.
func watched(t *testing.T, change func(*config.Config), types ...feedtree.StrategyType) (*feedtree.Tree, *telemetry.Telemetry) {
	t.Helper()
	x := harness.Exchange(t, harness.Moving)
	cfg := harness.Configured(t, x, func(c *config.Config) {
		c.Symbols = market.DefaultSymbols(10)
		s := config.DefaultStrategy("one", types[0].Name())
		s.Mailbox.MaxAge = time.Minute
		c.Strategies = []config.Strategy{s}
		c.Telemetry.Metrics.Symbols = true
		c.Telemetry.Traces.Ratio, c.Telemetry.Traces.PerSecond = 1, 10_000
		if change != nil {
			change(c)
		}
	})
	traces := sdktrace.NewTracerProvider(sdktrace.WithIDGenerator(feedtree.SpanIDs{}))
	tree, err := feedtree.Options{TracerProvider: traces}.Start(context.Background(), cfg, types...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		tree.Stop(context.Background())
		harness.Balanced(t, tree.Snapshot())
		traces.Shutdown(context.Background())
	})
	tree.Telemetry().Spans.Store(&ledger.Spans{}) // what package tracing does
	shown, err := telemetry.Start(tree, cfg.Telemetry, telemetry.Options{Build: metrics.Build{Version: "v1", Revision: "abc", Go: "go1"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		shown.Stop(ctx)
	})
	harness.Ready(t, tree)
	harness.Eventually(t, "events", func() bool { return tree.Snapshot().Strategies["one"].Delivered > 100 })
	return tree, shown
}

func gather(t *testing.T, shown *telemetry.Telemetry) map[string]*dto.MetricFamily {
	t.Helper()
	list, err := shown.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*dto.MetricFamily{}
	for _, f := range list {
		out[f.GetName()] = f
	}
	return out
}

func ours(name string) bool {
	return strings.HasPrefix(name, "feedtree_") || strings.HasPrefix(name, "messaging_")
}

func TestTheTableOfMetricsIsWhatIsExported(t *testing.T) {
	var seen harness.Record
	c := newCollector(t)
	_, shown := watched(t, func(cfg *config.Config) { cfg.Telemetry.OTLP.Endpoint = c.url }, harness.Recording("recorder", &seen, nil))
	got := gather(t, shown)
	stop, cancel := context.WithTimeout(context.Background(), harness.Patience)
	defer cancel()
	shown.Stop(stop) // sends what there is

	kinds := map[dto.MetricType]string{dto.MetricType_COUNTER: "C", dto.MetricType_GAUGE: "G", dto.MetricType_HISTOGRAM: "H"}
	known := map[string]bool{}
	for _, r := range documented(t) {
		known[r.prom] = true
		f := got[r.prom]
		if f == nil {
			t.Errorf("%s is documented and not exported", r.prom)
			continue
		}
		labels := map[string]bool{}
		for _, m := range f.Metric {
			for _, l := range m.Label {
				labels[l.GetName()] = true
			}
		}
		if is := kinds[f.GetType()]; is != r.kind {
			t.Errorf("%s is a %s, documented as %s", r.prom, is, r.kind)
		}
		want := strings.FieldsFunc(r.labels, func(c rune) bool { return c == ',' || c == ' ' })
		slices.Sort(want)
		if is := slices.Sorted(maps.Keys(labels)); !slices.Equal(is, want) {
			t.Errorf("%s has the labels %v, documented as %v", r.prom, is, want)
		}
		m := c.metric(r.otel)
		if m == nil {
			t.Errorf("%s is documented and no collector is sent it", r.otel)
		} else if m.Unit != r.unit {
			t.Errorf("%s has unit %q, documented as %q", r.otel, m.Unit, r.unit)
		}
	}
	for name := range got {
		if ours(name) && !known[name] {
			t.Errorf("%s is exported and not documented", name)
		}
	}
	documentedOTel := map[string]bool{}
	for _, r := range documented(t) {
		documentedOTel[r.otel] = true
	}
	for name := range c.metrics {
		if ours(strings.ReplaceAll(name, ".", "_")) && !documentedOTel[name] {
			t.Errorf("%s is sent to collectors and not documented", name)
		}
	}
}
