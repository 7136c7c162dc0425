package config

import (
	"fmt"
	"net/url"
	"strings"
)

var logLevels = []string{"debug", "info", "warn", "error"}

// componentLevels takes node=level, as in session=debug.
func (v *checker) componentLevels(levels []string) {
	seen := map[string]bool{}
	for i, item := range levels {
		key := fmt.Sprintf("log.levels[%d]", i)
		node, level, ok := strings.Cut(item, "=")
		if !ok || node == "" {
			v.fail(key, item, "expected a component and its level, like session=debug")
			continue
		}
		v.oneOf(key, level, logLevels...)
		if seen[node] {
			v.fail(key, item, "%s has a level already", clip(node))
		}
		seen[node] = true
	}
}

func (v *checker) telemetry(t Telemetry) {
	if t.OTLP.Endpoint != "" {
		u, err := url.Parse(t.OTLP.Endpoint)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
			v.fail("telemetry.otlp.endpoint", nil, "expected an address with its scheme and no password, like http://localhost:4317")
		}
	}
	if t.OTLP.Protocol != "" {
		v.oneOf("telemetry.otlp.protocol", t.OTLP.Protocol, OTLPGRPC, OTLPHTTP)
	}
	for pair := range strings.SplitSeq(t.OTLP.Headers.Reveal(), ",") {
		if name, _, ok := strings.Cut(pair, "="); t.OTLP.Headers != "" && (!ok || strings.TrimSpace(name) == "") {
			v.fail(otlpHeaders, nil, "expected key=value, separated by commas")
			break
		}
	}
	if t.Traces.Slow != 0 { // 0 is no threshold
		v.positive("telemetry.traces.slow", t.Traces.Slow)
	}
	if !(t.Traces.Ratio >= 0 && t.Traces.Ratio <= 1) {
		v.fail("telemetry.traces.ratio", t.Traces.Ratio, "expected 0 to 1")
	}
	v.between("telemetry.traces.per_second", t.Traces.PerSecond, 0, 1_000_000)
	v.between("telemetry.traces.queue", t.Traces.Queue, 1, 10_000_000)
}
