package tracing

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/feedtree/feedtree/telemetry/ledger"
)

// delay is how long a span waits for others to travel with; the SDK's own five seconds are
// long for somebody who looks at a screen.
const delay = time.Second

// Counts are a provider's counters at one moment.
type Counts struct {
	Spans    uint64 `json:"spans"`    // ended
	Exported uint64 `json:"exported"` // taken by the collector
	Failed   uint64 `json:"failed"`   // sent and not taken
	Dropped  uint64 `json:"dropped"`  // the queue was full, or the end came first
	Waiting  uint64 `json:"waiting"`
	Failures uint64 `json:"failures"` // exports that failed
}

// gate stands before the SDK's batch processor, which drops without a count that can be
// read: it lets in no more than that has room for, and so every span is counted.
type gate struct {
	sdktrace.SpanProcessor
	limit int64
	out   sdktrace.SpanExporter
	edge  edge

	counts   ledger.Spans
	failures ledger.Counter // exports
	losses   atomic.Pointer[ledger.Telemetry]

	mu    sync.Mutex // of what an export came to, and the end
	ended bool
}

// OnEnd implements sdktrace.SpanProcessor; it never waits.
func (g *gate) OnEnd(s sdktrace.ReadOnlySpan) {
	if !s.SpanContext().IsSampled() {
		return
	}
	g.counts.Ended.Inc()
	if g.counts.Waiting.Add(1) > g.limit {
		g.counts.Waiting.Add(-1)
		g.drop(1)
		g.edge.lost(1, nil)
		return
	}
	g.SpanProcessor.OnEnd(s)
}

func (g *gate) drop(n uint64) {
	g.counts.Dropped.Add(n)
	if l := g.losses.Load(); l != nil {
		l.Dropped[ledger.Traces].Add(n)
	}
}

func (g *gate) fail(n uint64) {
	g.counts.Failed.Add(n)
	g.failures.Inc()
	if l := g.losses.Load(); l != nil {
		l.ExportFailed[ledger.Traces].Inc()
		l.Dropped[ledger.Traces].Add(n)
	}
}

func (g *gate) read() Counts {
	n := &g.counts
	c := Counts{Exported: n.Exported.Load(), Failed: n.Failed.Load(), Dropped: n.Dropped.Load(), Failures: g.failures.Load(), Waiting: uint64(max(n.Waiting.Load(), 0))}
	c.Spans = n.Ended.Load()
	return c
}

// end counts what the batch processor still had when its time was up.
func (g *gate) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = true
	if n := g.counts.Waiting.Load(); n > 0 {
		g.counts.Waiting.Add(-n)
		g.drop(uint64(n)) // whoever ended it says so
	}
}

// exporter is the batch processor's way out.
func (g *gate) exporter() sdktrace.SpanExporter { return counted{g} }

type counted struct{ g *gate }

// ExportSpans implements sdktrace.SpanExporter. Its errors end here: the log has its line.
func (c counted) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	n := uint64(len(spans))
	err := c.g.out.ExportSpans(ctx, spans)
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	if c.g.ended {
		return nil // given up already, and counted so
	}
	if err == nil {
		c.g.counts.Exported.Add(n)
		c.g.edge.delivered()
	} else {
		c.g.fail(n)
		c.g.edge.lost(n, err)
	}
	c.g.counts.Waiting.Add(-int64(n))
	return nil
}

// Shutdown implements sdktrace.SpanExporter.
func (c counted) Shutdown(ctx context.Context) error { return c.g.out.Shutdown(ctx) }

// edge writes one line when spans begin to be lost and one when it is over.
type edge struct {
	log *slog.Logger

	mu     sync.Mutex
	losing bool
	spans  uint64 // lost since
	recent bool   // something was lost since the last delivery
}

func (e *edge) lost(n uint64, cause error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.spans += n
	e.recent = true
	if e.losing {
		return
	}
	e.losing = true
	reason := "the queue of spans is full: the collector is slow, or not there"
	if cause != nil {
		reason = cause.Error()
	}
	e.log.Warn("traces are being lost; the feed is not affected", "event", "traces_lost", "reason", reason)
}

// delivered ends a time of loss when nothing was lost since the delivery before.
func (e *edge) delivered() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.losing && !e.recent {
		e.losing = false
		e.log.Info("traces get through again", "event", "traces_recovered", "lost", e.spans)
		e.spans = 0
	}
	e.recent = false
}
