package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/logs"
	"github.com/feedtree/feedtree/telemetry/names"
	"github.com/feedtree/feedtree/test/harness"
)

// recordLog has the default logger, which a tree logs to, write into what the function that it
// gives reads at the end: the lines of each event.
func recordLog(t *testing.T) func() map[string][]map[string]any {
	t.Helper()
	var out bytes.Buffer
	lines := logs.New(logs.Config{Out: &out, JSON: true, Level: slog.LevelDebug})
	before := slog.Default()
	slog.SetDefault(lines.Logger())
	t.Cleanup(func() { slog.SetDefault(before) })
	return func() map[string][]map[string]any {
		lines.Close(context.Background())
		got := map[string][]map[string]any{}
		for line := range strings.Lines(out.String()) {
			var l map[string]any
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			event := fmt.Sprint(l["event"])
			got[event] = append(got[event], l)
		}
		return got
	}
}

// ids are the span that a line belongs to, as the collector names it; "" for none.
func ids(line map[string]any) string {
	if line["trace_id"] == nil {
		return ""
	}
	return fmt.Sprint(line["trace_id"], "/", line["span_id"])
}

func TestLinesOfFailuresBearTheIdsOfTheTraceThatTheCollectorHas(t *testing.T) {
	lines := recordLog(t)
	var seen harness.Record
	release := make(chan struct{})
	defer close(release)
	n := 0
	r := newTraced(t, nil, func(c *config.Config) {
		c.Telemetry.Traces.Ratio, c.Telemetry.Traces.Slow = 0, 0
		s := config.DefaultStrategy("s", "s")
		s.Supervision = config.Override{ReceiveDeadline: new(50 * time.Millisecond), Budget: config.BudgetOverride{Restarts: new(2)}}
		c.Strategies = []config.Strategy{s}
	}, harness.Recording("s", &seen, func(ctx actor.Context) {
		if _, ok := ctx.Message().(messages.Event); !ok {
			return
		}
		switch n++; n {
		case 2: // which is restarted
			panic("two")
		case 4: // which is replaced
			<-release
		case 6: // and that was the budget
			panic("six")
		}
	}))
	for i := range 6 {
		r.x.Publish(topic.BidOffer("AOT"), book("AOT"), 1)
		harness.Eventually(t, "the event", func() bool {
			s := r.Snapshot()
			return s.Strategies["s"].Delivered+s.Strategies["s"].Failed > uint64(i) && s.Supervision.Pending == 0
		})
	}
	r.x.Publish(topic.BidOffer("PTT"), []byte{0xff}, 1)
	harness.Eventually(t, "the quarantine, and the bad payload", func() bool {
		s := r.Snapshot()
		return s.Supervision.Quarantined == 1 && s.Feed.DecodeErrors["malformed"] == 1
	})
	spans, roots := map[string]*tracepb.Span{}, map[string]*tracepb.Span{}
	for id, list := range r.end(t) {
		for _, s := range list {
			spans[fmt.Sprintf("%s/%x", id, s.SpanId)] = s
			if len(s.ParentSpanId) == 0 {
				roots[id] = s
			}
		}
	}
	got := lines()
	for event, want := range map[string]string{ // the span's name, its error, the event's number
		"strategy_failed":   "process s panic 2, process s panic 6",
		"restart_scheduled": "process s panic 2",
		"restarted":         "process s panic 2",
		"replaced":          "process s stuck 4",
		"quarantined":       "process s panic 6",
		"decode_error":      "decode malformed ",
		"connected":         "connect  ",
		"subscribed":        "connect  ",
		"connection_closed": "connect  ",
	} {
		var is []string
		for _, l := range got[event] {
			s := spans[ids(l)]
			if s == nil {
				is = append(is, "no such span: "+ids(l))
				continue
			}
			is = append(is, s.Name+" "+attribute(s, names.ErrorType)+" "+attribute(roots[fmt.Sprint(l["trace_id"])], names.SpanSeq))
		}
		if strings.Join(is, ", ") != want {
			t.Errorf("lines %s are of %q, want %q", event, is, want)
		}
	}
	for event, want := range map[string]string{"strategy_failed": "strategies", "quarantined": "strategies", "decode_error": "decoder", "connected": "session"} {
		if node := got[event][0]["node"]; node != want { // whose level it is written at
			t.Errorf("%s is of %v, want %s", event, node, want)
		}
	}
	for event, list := range got {
		for _, l := range list {
			if id := ids(l); id != "" && spans[id] == nil {
				t.Errorf("a line %s leads to %s, which no collector has", event, id)
			}
		}
	}
}

func TestALineLeadsToTheRestartWhereTheFailureHasNoTrace(t *testing.T) {
	lines := recordLog(t)
	var seen harness.Record
	tries := 0
	r := newTraced(t, nil, nil, harness.Recording("s", &seen, func(ctx actor.Context) {
		if _, ok := ctx.Message().(*actor.Started); ok {
			if tries++; tries == 1 {
				panic("not yet")
			}
		}
	}))
	harness.Eventually(t, "the restart", func() bool { return r.Snapshot().Strategies["s"].Restarts == 1 })
	if err := r.RestartStrategy("s"); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, "the one by hand", func() bool { return r.Snapshot().Supervision.Manual == 1 && seen.Count("restarted") == 2 })
	roots := map[string]*tracepb.Span{}
	for id, list := range r.end(t) {
		i := slices.IndexFunc(list, func(s *tracepb.Span) bool { return len(s.ParentSpanId) == 0 })
		roots[fmt.Sprintf("%s/%x", id, list[i].SpanId)] = list[i]
	}
	got := lines()
	for event, want := range map[string]string{"restart_scheduled": "", "restarted": "restart strategies", "renewed": "renewed strategies"} {
		if len(got[event]) != 1 {
			t.Fatalf("%d lines %s", len(got[event]), event)
		}
		s := roots[ids(got[event][0])]
		if name := s.GetName(); name != want || len(s.GetLinks()) > 0 {
			t.Errorf("%s leads to %q, want %q", event, name, want)
		}
		if event == "renewed" && (got[event][0]["class"] != nil || s.GetStatus().GetCode() == tracepb.Status_STATUS_CODE_ERROR || attribute(s, names.ErrorType) != "") {
			t.Errorf("a restart by hand passes for an error: %v", got[event][0])
		}
	}
}
