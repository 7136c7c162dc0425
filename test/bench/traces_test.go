//go:build unix

package bench

import (
	"context"
	"io"
	"log/slog"
	"os"
	"testing"

	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/telemetry/tracing"
	"github.com/feedtree/feedtree/telemetry/tracing/otlptest"
)

// traced is a tree's option to send its traces to a collector in this process, whose cost is
// therefore measured along.
func traced(b *testing.B) feedtree.Options {
	c := otlptest.Start(b)
	p, err := tracing.New(context.Background(), tracing.Config{Endpoint: c.URL, Queue: config.Default().Telemetry.Traces.Queue,
		Resource: resource.Empty(), Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Env: os.Getenv})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		p.Shutdown(context.Background())
		if n := p.Counts(); n.Exported == 0 || n.Exported != n.Spans {
			b.Errorf("what was measured traced nothing, or lost it: %+v", n)
		}
	})
	return feedtree.Options{TracerProvider: p.TracerProvider()}
}

// BenchmarkTraces carries messages through two trees in turns, one of which traces at the
// defaults, and reports the median of the paired ratios. At saturation events wait, so that
// nearly all of them are slow: the storm's bound is what is measured, the worst case.
func BenchmarkTraces(b *testing.B) {
	off, on := ours(b, newFlood(b), true, feedtree.Options{}), ours(b, newFlood(b), true, traced(b))
	off()
	on()
	var speed, cpu []float64
	for b.Loop() {
		ow, oc := cost(off)
		nw, nc := cost(on)
		speed, cpu = append(speed, ow/nw), append(cpu, nc/oc)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(speed), "×messages/s")
	b.ReportMetric(median(cpu), "×cpu")
}
