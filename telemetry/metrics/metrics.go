// Package metrics shows a running tree to Prometheus and to OTLP collectors.
//
// Nothing is called for an event. A collection takes one Reading of the tree and reports it
// through observable instruments; distributions, for which OpenTelemetry has no instrument
// that takes a whole histogram, go beside them through a Producer. What each metric means
// says docs/telemetry.md.
package metrics

import (
	"context"
	"fmt"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/feedtree/feedtree/telemetry/measure"
	"github.com/feedtree/feedtree/telemetry/names"
)

// Source is a tree, as far as telemetry is concerned. Both methods must be safe for
// concurrent use.
type Source interface {
	// Measure takes a reading; with symbols also of each symbol.
	Measure(symbols bool) *measure.Reading
}

// Build is what the program says of its making.
type Build struct{ Version, Revision, Go string }

// Config says what is shown beyond the usual.
type Config struct {
	Symbols bool // series for each symbol
	Build   Build
}

// observer reads the source once a collection, for instruments and distributions alike.
type observer struct {
	source Source
	cfg    Config
	last   atomic.Pointer[measure.Reading]
}

// provider makes a MeterProvider that shows the source through a reader. Each reader has one
// of its own: they collect at times of their own, and each collection is one reading.
func provider(o *observer, res *resource.Resource, reader sdkmetric.Reader) (*sdkmetric.MeterProvider, error) {
	p := sdkmetric.NewMeterProvider(sdkmetric.WithResource(res), sdkmetric.WithReader(reader),
		// The number of series follows from the configuration; beyond the SDK's own limit it would
		// be folded into one in silence.
		sdkmetric.WithCardinalityLimit(0))
	return p, o.register(p.Meter(names.Scope, metric.WithInstrumentationVersion(o.cfg.Build.Version)))
}

// register makes the instruments of the table, and the callback that fills them.
func (o *observer) register(m metric.Meter) error {
	type row struct {
		read func(*measure.Reading, put)
		put  func(metric.Observer, float64, []attribute.KeyValue)
	}
	var rows []row
	var all []metric.Observable
	for _, t := range append(table(), o.build()) {
		r := row{read: t.read}
		var err error
		switch t.kind {
		case counter:
			var c metric.Int64ObservableCounter
			c, err = m.Int64ObservableCounter(t.name, metric.WithUnit(t.unit), metric.WithDescription(t.help))
			all = append(all, c)
			r.put = func(to metric.Observer, v float64, kv []attribute.KeyValue) {
				to.ObserveInt64(c, int64(v), metric.WithAttributes(kv...))
			}
		case gauge:
			var g metric.Int64ObservableGauge
			g, err = m.Int64ObservableGauge(t.name, metric.WithUnit(t.unit), metric.WithDescription(t.help))
			all = append(all, g)
			r.put = func(to metric.Observer, v float64, kv []attribute.KeyValue) {
				to.ObserveInt64(g, int64(v), metric.WithAttributes(kv...))
			}
		case level:
			var g metric.Float64ObservableGauge
			g, err = m.Float64ObservableGauge(t.name, metric.WithUnit(t.unit), metric.WithDescription(t.help))
			all = append(all, g)
			r.put = func(to metric.Observer, v float64, kv []attribute.KeyValue) {
				to.ObserveFloat64(g, v, metric.WithAttributes(kv...))
			}
		}
		if err != nil {
			return fmt.Errorf("metric %s: %w", t.name, err)
		}
		rows = append(rows, r)
	}
	_, err := m.RegisterCallback(func(_ context.Context, to metric.Observer) error {
		reading := o.source.Measure(o.cfg.Symbols)
		o.last.Store(reading)
		for _, r := range rows {
			r.read(reading, func(v float64, kv ...attribute.KeyValue) { r.put(to, v, kv) })
		}
		return nil
	}, all...)
	return err
}

func (o *observer) build() entry {
	b := o.cfg.Build
	return entry{names.BuildInfo, gauge, "", "always 1: which program this is", func(_ *measure.Reading, put put) {
		put(1, attribute.String(names.Version, b.Version), attribute.String(names.Revision, b.Revision), attribute.String(names.GoVersion, b.Go))
	}}
}
