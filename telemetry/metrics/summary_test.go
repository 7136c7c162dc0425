package metrics

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/telemetry/measure"
)

// elsewhere are the summary's fields that no metric shows as they are, with the metric that
// tells the same from another reading, or, in words, why there is none.
var elsewhere = map[string]string{
	"duration_s":                "feedtree_uptime_seconds",
	"epoch":                     "feedtree_connection_epoch",
	"connection.state":          "feedtree_connection_state",
	"connection.last_connected": "feedtree_connection_age_seconds",
	"connection.last_lost":      "a moment: when feedtree_connection_lost_total last grew",
	"feed.queued":               "feedtree_queue_length",
	"feed.state":                "feedtree_feed_state",
	"dispatcher.queued":         "feedtree_queue_length",
	"dispatcher.capacity":       "feedtree_queue_capacity",
	"dispatcher.high_water":     "feedtree_queue_high_water",
	"strategies.*.type":         "feedtree_strategy_info",
	"strategies.*.state":        "feedtree_strategy_state",
	"strategies.*.queued":       "feedtree_queue_length",
	"strategies.*.capacity":     "feedtree_queue_capacity",
	"strategies.*.high_water":   "feedtree_queue_high_water",
	"symbols.subscribed":        "the sum of feedtree_symbols over its states",
	"latency_us.p50":            "feedtree_strategy_latency_seconds",
	"latency_us.p95":            "feedtree_strategy_latency_seconds",
	"latency_us.p99":            "feedtree_strategy_latency_seconds",
	"latency_us.p999":           "feedtree_strategy_latency_seconds",
	"latency_us.max":            "Prometheus has no maximum of a histogram; by OTLP it goes with feedtree.strategy.latency",
	"process.cpu_s":             "process_cpu_seconds_total",
	"process.max_rss_mib":       "process_resident_memory_bytes",
	"process.gc_cpu_fraction":   "go_cpu_classes_gc_total_cpu_seconds_total",
	"process.goroutines":        "go_goroutines",
	"exchange.published":        "the sandbox exchange's own count, not the feed's",
	"exchange.delivered":        "the sandbox exchange's own count, not the feed's",
	"traces.chosen":             "feedtree_traces_paths_total: made and lost together, and what waits for a moment",
	"traces.spans":              "feedtree_traces_spans_total: its sum, with feedtree_traces_spans_waiting",
	"ledgers.*":                 "feedtree_ledger_imbalance",
}

// numbered is a summary in which no two numbers are the same, nor the sum of two others, by
// the name of each field; a * stands for a strategy or a ledger.
func numbered() (*ledger.Snapshot, map[string]uint64) {
	s := &ledger.Snapshot{
		Connection: (&ledger.Connection{}).Read(), Feed: (&ledger.Feed{}).Read(), // with all classes there are
		Strategies: map[string]ledger.Strategy{"one": {}}, Exchange: &ledger.Exchange{}, Traces: &ledger.TraceCounts{},
		Ledgers: map[string]bool{"L1": true},
	}
	fields := map[string]uint64{}
	next := func(path string) uint64 {
		n := 1_000_000 + uint64(len(fields))
		fields[path] = n
		return n
	}
	var fill func(path string, v reflect.Value)
	fill = func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			fill(path, v.Elem())
		case reflect.Struct:
			for i := range v.NumField() {
				name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
				fill(strings.TrimPrefix(path+"."+name, "."), v.Field(i))
			}
		case reflect.Map:
			for _, key := range v.MapKeys() {
				in := key.String()
				if v.Type().Elem().Kind() != reflect.Uint64 {
					in = "*"
				}
				e := reflect.New(v.Type().Elem()).Elem()
				e.Set(v.MapIndex(key))
				fill(path+"."+in, e)
				v.SetMapIndex(key, e)
			}
		case reflect.Uint64, reflect.Uint:
			v.SetUint(next(path))
		case reflect.Int, reflect.Int64:
			v.SetInt(int64(next(path)))
		case reflect.Float64:
			v.SetFloat(float64(next(path)))
		case reflect.String, reflect.Bool:
			next(path)
		default:
			panic(fmt.Sprintf("%s is a %s", path, v.Kind()))
		}
	}
	fill("", reflect.ValueOf(s))
	return s, fields
}

func TestEveryFieldOfTheSummaryHasAMetricOrAReasonToHaveNone(t *testing.T) {
	s, fields := numbered()
	tel := &ledger.Telemetry{}
	tel.Spans.Store(&ledger.Spans{})
	p, err := NewPrometheus(still{&measure.Reading{Ledger: s, Telemetry: tel, Strategies: map[string]*measure.Strategy{"one": {}}}}, resource.Empty(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	families, err := p.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	exported, shown := map[string]bool{}, map[uint64]string{}
	for _, f := range families {
		exported[f.GetName()] = true
		for _, m := range f.Metric {
			shown[uint64(m.GetCounter().GetValue()+m.GetGauge().GetValue())] = f.GetName()
		}
	}
	for _, path := range slices.Sorted(maps.Keys(fields)) {
		other, listed := elsewhere[path]
		switch metric := shown[fields[path]]; {
		case metric == "" && !listed:
			t.Errorf("%s is in no metric: give it one, or say in elsewhere why not", path)
		case metric != "" && listed:
			t.Errorf("%s is in %s: it needs no excuse", path, metric)
		case listed && !strings.Contains(other, " ") && !exported[other]:
			t.Errorf("%s is said to be in %s, which is not exported", path, other)
		}
	}
	for path := range elsewhere {
		if fields[path] == 0 {
			t.Errorf("%s is no field of the summary", path)
		}
	}
	if len(fields) < 90 {
		t.Errorf("only %d fields were looked at", len(fields))
	}
}
