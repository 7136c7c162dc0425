// Package telemetry shows a running tree to the tools that watch it: metrics for whoever
// scrapes them, and metrics and log lines by OTLP for a collector, if one is configured. It reads what
// the tree counts anyway; an event calls nothing of it.
//
// A program with a main of its own starts it beside its tree:
//
//	tree, err := feedtree.Start(ctx, cfg, types...)
//	t, err := telemetry.Start(tree, cfg.Telemetry, telemetry.Options{})
//	defer t.Stop(ctx)
//	http.Handle("/metrics", t.Metrics())
package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/ratelog"
	"github.com/feedtree/feedtree/telemetry/history"
	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/telemetry/logs"
	"github.com/feedtree/feedtree/telemetry/measure"
	"github.com/feedtree/feedtree/telemetry/metrics"
	"github.com/feedtree/feedtree/telemetry/service"
)

// Tree is what telemetry needs of a *feedtree.Tree.
type Tree interface {
	metrics.Source
	// Telemetry is where losses are counted.
	Telemetry() *ledger.Telemetry
}

// Options are what a program says of itself. The zero value is ready.
type Options struct {
	Build metrics.Build
	Log   *slog.Logger // nil for slog.Default()
	// Lines is the program's log, if it is one of package logs: what it lost is shown, and what
	// it writes goes to the collector, too, if the configuration asks for that.
	Lines *logs.Log
	// Refused is asked whom the program's door turned away; nil without a door.
	Refused func() measure.Refused
}

// Telemetry shows one tree. All methods are safe for concurrent use.
type Telemetry struct {
	log   *slog.Logger
	lines *ratelog.Logger
	prom  *metrics.Prometheus
	push  *metrics.Push // nil without a collector
	sent  *logs.Push    // nil unless the log goes to one
	also  *logs.Log
	past  *history.History

	quiet func() // ends the limiter of lines, with its summaries
}

// source is the tree with what the logs beside its own, and the program's door, know of
// themselves.
type source struct {
	Tree
	log     *logs.Log
	lines   *ratelog.Logger
	refused func() measure.Refused
}

// Measure implements metrics.Source.
func (s source) Measure(symbols bool) *measure.Reading {
	r := s.Tree.Measure(symbols)
	r.LogSuppressed += s.lines.Suppressed()
	if s.log != nil {
		r.LogLost = s.log.Lost()
		r.LogSuppressed += s.log.Limited().Suppressed()
	}
	if s.refused != nil {
		r.Refused = s.refused()
	}
	return r
}

// Start begins to show tree. Reaching no collector is no error: what is lost is counted and
// said in the log. An error means that the configuration cannot work.
func Start(tree Tree, cfg config.Telemetry, o Options) (*Telemetry, error) {
	t := &Telemetry{log: o.Log}
	if t.log == nil {
		t.log = slog.Default()
	}
	t.limit()
	res, err := service.Resource(context.Background(), o.Build.Version)
	if err != nil {
		t.log.Warn("something of this process could not be found out", "event", "resource_incomplete", "error", err.Error())
	}
	mc := metrics.Config{Symbols: cfg.Metrics.Symbols, Build: o.Build}
	from := source{tree, o.Lines, t.lines, o.Refused}
	if t.prom, err = metrics.NewPrometheus(from, res, mc); err == nil {
		err = t.pushMetrics(from, res, cfg.OTLP, mc)
	}
	if err != nil {
		t.Stop(context.Background())
		return nil, err
	}
	if cfg.Logs.OTLP && o.Lines != nil {
		if err := t.pushLogs(o.Lines, tree.Telemetry(), res, cfg.OTLP, o.Build.Version); err != nil {
			t.Stop(context.Background())
			return nil, err
		}
	}
	t.past = history.Start(from)
	return t, nil
}

// limit begins the log of what may repeat.
func (t *Telemetry) limit() {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.lines = ratelog.New(t.log)
	go func() {
		defer close(done)
		t.lines.Run(ctx)
	}()
	t.quiet = func() { stop(); <-done }
}

// History is the last day by the minute.
func (t *Telemetry) History() *history.History { return t.past }

func (t *Telemetry) pushMetrics(from source, res *resource.Resource, cfg config.OTLP, mc metrics.Config) error {
	exporter, err := metricExporter(context.Background(), cfg)
	if err != nil || exporter == nil {
		return err
	}
	t.push, err = metrics.NewPush(from, res, mc, exporter, from.Telemetry(), func(err error) { t.lost(ledger.Metrics, err) })
	return err
}

func (t *Telemetry) pushLogs(lines *logs.Log, losses *ledger.Telemetry, res *resource.Resource, cfg config.OTLP, version string) error {
	exporter, err := logExporter(context.Background(), cfg)
	if err != nil || exporter == nil {
		return err
	}
	t.sent, t.also = logs.NewPush(exporter, res, version, losses, func(err error) { t.lost(ledger.Logs, err) }), lines
	lines.Also(t.sent.Handler())
	return nil
}

// Metrics serves a scrape.
func (t *Telemetry) Metrics() http.Handler { return t.prom.Handler(t.log) }

// Gatherer gives what a scrape would get.
func (t *Telemetry) Gatherer() prometheus.Gatherer { return t.prom.Gatherer() }

// lost says that a collector did not take what it was sent; one line now and then.
func (t *Telemetry) lost(s ledger.Signal, err error) {
	if errors.Is(err, context.Canceled) {
		return // our own end
	}
	t.lines.Log(slog.LevelWarn, "export_failed/"+s.String(), "a collector did not take telemetry",
		"event", "telemetry_export_failed", "signal", s.String(), "error", err.Error())
}

// Stop sends what there is once more and ends, within ctx.
func (t *Telemetry) Stop(ctx context.Context) {
	if t.past != nil {
		t.past.Stop()
	}
	t.quiet()
	if t.sent != nil {
		t.also.Also(nil)
		t.sent.Stop(ctx)
	}
	if t.push != nil {
		t.push.Stop(ctx)
	}
}
