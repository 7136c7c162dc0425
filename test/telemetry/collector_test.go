package telemetry_test

import (
	"context"
	"net"
	"sync"
	"testing"

	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// collector takes OTLP over gRPC, as any would.
type collector struct {
	colmetrics.UnimplementedMetricsServiceServer
	url string

	mu       sync.Mutex
	resource *resourcepb.Resource
	metrics  map[string]*metricspb.Metric // the newest of each name
	headers  metadata.MD
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{url: "http://" + ln.Addr().String(), metrics: map[string]*metricspb.Metric{}}
	s := grpc.NewServer()
	colmetrics.RegisterMetricsServiceServer(s, c)
	done := make(chan struct{})
	go func() { defer close(done); s.Serve(ln) }()
	t.Cleanup(func() { s.Stop(); <-done })
	return c
}

// Export implements the metrics service.
func (c *collector) Export(ctx context.Context, r *colmetrics.ExportMetricsServiceRequest) (*colmetrics.ExportMetricsServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.headers, _ = metadata.FromIncomingContext(ctx)
	for _, rm := range r.ResourceMetrics {
		c.resource = rm.Resource
		for _, sm := range rm.ScopeMetrics {
			for _, m := range sm.Metrics {
				c.metrics[m.Name] = m
			}
		}
	}
	return &colmetrics.ExportMetricsServiceResponse{}, nil
}

func (c *collector) metric(name string) *metricspb.Metric {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.metrics[name]
}
