package telemetry_test

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// collector takes OTLP over gRPC, as any would.
type collector struct {
	colmetrics.UnimplementedMetricsServiceServer
	url string

	mu       sync.Mutex
	resource *resourcepb.Resource
	metrics  map[string]*metricspb.Metric // the newest of each name
	headers  metadata.MD
	records  []*logspb.LogRecord
	refuse   atomic.Bool // log records, as a collector does that may not be written to
}

// takesLogs is the collector as far as logs go: both services call their method Export.
type takesLogs struct {
	collogs.UnimplementedLogsServiceServer
	c *collector
}

// Export implements the logs service.
func (t takesLogs) Export(_ context.Context, r *collogs.ExportLogsServiceRequest) (*collogs.ExportLogsServiceResponse, error) {
	if t.c.refuse.Load() {
		return nil, status.Error(codes.PermissionDenied, "not you")
	}
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	for _, rl := range r.ResourceLogs {
		for _, sl := range rl.ScopeLogs {
			t.c.records = append(t.c.records, sl.LogRecords...)
		}
	}
	return &collogs.ExportLogsServiceResponse{}, nil
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
	collogs.RegisterLogsServiceServer(s, takesLogs{c: c})
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
