package metrics

import (
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/otlptranslator"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
)

// gcCPU is what garbage collection costs, which the usual set has the pauses of alone.
var gcCPU = collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile(`^/cpu/classes/gc/total:cpu-seconds$`)}

// Prometheus shows a tree to whoever scrapes it.
type Prometheus struct {
	registry *prometheus.Registry
	provider *sdkmetric.MeterProvider
}

// NewPrometheus prepares to show source. Beside the table's metrics stand those of the Go
// runtime and the process, under the names that Prometheus users know.
func NewPrometheus(source Source, res *resource.Resource, cfg Config) (*Prometheus, error) {
	o := &observer{source: source, cfg: cfg}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(gcCPU)), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	reader, err := otelprom.New(otelprom.WithRegisterer(registry), otelprom.WithoutScopeInfo(),
		otelprom.WithTranslationStrategy(otlptranslator.UnderscoreEscapingWithSuffixes),
		otelprom.WithProducer(&producer{o: o, began: time.Now()}))
	if err != nil {
		return nil, fmt.Errorf("prometheus: %w", err)
	}
	p, err := provider(o, res, reader)
	if err != nil {
		return nil, err
	}
	return &Prometheus{registry, p}, nil
}

// Gatherer gives what a scrape would get, for programs that serve metrics themselves.
func (p *Prometheus) Gatherer() prometheus.Gatherer { return p.registry }

// Handler serves a scrape: in OpenMetrics, which alone carries exemplars, when the scraper
// asks for it. What cannot be shown is logged and left out.
func (p *Prometheus) Handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(p.registry, promhttp.HandlerOpts{
		EnableOpenMetrics: true, MaxRequestsInFlight: 4, ErrorHandling: promhttp.ContinueOnError,
		ErrorLog: printer(func(text string) {
			log.Warn("a metric cannot be shown", "event", "metrics_failed", "error", text)
		}),
	})
}

// printer is promhttp's idea of a log.
type printer func(string)

func (p printer) Println(v ...any) { p(fmt.Sprint(v...)) }
