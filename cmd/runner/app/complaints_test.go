package app

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/test/harness"
)

// Every command that has a log opens it so: what strategies, or a program of its own, make of
// OpenTelemetry is heard in all of them.
func TestOpenTelemetrysComplaintsAreLinesOfEveryCommandsLogWithoutSecrets(t *testing.T) {
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	var out harness.Buffer
	log := openLog(config.Log{Level: "warn", Format: "json"}, &out, false)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "hunter2")
	e, err := otlpmetrichttp.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e.Shutdown(t.Context())
	for range 500 {
		otel.Handle(errors.New("no way out"))
	}
	closeLog(log)
	got := out.String()
	if !strings.Contains(got, `"event":"telemetry_error"`) || strings.Contains(got, "hunter2") {
		t.Errorf("of a header that cannot be read: %q", got)
	}
	if !strings.Contains(got, `"error":"no way out"`) || strings.Count(got, "\n") > 11 || !strings.Contains(got, `"event":"repeated"`) {
		t.Errorf("of 500 errors:\n%s", got)
	}
}
