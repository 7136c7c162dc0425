// Package telemetry shows a running tree to the tools that watch it: metrics for who
// scrapes them, and metrics by OTLP for a collector, if one is configured. It reads what
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

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/ratelog"
	"github.com/feedtree/feedtree/telemetry/ledger"
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
}

// Telemetry shows one tree. All methods are safe for concurrent use.
type Telemetry struct {
	log   *slog.Logger
	lines *ratelog.Logger
	prom  *metrics.Prometheus
	push  *metrics.Push // nil without a collector
}

// Start begins to show tree. Reaching no collector is no error: what is lost is counted and
// said in the log. An error means that the configuration cannot work.
func Start(tree Tree, cfg config.Telemetry, o Options) (*Telemetry, error) {
	t := &Telemetry{log: o.Log}
	if t.log == nil {
		t.log = slog.Default()
	}
	t.lines = ratelog.New(t.log)
	res, err := service.Resource(context.Background(), o.Build.Version)
	if err != nil {
		t.log.Warn("something of this process could not be found out", "event", "resource_incomplete", "error", err.Error())
	}
	mc := metrics.Config{Symbols: cfg.Metrics.Symbols, Build: o.Build}
	if t.prom, err = metrics.NewPrometheus(tree, res, mc); err != nil {
		return nil, err
	}
	exporter, err := metricExporter(context.Background(), cfg.OTLP)
	if err != nil || exporter == nil {
		return t, err
	}
	t.push, err = metrics.NewPush(tree, res, mc, exporter, tree.Telemetry(), func(err error) { t.lost(ledger.Metrics, err) })
	return t, err
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
	if t.push != nil {
		t.push.Stop(ctx)
	}
	t.lines.Flush(true)
}
