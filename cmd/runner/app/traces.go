package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/telemetry/service"
	"github.com/feedtree/feedtree/telemetry/tracing"
)

// flushTime is how long the end waits for a collector to take the last spans.
const flushTime = 2 * time.Second

// traces makes the way out for traces, nil if there is nowhere to send them, and settles in
// cfg what the OTEL_* variables say of the ratio.
func (a *program) traces(ctx context.Context, stdout bool, loaded *config.Loaded, cfg *config.Config, log *slog.Logger) (*tracing.Provider, error) {
	t := &cfg.Telemetry
	env := tracing.Env(os.Getenv)
	ratio, off, unread := tracing.Ratio(t.Traces.Ratio, loaded.Origin("telemetry.traces.ratio") != "default", env)
	t.Traces.Ratio = ratio
	c := tracing.Config{Endpoint: t.OTLP.Endpoint, Protocol: t.OTLP.Protocol, Headers: t.OTLP.Headers.Reveal(),
		Queue: t.Traces.Queue, Log: log, Env: env}
	switch {
	case stdout:
		c.Writer = a.Out
	case off || !tracing.Enabled(t.OTLP.Endpoint, env):
		return nil, nil
	}
	if unread != nil { // it may be meant for other programs: no reason to keep the feed from running
		log.Warn(fmt.Sprintf("%v; the ratio is %v", unread, ratio), "event", "configuration_note")
	}
	var err error
	if c.Resource, err = service.Resource(ctx, version().Version); err != nil {
		log.Warn("traces do not say all of where they come from", "event", "resource_incomplete", "reason", err)
	}
	p, err := tracing.New(ctx, c)
	if err != nil {
		return nil, &exitError{exitConfiguration, err}
	}
	// What strategies trace themselves goes the same way.
	otel.SetTracerProvider(p.TracerProvider())
	otel.SetTextMapPropagator(propagation.TraceContext{})
	log.Info("traces are sent", "event", "traces_on", "ratio", ratio, "slow", t.Traces.Slow.String(), "per_second", t.Traces.PerSecond)
	return p, nil
}

// options are what the tree is given for it.
func options(p *tracing.Provider) feedtree.Options {
	if p == nil {
		return feedtree.Options{}
	}
	return feedtree.Options{TracerProvider: p.TracerProvider(), Version: version().Version}
}

// endTraces sends the last spans.
func endTraces(p *tracing.Provider, log *slog.Logger) {
	if p == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	if err := p.Shutdown(ctx); err != nil {
		log.Warn("the last traces did not get through", "event", "traces_unsent", "reason", err)
	}
}
