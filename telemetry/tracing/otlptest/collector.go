// Package otlptest is a collector for tests: an OTLP receiver on loopback that keeps what it
// is sent, or behaves as badly as it is told to.
package otlptest

import (
	"context"
	"net"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
)

// Collector is the receiver. All methods are safe for concurrent use.
type Collector struct {
	collector.UnimplementedTraceServiceServer
	URL string

	mu     sync.Mutex
	got    []*tracepb.ResourceSpans
	before func(context.Context) error
}

// Start serves on a free port of loopback until the test ends.
func Start(t testing.TB) *Collector {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &Collector{URL: "http://" + l.Addr().String()}
	s := grpc.NewServer()
	collector.RegisterTraceServiceServer(s, c)
	go s.Serve(l)
	t.Cleanup(s.Stop)
	return c
}

// Before sets what each export meets first; its error is the answer. nil for nothing.
func (c *Collector) Before(f func(context.Context) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.before = f
}

// Export implements the OTLP service.
func (c *Collector) Export(ctx context.Context, r *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	before := c.before
	c.mu.Unlock()
	if before != nil {
		if err := before(ctx); err != nil {
			return nil, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, r.ResourceSpans...)
	return &collector.ExportTraceServiceResponse{}, nil
}

// Received lists what came so far.
func (c *Collector) Received() []*tracepb.ResourceSpans {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*tracepb.ResourceSpans(nil), c.got...)
}

// Spans lists the spans that came so far.
func (c *Collector) Spans() (out []*tracepb.Span) {
	for _, r := range c.Received() {
		for _, s := range r.ScopeSpans {
			out = append(out, s.Spans...)
		}
	}
	return out
}
