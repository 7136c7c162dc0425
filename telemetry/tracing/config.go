package tracing

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/feedtree/feedtree/internal/otelenv"
)

// Env are the variables of the environment by name, "" for one that is not set: os.Getenv.
type Env func(name string) string

// first gives the value of the first variable that is set.
func (e Env) first(names ...string) string {
	for _, n := range names {
		if v := strings.TrimSpace(e(n)); v != "" {
			return v
		}
	}
	return ""
}

// Enabled reports whether there is somewhere to send traces: an endpoint in the
// configuration or in OTEL_EXPORTER_OTLP_ENDPOINT or its form for traces, and neither
// OTEL_SDK_DISABLED nor OTEL_TRACES_EXPORTER=none. OTEL_TRACES_SAMPLER is for Ratio.
func Enabled(endpoint string, env Env) bool {
	switch {
	case otelenv.Disabled(env), env.first("OTEL_TRACES_EXPORTER") == "none":
		return false
	}
	return endpoint != "" || env.first("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT") != ""
}

// Ratio gives the share of events that have a trace whatever happens: the configured one, or
// where none is configured what OTEL_TRACES_SAMPLER says, if that is set. The feed has no
// parents, so parentbased_x is x. always_off turns tracing off as a whole, slow and failed
// events included: off is then true. An error tells of a value that says nothing here, such as
// a sampler of another SDK's; ratio is the configured one then.
func Ratio(configured float64, set bool, env Env) (ratio float64, off bool, err error) {
	name := strings.TrimPrefix(env.first("OTEL_TRACES_SAMPLER"), "parentbased_")
	if set {
		return configured, false, nil
	}
	switch name {
	case "":
		return configured, false, nil
	case "always_on":
		return 1, false, nil
	case "always_off":
		return 0, true, nil
	case "traceidratio":
		arg := env.first("OTEL_TRACES_SAMPLER_ARG")
		if arg == "" {
			return 1, false, nil
		}
		ratio, err := strconv.ParseFloat(arg, 64)
		if err != nil || !(ratio >= 0 && ratio <= 1) {
			return configured, false, fmt.Errorf("OTEL_TRACES_SAMPLER_ARG: %q: expected 0 to 1", arg)
		}
		return ratio, false, nil
	}
	return configured, false, fmt.Errorf("OTEL_TRACES_SAMPLER: %q: expected always_on, always_off or traceidratio, or parentbased_ and one of these", name)
}

// protocol is "grpc" or "http".
func protocol(configured string, env Env) (string, error) {
	if configured != "" {
		return configured, nil
	}
	switch p := env.first("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"); p {
	case "", "grpc":
		return "grpc", nil
	case "http/protobuf":
		return "http", nil
	default:
		return "", fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL: %q: expected grpc or http/protobuf", p)
	}
}
