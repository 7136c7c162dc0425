package telemetry

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"

	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/otelenv"
)

// wanted reports whether a signal goes to a collector: if there is an address for it, in the
// configuration or in the standard variables, and these do not turn it off.
func wanted(cfg config.OTLP, signal string) bool {
	upper := strings.ToUpper(signal)
	if otelenv.Disabled(os.Getenv) || os.Getenv("OTEL_"+upper+"_EXPORTER") == "none" {
		return false
	}
	return cmp.Or(cfg.Endpoint, os.Getenv("OTEL_EXPORTER_OTLP_"+upper+"_ENDPOINT"), os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")) != ""
}

// overHTTP chooses between OTLP's protocols: as configured, else as the variables say, else gRPC.
func overHTTP(cfg config.OTLP, signal string) (bool, error) {
	p := cmp.Or(cfg.Protocol, os.Getenv("OTEL_EXPORTER_OTLP_"+strings.ToUpper(signal)+"_PROTOCOL"), os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL"), config.OTLPGRPC)
	switch p {
	case config.OTLPGRPC:
		return false, nil
	case config.OTLPHTTP, "http/protobuf":
		return true, nil
	}
	return false, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL %q: expected grpc or http/protobuf", p)
}

// signalURL is where a signal goes over HTTP: the configured address is that of the
// collector, as OTEL_EXPORTER_OTLP_ENDPOINT is.
func signalURL(endpoint, signal string) string {
	return strings.TrimSuffix(endpoint, "/") + "/v1/" + signal
}

// options are an exporter's, passed only where the configuration says something: in code they
// would beat the OTEL_* variables.
func options[O any](cfg config.OTLP, url string, endpoint func(string) O, headers func(map[string]string) O) (out []O) {
	if cfg.Endpoint != "" {
		out = append(out, endpoint(url))
	}
	if h := otelenv.Headers(cfg.Headers.Reveal()); len(h) > 0 {
		out = append(out, headers(h))
	}
	return out
}

// metricExporter makes the exporter, nil when nobody wants one.
func metricExporter(ctx context.Context, cfg config.OTLP) (sdkmetric.Exporter, error) {
	if !wanted(cfg, "metrics") {
		return nil, nil
	}
	http, err := overHTTP(cfg, "metrics")
	if err != nil {
		return nil, err
	}
	if http {
		return otlpmetrichttp.New(ctx, options(cfg, signalURL(cfg.Endpoint, "metrics"), otlpmetrichttp.WithEndpointURL, otlpmetrichttp.WithHeaders)...)
	}
	return otlpmetricgrpc.New(ctx, options(cfg, cfg.Endpoint, otlpmetricgrpc.WithEndpointURL, otlpmetricgrpc.WithHeaders)...)
}

// logExporter is metricExporter for log records.
func logExporter(ctx context.Context, cfg config.OTLP) (sdklog.Exporter, error) {
	if !wanted(cfg, "logs") {
		return nil, nil
	}
	http, err := overHTTP(cfg, "logs")
	if err != nil {
		return nil, err
	}
	if http {
		return otlploghttp.New(ctx, options(cfg, signalURL(cfg.Endpoint, "logs"), otlploghttp.WithEndpointURL, otlploghttp.WithHeaders)...)
	}
	return otlploggrpc.New(ctx, options(cfg, cfg.Endpoint, otlploggrpc.WithEndpointURL, otlploggrpc.WithHeaders)...)
}
