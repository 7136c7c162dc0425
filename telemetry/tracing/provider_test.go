package tracing

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/telemetry/tracing/otlptest"
	"github.com/feedtree/feedtree/test/harness"
)

func vars(pairs ...string) Env {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// lines is a log that a test reads while it is written.
type lines struct{ harness.Buffer }

func (l *lines) count(event string) int {
	return strings.Count(l.String(), "event="+event+" ")
}

func provider(t *testing.T, c Config) (*Provider, *lines) {
	t.Helper()
	log := &lines{}
	c.Log, c.Resource = slog.New(slog.NewTextHandler(log, nil)), resource.Empty()
	if c.Env == nil {
		c.Env = vars("OTEL_BSP_SCHEDULE_DELAY", "1")
		t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "1")
	}
	if c.Queue == 0 {
		c.Queue = 100
	}
	p, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		p.Shutdown(ctx)
	})
	return p, log
}

func spans(p *Provider, n int) {
	tracer := p.TracerProvider().Tracer("test")
	for range n {
		_, s := tracer.Start(context.Background(), "x")
		s.End()
	}
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	end := time.NewTimer(10 * time.Second)
	defer end.Stop()
	for tick := time.NewTicker(time.Millisecond); !is(); {
		select {
		case <-tick.C:
		case <-end.C:
			t.Fatal("not within ten seconds: " + what)
		}
	}
}

func TestSpansReachACollectorOverBothProtocols(t *testing.T) {
	t.Run("grpc", func(t *testing.T) {
		c := otlptest.Start(t)
		p, _ := provider(t, Config{Endpoint: c.URL})
		spans(p, 20)
		if err := p.Flush(t.Context()); err != nil || len(c.Spans()) != 20 {
			t.Errorf("%d spans, %v", len(c.Spans()), err)
		}
		if got := p.Counts(); got != (Counts{Spans: 20, Exported: 20}) {
			t.Errorf("%+v", got)
		}
	})
	t.Run("http", func(t *testing.T) {
		var got collector.ExportTraceServiceRequest
		var path, token string
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			path, token = r.URL.Path, r.Header.Get("X-Token")
			if err := proto.Unmarshal(body, &got); err != nil {
				t.Error(err)
			}
		}))
		defer s.Close()
		p, _ := provider(t, Config{Endpoint: s.URL, Protocol: "http", Headers: "x-token=a%20b"})
		spans(p, 1)
		if err := p.Flush(t.Context()); err != nil || len(got.ResourceSpans) != 1 || path != "/v1/traces" || token != "a b" {
			t.Errorf("%v, %d at %q with %q", err, len(got.ResourceSpans), path, token)
		}
	})
}

func TestTheEnvironmentSaysWhereWhereTheConfigurationDoesNot(t *testing.T) {
	c := otlptest.Start(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	p, _ := provider(t, Config{})
	spans(p, 1)
	if err := p.Flush(t.Context()); err != nil || len(c.Spans()) != 1 {
		t.Errorf("%d spans, %v", len(c.Spans()), err)
	}
}

func TestAWriterGetsALineOfJSONForEachSpan(t *testing.T) {
	var out bytes.Buffer
	p, _ := provider(t, Config{Writer: &out})
	spans(p, 3)
	if err := p.Flush(t.Context()); err != nil || strings.Count(out.String(), "\n") != 3 || !strings.HasPrefix(out.String(), `{"Name":"x"`) {
		t.Errorf("%v %s", err, &out)
	}
}

func TestARefusingCollectorIsALineInTheLogAndSoIsItsRecovery(t *testing.T) {
	c := otlptest.Start(t)
	c.Before(func(context.Context) error { return status.Error(codes.PermissionDenied, "no") })
	p, log := provider(t, Config{Endpoint: c.URL})
	var losses ledger.Telemetry
	p.CountFor(&losses)
	for n := uint64(1); n <= 5; n++ {
		spans(p, 1)
		p.Flush(t.Context())
		if got := p.Counts(); got != (Counts{Spans: n, Failed: n, Failures: n}) {
			t.Fatalf("%+v", got)
		}
	}
	if f, d := losses.ExportFailed[ledger.Traces].Load(), losses.Dropped[ledger.Traces].Load(); f != 5 || d != 5 {
		t.Errorf("%d failed, %d lost", f, d)
	}
	c.Before(nil)
	spans(p, 1)
	p.Flush(t.Context()) // clears what was lost before it
	spans(p, 1)
	p.Flush(t.Context())
	if log.count("traces_lost") != 1 || log.count("traces_recovered") != 1 || !strings.Contains(log.String(), "lost=5") {
		t.Error(log.String())
	}
}

func TestASlowCollectorCostsSpansCountedAndHoldsNobodyUp(t *testing.T) {
	c := otlptest.Start(t)
	release := make(chan struct{})
	c.Before(func(ctx context.Context) error {
		select {
		case <-release:
		case <-ctx.Done():
		}
		return nil
	})
	p, log := provider(t, Config{Endpoint: c.URL, Queue: 10})
	spans(p, 1000) // returns
	if got := p.Counts(); got != (Counts{Spans: 1000, Dropped: 990, Waiting: 10}) {
		t.Errorf("%+v", got)
	}
	close(release)
	eventually(t, "the rest", func() bool { return p.Counts().Exported == 10 })
	if got := p.Counts(); got != (Counts{Spans: 1000, Dropped: 990, Exported: 10}) || log.count("traces_lost") != 1 {
		t.Errorf("%+v %s", got, log.String())
	}
}

func TestACollectorThatIsNotThereHoldsTheEndUpNoLongerThanItMay(t *testing.T) {
	p, _ := provider(t, Config{Endpoint: "http://127.0.0.1:1"})
	spans(p, 50)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	c := p.Counts()
	if c.Spans != 50 || c.Dropped+c.Failed != 50 || c.Waiting != 0 {
		t.Errorf("%+v", c)
	}
}

func TestWhatHangsUnderAnUnsampledSpanIsNotSent(t *testing.T) {
	c := otlptest.Start(t)
	p, _ := provider(t, Config{Endpoint: c.URL})
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}}))
	_, s := p.TracerProvider().Tracer("test").Start(ctx, "x")
	s.End()
	if p.Flush(t.Context()); p.Counts().Spans != 0 {
		t.Errorf("%+v", p.Counts())
	}
}

func TestWhetherThereIsSomewhereToSendTo(t *testing.T) {
	for _, c := range []struct {
		endpoint string
		env      Env
		want     bool
	}{
		{"", vars(), false},
		{"http://x:1", vars(), true},
		{"", vars("OTEL_EXPORTER_OTLP_ENDPOINT", "http://x:1"), true},
		{"", vars("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://x:1"), true},
		{"http://x:1", vars("OTEL_SDK_DISABLED", "true"), false},
		{"http://x:1", vars("OTEL_TRACES_EXPORTER", "none"), false},
	} {
		if Enabled(c.endpoint, c.env) != c.want {
			t.Errorf("%+v", c)
		}
	}
}

func TestTheSamplersVariableStandsInForARatioThatIsNotConfigured(t *testing.T) {
	const sampler, arg = "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"
	for _, c := range []struct {
		set   bool
		env   Env
		ratio float64
		off   bool
		err   string
	}{
		{false, vars(), 0.1, false, ""},
		{true, vars(sampler, "always_off"), 0.1, false, ""},
		{false, vars(sampler, "always_on"), 1, false, ""},
		{false, vars(sampler, "always_off"), 0, true, ""},
		{false, vars(sampler, "parentbased_always_off"), 0, true, ""},
		{false, vars(sampler, "traceidratio", arg, "0.25"), 0.25, false, ""},
		{false, vars(sampler, "parentbased_traceidratio", arg, "0.25"), 0.25, false, ""},
		{false, vars(sampler, "traceidratio"), 1, false, ""},
		{false, vars(sampler, "traceidratio", arg, "2"), 0.1, false, `OTEL_TRACES_SAMPLER_ARG: "2": expected 0 to 1`},
		{false, vars(sampler, "jaeger_remote"), 0.1, false, `expected always_on, always_off or traceidratio`},
	} {
		ratio, off, err := Ratio(0.1, c.set, c.env)
		if ratio != c.ratio || off != c.off || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%v %v %v, want %+v", ratio, off, err, c)
		}
	}
}

func TestAProtocolThatIsNotSpokenIsNamed(t *testing.T) {
	_, err := New(t.Context(), Config{Endpoint: "http://x:1", Queue: 1, Env: vars("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")})
	if err == nil || !strings.Contains(err.Error(), `"http/json": expected grpc or http/protobuf`) {
		t.Error(err)
	}
}
