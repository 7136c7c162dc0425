package logs

import (
	"context"
	"log/slog"
	"sync/atomic"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/telemetry/names"
)

// Push sends log records to a collector. Records wait in a bounded queue; what it has no room
// for is counted, and nobody waits.
type Push struct {
	handler  slog.Handler
	provider *sdklog.LoggerProvider
	stop     context.CancelFunc
}

// NewPush begins to send to exporter. What is lost is counted in losses, what the collector
// did not take is told to failed.
func NewPush(exporter sdklog.Exporter, res *resource.Resource, version string, losses *ledger.Telemetry, failed func(error)) *Push {
	ctx, stop := context.WithCancel(context.Background())
	g := &gate{out: exporter, ctx: ctx, losses: losses, failed: failed}
	g.Processor = sdklog.NewBatchProcessor(export{g}, sdklog.WithMaxQueueSize(waiting))
	p := sdklog.NewLoggerProvider(sdklog.WithResource(res), sdklog.WithProcessor(g))
	return &Push{
		handler:  otelslog.NewHandler(names.Scope, otelslog.WithLoggerProvider(p), otelslog.WithVersion(version)),
		provider: p, stop: stop,
	}
}

// Handler is what Log.Also takes.
func (p *Push) Handler() slog.Handler { return p.handler }

// Stop sends what waits, for as long as ctx lasts, and ends.
func (p *Push) Stop(ctx context.Context) {
	defer context.AfterFunc(ctx, p.stop)()
	p.provider.Shutdown(ctx) // what failed has been told
	p.stop()
}

// gate stands around the SDK's batch processor, which drops records without a count that
// could be read: it lets no more in than the processor has room for.
type gate struct {
	sdklog.Processor
	out    sdklog.Exporter
	ctx    context.Context // ends a transfer that goes on beyond Stop's patience
	inside atomic.Int64
	losses *ledger.Telemetry
	failed func(error)
}

// OnEmit implements sdklog.Processor.
func (g *gate) OnEmit(ctx context.Context, r *sdklog.Record) error {
	if g.inside.Add(1) > waiting {
		g.inside.Add(-1)
		g.losses.Dropped[ledger.Logs].Inc()
		return nil
	}
	return g.Processor.OnEmit(ctx, r)
}

// export is the exporter that the processor is given.
type export struct{ g *gate }

// Export implements sdklog.Exporter. Its errors end here: the log has its line.
func (e export) Export(ctx context.Context, records []sdklog.Record) error {
	g := e.g
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(g.ctx, cancel)()
	defer g.inside.Add(-int64(len(records)))
	if err := g.out.Export(ctx, records); err != nil {
		g.losses.ExportFailed[ledger.Logs].Inc()
		g.losses.Dropped[ledger.Logs].Add(uint64(len(records)))
		g.failed(err)
	}
	return nil
}

// ForceFlush implements sdklog.Exporter.
func (e export) ForceFlush(ctx context.Context) error { return e.g.out.ForceFlush(ctx) }

// Shutdown implements sdklog.Exporter.
func (e export) Shutdown(ctx context.Context) error { return e.g.out.Shutdown(ctx) }
