// Package otelenv reads what traces, metrics and logs must read alike of OpenTelemetry's
// settings.
package otelenv

import (
	"net/url"
	"strings"
)

// Disabled reports whether OTEL_SDK_DISABLED turns all of it off, in whatever case it says
// so. get gives a variable's value, "" if it is not set: os.Getenv.
func Disabled(get func(name string) string) bool {
	return strings.EqualFold(strings.TrimSpace(get("OTEL_SDK_DISABLED")), "true")
}

// Headers reads key=value, separated by commas, with the values as the OTEL_* variables have
// them: percent-encoded. A value that is not is taken as it stands.
func Headers(text string) map[string]string {
	out := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		k, v, ok := strings.Cut(pair, "=")
		if k = strings.TrimSpace(k); !ok || k == "" {
			continue
		}
		v = strings.TrimSpace(v)
		if plain, err := url.PathUnescape(v); err == nil {
			v = plain
		}
		out[k] = v
	}
	return out
}
