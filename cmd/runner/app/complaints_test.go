package app

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
)

func TestOpenTelemetrysComplaintsAreLinesOfTheLogWithoutSecrets(t *testing.T) {
	var out safeBuffer
	lines := hearComplaints(slog.New(slog.NewJSONHandler(&out, nil)))
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "hunter2")
	e, err := otlpmetrichttp.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e.Shutdown(t.Context())
	if got := out.String(); !strings.Contains(got, `"event":"telemetry_error"`) || strings.Contains(got, "hunter2") {
		t.Errorf("of a header that cannot be read: %q", got)
	}
	for range 500 {
		otel.Handle(errors.New("no way out"))
	}
	lines.Flush(true)
	got := out.String()
	if !strings.Contains(got, `"error":"no way out"`) || strings.Count(got, "\n") > 11 || !strings.Contains(got, `"event":"repeated"`) {
		t.Errorf("of 500 errors:\n%s", got)
	}
}
