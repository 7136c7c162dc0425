package metrics

import (
	"context"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/feedtree/feedtree/internal/proc"
	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/telemetry/names"
)

// Push sends a tree's metrics to a collector, again and again.
type Push struct {
	provider *sdkmetric.MeterProvider
	stop     context.CancelFunc
}

// NewPush begins to send to exporter, every minute or as OTEL_METRIC_EXPORT_INTERVAL says.
// Distributions are exponential, unless
// OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION asks for explicit buckets. What
// the collector does not take is counted in losses and told to failed; it costs the feed
// nothing.
func NewPush(source Source, res *resource.Resource, cfg Config, exporter sdkmetric.Exporter, losses *ledger.Telemetry, failed func(error)) (*Push, error) {
	o := &observer{source: source, cfg: cfg}
	explicit := os.Getenv("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION") == "explicit_bucket_histogram"
	ctx, stop := context.WithCancel(context.Background())
	reader := sdkmetric.NewPeriodicReader(&counted{Exporter: exporter, ctx: ctx, losses: losses, failed: failed},
		sdkmetric.WithProducer(&producer{o: o, began: time.Now(), exponential: !explicit}))
	p, err := provider(o, res, reader)
	if err != nil {
		stop()
		return nil, err
	}
	if err := runtime.Start(runtime.WithMeterProvider(p)); err != nil {
		stop()
		return nil, fmt.Errorf("runtime metrics: %w", err)
	}
	return &Push{p, stop}, ofProcess(p.Meter(names.Scope))
}

// Stop sends what there is once more, for as long as ctx lasts, and ends.
func (p *Push) Stop(ctx context.Context) {
	context.AfterFunc(ctx, p.stop)
	p.provider.Shutdown(ctx) // what failed has been told
	p.stop()
}

// ofProcess are the conventions' metrics of a process, which Prometheus has its own names for.
func ofProcess(m metric.Meter) error {
	_, err := m.Float64ObservableCounter("process.cpu.time", metric.WithUnit("s"), metric.WithDescription("time spent on processors"),
		metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error {
			o.Observe(proc.CPU().Seconds())
			return nil
		}))
	if err != nil {
		return fmt.Errorf("metric process.cpu.time: %w", err)
	}
	_, err = m.Int64ObservableUpDownCounter("process.memory.usage", metric.WithUnit("By"), metric.WithDescription("memory in use"),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(proc.Memory())
			return nil
		}))
	return err
}

// counted counts what an exporter does not get across, and keeps its errors from the global
// error handler, which writes to standard error as it likes.
type counted struct {
	sdkmetric.Exporter
	ctx    context.Context // ends a transfer that goes on beyond Stop's patience
	losses *ledger.Telemetry
	failed func(error)
}

func (c *counted) Export(ctx context.Context, m *metricdata.ResourceMetrics) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.ctx, cancel)()
	if err := c.Exporter.Export(ctx, m); err != nil {
		c.losses.ExportFailed[ledger.Metrics].Inc()
		c.losses.Dropped[ledger.Metrics].Inc()
		c.failed(err)
	}
	return nil
}
