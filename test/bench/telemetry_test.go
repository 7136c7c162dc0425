//go:build unix

package bench

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/hist"
	"github.com/feedtree/feedtree/telemetry"
	"github.com/feedtree/feedtree/telemetry/tracing"
)

// watch is a collector that takes everything over HTTP and looks at nothing.
func watch(b *testing.B) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	b.Cleanup(s.Close)
	return s.URL
}

// observed is a tree in front of a flood. With telemetry it has all that is on once a
// collector is configured, at the defaults: traces of slow events and of one in 10,000,
// metrics sent every minute, and a scrape of /metrics every second, fifteen times as often
// as Prometheus asks.
func observed(b *testing.B, f *flood, with bool) (*feedtree.Tree, pipeline) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	scalar := make([]byte, 32)
	scalar[31] = 7
	cfg := config.Default()
	cfg.Credentials = config.Credentials{AppID: "a", AppCode: "c", BrokerID: "098", BaseURL: f.URL,
		AppSecret: config.Secret(base64.StdEncoding.EncodeToString(scalar))}
	cfg.TLS.CAFile = f.caFile(b)
	cfg.Symbols = symbols
	cfg.Feed.RawQueue = config.RawQueue{Capacity: 10 * each, MaxBytes: 4 << 30}
	cfg.Dispatcher.Capacity = 10 * each
	s := config.DefaultStrategy("counter", "counter")
	s.Events, s.Mailbox.Capacity = []string{"bid_offer"}, 10*each
	cfg.Strategies = []config.Strategy{s}
	var o feedtree.Options
	if with {
		cfg.Telemetry.OTLP = config.OTLP{Endpoint: watch(b), Protocol: config.OTLPHTTP}
		p, err := tracing.New(context.Background(), tracing.Config{Endpoint: cfg.Telemetry.OTLP.Endpoint, Protocol: config.OTLPHTTP,
			Queue: cfg.Telemetry.Traces.Queue, Log: slog.Default(), Env: os.Getenv})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { p.Shutdown(context.Background()) })
		o.TracerProvider = p.TracerProvider()
	}
	c := &counter{done: make(chan struct{})}
	tree, err := o.Start(context.Background(), cfg, feedtree.Type("counter", func(struct{}) (actor.Actor, error) { return c, nil }))
	if err != nil {
		b.Fatal(err)
	}
	<-f.joined
	b.Cleanup(func() { tree.Stop(context.Background()) })
	if with {
		scraped(b, tree, cfg.Telemetry)
	}
	return tree, func() {
		f.start <- each
		<-c.done
	}
}

// scraped shows the tree, and asks for its metrics every second.
func scraped(b *testing.B, tree *feedtree.Tree, cfg config.Telemetry) {
	shown, err := telemetry.Start(tree, cfg, telemetry.Options{})
	if err != nil {
		b.Fatal(err)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		second := time.NewTicker(time.Second)
		defer second.Stop()
		page := shown.Metrics()
		for {
			select {
			case <-second.C:
				page.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/metrics", nil))
			case <-stop:
				return
			}
		}
	})
	b.Cleanup(func() {
		close(stop)
		wg.Wait()
		shown.Stop(context.Background())
	})
}

// BenchmarkTelemetry carries messages through a tree without telemetry and through one with
// all of it, in turns, and reports the median of the paired ratios. The target is at most
// 5 % of the messages a second (×messages/s ≥ 0.95). At saturation every event is slow: what
// is allocated more is for the hundred a second of them that have a trace, and for scrapes;
// that the others allocate nothing hold the tests of internal/flow, internal/paths and
// actors/strategies to it.
func BenchmarkTelemetry(b *testing.B) {
	_, without := observed(b, newFlood(b), false)
	_, with := observed(b, newFlood(b), true)
	without()
	with() // both have grown to their size
	var speed, cpu, allocs []float64
	for b.Loop() {
		ow, oc, oa := counted(without)
		ww, wc, wa := counted(with)
		speed, cpu, allocs = append(speed, ow/ww), append(cpu, wc/oc), append(allocs, (wa-oa)/each)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(speed), "×messages/s")
	b.ReportMetric(median(cpu), "×cpu")
	b.ReportMetric(median(allocs), "+allocs/event")
}

func counted(p pipeline) (wall, cpu, allocs float64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	wall, cpu = cost(p)
	runtime.ReadMemStats(&after)
	return wall, cpu, float64(after.Mallocs - before.Mallocs)
}

// paced carries one frame every two milliseconds, 10,000 messages a second, for two seconds,
// and gives the tree's latency of them from the socket to Receive.
func paced(f *flood, tree *feedtree.Tree) hist.Counts {
	const frames = 1000
	before := tree.Measure(false).Strategies["counter"]
	at := time.NewTicker(2 * time.Millisecond)
	defer at.Stop()
	for range frames {
		<-at.C
		f.start <- perFrame
	}
	for {
		now := tree.Measure(false).Strategies["counter"]
		if now.Latency.Total() >= before.Latency.Total()+frames*perFrame {
			return now.Latency.Since(&before.Latency)
		}
		<-at.C
	}
}

// BenchmarkTelemetryLatency reports by how many microseconds the 99th percentile of latency,
// socket to Receive, differs at 10,000 messages a second: the median of the paired
// differences. The target is at most 5 µs.
func BenchmarkTelemetryLatency(b *testing.B) {
	off, on := newFlood(b), newFlood(b)
	without, _ := observed(b, off, false)
	with, _ := observed(b, on, true)
	var p50, p99, base []float64
	us := func(d time.Duration) float64 { return float64(d) / 1e3 }
	for b.Loop() {
		o, w := paced(off, without), paced(on, with)
		p50 = append(p50, us(w.Quantile(0.5)-o.Quantile(0.5)))
		p99 = append(p99, us(w.Quantile(0.99)-o.Quantile(0.99)))
		base = append(base, us(o.Quantile(0.99)))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(p50), "+µs-p50")
	b.ReportMetric(median(p99), "+µs-p99")
	b.ReportMetric(median(base), "µs-p99-without")
}
