package metrics

import (
	"context"
	"math"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/feedtree/feedtree/internal/hist"
	"github.com/feedtree/feedtree/telemetry/measure"
	n "github.com/feedtree/feedtree/telemetry/names"
)

// producer hands the distributions of the reading in progress to a reader. The SDK calls it
// after the callback that took the reading.
type producer struct {
	o           *observer
	exponential bool
	began       time.Time
}

// distribution is one histogram under its labels.
type distribution struct {
	counts *hist.Counts
	labels []attribute.KeyValue
}

// sizes are the upper edges of the buckets for how many travelled together: where a bucket
// of package hist ends, so that nothing is counted above its edge. A run of a power of two,
// which is how they are bounded, lies below the edge that comes next.
var sizes = []time.Duration{1, 2, 4, 8, 16, 33, 67, 135, 271, 543, 1087}

// Produce implements sdkmetric.Producer.
func (p *producer) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	r := p.o.last.Load()
	if r == nil {
		return nil, nil
	}
	stage := func(name string) attribute.KeyValue { return attribute.String(n.Stage, name) }
	stages := []distribution{{&r.Stages.Receive, []attribute.KeyValue{stage("receive")}},
		{&r.Stages.Decode, []attribute.KeyValue{stage("decode")}}, {&r.Stages.Dispatch, []attribute.KeyValue{stage("dispatch")}}}
	var latency, process []distribution
	for name, s := range r.Strategies {
		strategy := attribute.String(n.Strategy, name)
		stages = append(stages, distribution{&s.Deliver, []attribute.KeyValue{stage("deliver"), strategy}})
		latency = append(latency, distribution{&s.Latency, []attribute.KeyValue{strategy}})
		process = append(process, distribution{&s.Process, consumer(name)})
	}
	runs := []distribution{{&r.Stages.DecodeRuns, []attribute.KeyValue{stage("decode")}},
		{&r.Stages.DispatchRuns, []attribute.KeyValue{stage("dispatch")}}}
	seconds := func(d time.Duration) float64 { return d.Seconds() }
	return []metricdata.ScopeMetrics{{
		Scope: instrumentation.Scope{Name: n.Scope, Version: p.o.cfg.Build.Version},
		Metrics: []metricdata.Metrics{
			{Name: n.StageDuration, Unit: "s", Description: "how long events took on a part of their way", Data: p.data(r, stages, hist.Bounds(), seconds)},
			{Name: n.StrategyLatency, Unit: "s", Description: "age at delivery: return of the socket read to Receive", Data: p.data(r, latency, hist.Bounds(), seconds)},
			{Name: n.ProcessDuration, Unit: "s", Description: "how long Receive took", Data: p.data(r, process, hist.Bounds(), seconds)},
			{Name: n.RunSize, Unit: "{element}", Description: "events that travelled together", Data: p.data(r, runs, sizes, func(d time.Duration) float64 { return float64(d) })},
		},
	}}, nil
}

func (p *producer) data(r *measure.Reading, list []distribution, bounds []time.Duration, unit func(time.Duration) float64) metricdata.Aggregation {
	if p.exponential {
		out := metricdata.ExponentialHistogram[float64]{Temporality: metricdata.CumulativeTemporality}
		for _, d := range list {
			out.DataPoints = append(out.DataPoints, p.exponentialPoint(r, d, unit))
		}
		return out
	}
	edges := make([]float64, len(bounds))
	for i, b := range bounds {
		edges[i] = unit(b)
	}
	out := metricdata.Histogram[float64]{Temporality: metricdata.CumulativeTemporality}
	for _, d := range list {
		out.DataPoints = append(out.DataPoints, metricdata.HistogramDataPoint[float64]{
			Attributes: attribute.NewSet(d.labels...), StartTime: p.began, Time: r.At,
			Count: d.counts.Total(), Sum: unit(d.counts.Sum()), Max: extreme(d.counts, unit),
			Bounds: edges, BucketCounts: d.counts.Below(bounds), Exemplars: exemplars(d.counts, unit),
		})
	}
	return out
}

// scale has eight buckets to a power of two: coarser than what is counted, as no edge of
// the one kind of bucket is one of the other.
const scale = 3

// exponentialPoint puts what is counted where the middle of its bucket belongs.
func (p *producer) exponentialPoint(r *measure.Reading, d distribution, unit func(time.Duration) float64) metricdata.ExponentialHistogramDataPoint[float64] {
	out := metricdata.ExponentialHistogramDataPoint[float64]{
		Attributes: attribute.NewSet(d.labels...), StartTime: p.began, Time: r.At,
		Count: d.counts.Total(), Sum: unit(d.counts.Sum()), Max: extreme(d.counts, unit), Scale: scale,
		Exemplars: exemplars(d.counts, unit),
	}
	d.counts.Each(func(middle time.Duration, n uint64) {
		v := unit(middle)
		if v == 0 {
			out.ZeroCount += n
			return
		}
		i := int32(math.Ceil(math.Log2(v)*(1<<scale))) - 1
		b := &out.PositiveBucket
		if len(b.Counts) == 0 {
			b.Offset = i
		}
		for int(i-b.Offset) >= len(b.Counts) { // they come in ascending order
			b.Counts = append(b.Counts, 0)
		}
		b.Counts[i-b.Offset] += n
	})
	return out
}

func extreme(c *hist.Counts, unit func(time.Duration) float64) metricdata.Extrema[float64] {
	if c.Total() == 0 {
		return metricdata.Extrema[float64]{}
	}
	return metricdata.NewExtrema(unit(c.Max()))
}

func exemplars(c *hist.Counts, unit func(time.Duration) float64) (out []metricdata.Exemplar[float64]) {
	for _, e := range c.Exemplars() {
		out = append(out, metricdata.Exemplar[float64]{Time: time.Unix(0, e.Wall), Value: unit(e.Value),
			TraceID: e.TraceID[:], SpanID: e.SpanID[:]})
	}
	return out
}
