package telemetry_test

import (
	"io"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/feedtree/feedtree/test/harness"
)

func TestBucketsLeadToTheTracesOfEventsInThem(t *testing.T) {
	var seen harness.Record
	_, shown := watched(t, nil, harness.Recording("recorder", &seen, nil))
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	w := httptest.NewRecorder()
	shown.Metrics().ServeHTTP(w, r)
	body, _ := io.ReadAll(w.Body)
	for _, name := range []string{"feedtree_strategy_latency_seconds", "feedtree_stage_duration_seconds", "messaging_process_duration_seconds"} {
		if !regexp.MustCompile(name + `_bucket\{[^}]*\} \d+(\.0)? # \{[^}]*trace_id="[0-9a-f]{32}"`).Match(body) {
			t.Errorf("no bucket of %s leads to a trace", name)
		}
	}
}
