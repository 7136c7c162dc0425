package app

import (
	"io"
	"log/slog"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/test/harness"
)

// OTEL_* variables are often set for every program of a machine.
func TestASamplerThatIsMeantForOtherProgramsKeepsNoFeedFromRunning(t *testing.T) {
	before := otel.GetTracerProvider()
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	for sampler, want := range map[string]string{"jaeger_remote": `OTEL_TRACES_SAMPLER: \"jaeger_remote\": expected always_on`, "always_on": ""} {
		t.Setenv("OTEL_TRACES_SAMPLER", sampler)
		for _, stdout := range []bool{false, true} {
			loaded := &config.Loaded{Config: config.Default()}
			cfg := loaded.Config
			var out harness.Buffer
			log := slog.New(slog.NewJSONHandler(&out, nil))
			p, err := (&program{Streams: Streams{Out: io.Discard}}).traces(t.Context(), stdout, loaded, &cfg, log)
			if err != nil || (p != nil) != stdout {
				t.Fatalf("%s: %v %v", sampler, p, err)
			}
			endTraces(p, log)
			if said := strings.Contains(out.String(), `"event":"configuration_note"`); said != (stdout && want != "") || said && !strings.Contains(out.String(), want) {
				t.Errorf("%s, traced %v: %s", sampler, stdout, out.String())
			}
		}
	}
}
