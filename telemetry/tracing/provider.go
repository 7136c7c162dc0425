// Package tracing sends a feed's traces away: a tracer provider whose spans go to a
// collector by OTLP, over gRPC or HTTP, or to a writer.
//
// A collector that is down, slow or refusing costs the feed nothing. Spans wait in a bounded
// queue; what is beyond it is dropped and counted, what the collector did not take is counted
// too, and the log has one line when it begins and one when it is over:
//
//	spans = exported + failed + dropped + waiting
package tracing

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/feedtree/feedtree/internal/otelenv"
	"github.com/feedtree/feedtree/internal/paths"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// Config says where traces go. What is empty the OTEL_* variables say.
type Config struct {
	Endpoint string    // a URL, http for a collector without TLS
	Protocol string    // grpc or http
	Headers  string    // key=value, separated by commas
	Writer   io.Writer // if set, spans go there as lines of JSON and to no collector
	Queue    int       // the most spans that wait
	Resource *resource.Resource
	Log      *slog.Logger
	Env      Env // os.Getenv
}

// Provider is a tracer provider with its way out. All methods are safe for concurrent use.
type Provider struct {
	sdk  *sdktrace.TracerProvider
	gate *gate
}

// New makes a provider, which must be shut down. It reaches nobody yet: a collector that is
// not there is no error.
func New(ctx context.Context, cfg Config) (*Provider, error) {
	out, err := exporter(ctx, cfg)
	if err != nil {
		return nil, err
	}
	g := &gate{limit: int64(cfg.Queue), out: out, edge: edge{log: cfg.Log}}
	batch := []sdktrace.BatchSpanProcessorOption{sdktrace.WithMaxQueueSize(cfg.Queue)}
	if cfg.Env.first("OTEL_BSP_SCHEDULE_DELAY") == "" {
		batch = append(batch, sdktrace.WithBatchTimeout(delay))
	}
	if n := cfg.Env.first("OTEL_BSP_MAX_EXPORT_BATCH_SIZE"); n == "" {
		batch = append(batch, sdktrace.WithMaxExportBatchSize(min(512, cfg.Queue)))
	}
	g.SpanProcessor = sdktrace.NewBatchSpanProcessor(g.exporter(), batch...)
	return &Provider{gate: g, sdk: sdktrace.NewTracerProvider(
		sdktrace.WithResource(cfg.Resource), sdktrace.WithIDGenerator(paths.IDs{}),
		// The feed has chosen already; what hangs under an event that it did not choose is not sampled.
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.AlwaysSample())), sdktrace.WithSpanProcessor(g))}, nil
}

// TracerProvider is what feedtree.Options takes, and what a user's own spans may come from.
func (p *Provider) TracerProvider() trace.TracerProvider { return p.sdk }

// Counts reads the counters of the package comment.
func (p *Provider) Counts() Counts { return p.gate.read() }

// CountFor has a tree show what becomes of its spans: what is lost is counted in the tree's
// own counters, too, from now on, and its Snapshot has the counts of the package comment.
func (p *Provider) CountFor(l *ledger.Telemetry) {
	p.gate.losses.Store(l)
	l.Spans.Store(&p.gate.counts)
}

// Flush sends what waits, and returns when it is away or ctx has ended.
func (p *Provider) Flush(ctx context.Context) error { return p.sdk.ForceFlush(ctx) }

// Shutdown sends what waits, for as long as ctx lets it, and ends the provider. What could
// not be sent by then is counted dropped.
func (p *Provider) Shutdown(ctx context.Context) error {
	err := p.sdk.Shutdown(ctx)
	p.gate.end()
	return err
}

func exporter(ctx context.Context, cfg Config) (sdktrace.SpanExporter, error) {
	if cfg.Writer != nil {
		return stdouttrace.New(stdouttrace.WithWriter(cfg.Writer))
	}
	how, err := protocol(cfg.Protocol, cfg.Env)
	if err != nil {
		return nil, err
	}
	var client otlptrace.Client
	if how == "grpc" {
		var o []otlptracegrpc.Option
		if cfg.Endpoint != "" {
			o = append(o, otlptracegrpc.WithEndpointURL(cfg.Endpoint))
		}
		if cfg.Headers != "" {
			o = append(o, otlptracegrpc.WithHeaders(otelenv.Headers(cfg.Headers)))
		}
		client = otlptracegrpc.NewClient(o...)
	} else {
		var o []otlptracehttp.Option
		if cfg.Endpoint != "" {
			u, err := url.Parse(cfg.Endpoint)
			if err != nil {
				return nil, fmt.Errorf("telemetry.otlp.endpoint is no address")
			}
			o = append(o, otlptracehttp.WithEndpointURL(u.JoinPath("v1/traces").String()))
		}
		if cfg.Headers != "" {
			o = append(o, otlptracehttp.WithHeaders(otelenv.Headers(cfg.Headers)))
		}
		client = otlptracehttp.NewClient(o...)
	}
	return otlptrace.New(ctx, client)
}
