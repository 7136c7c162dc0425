package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// lines closes the log and reads what was written, one object a line.
func lines(t *testing.T, l *Log, out *bytes.Buffer) (got []map[string]any) {
	t.Helper()
	l.Close(context.Background())
	for line := range strings.Lines(out.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		got = append(got, m)
	}
	return got
}

func TestLevelsHoldByComponentAndCanBeChanged(t *testing.T) {
	var out bytes.Buffer
	l := New(Config{Out: &out, JSON: true, Levels: map[string]slog.Level{"session": slog.LevelDebug, "decoder": slog.LevelError}})
	log := l.Logger()
	session, decoder := log.With("node", "session"), log.With("node", "decoder")
	for _, when := range []string{"before", "after"} {
		log.Debug(when + " debug")
		log.Info(when + " info")
		log.Debug(when+" session's, said by another", "node", "session")
		log.Warn(when+" decoder's, said by another", "node", "decoder")
		session.Debug(when + " session")
		decoder.Warn(when + " decoder")
		l.Levels().Set("", slog.LevelWarn)
		l.Levels().Set("session", slog.LevelInfo)
		l.Levels().Reset("decoder")
	}
	var got []string
	for _, m := range lines(t, l, &out) {
		got = append(got, m["msg"].(string))
	}
	want := []string{"before info", "before session's, said by another", "before session", "after decoder's, said by another", "after decoder"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestALineInsideATraceBearsItsIds(t *testing.T) {
	var out bytes.Buffer
	l := New(Config{Out: &out, JSON: true})
	s := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{15: 1}, SpanID: trace.SpanID{7: 2}})
	l.Logger().InfoContext(trace.ContextWithSpanContext(context.Background(), s), "in")
	l.Logger().Info("out")
	got := lines(t, l, &out)
	if got[0]["trace_id"] != "00000000000000000000000000000001" || got[0]["span_id"] != "0000000000000002" || got[1]["trace_id"] != nil {
		t.Errorf("%v", got)
	}
}

func TestASecondHandlerSeesTheSameUnderTheSameNames(t *testing.T) {
	var out, also bytes.Buffer
	l := New(Config{Out: &out, JSON: true})
	log := l.Logger().With("a", 1).WithGroup("g").With("b", 2)
	log.Info("first")
	l.Also(slog.NewJSONHandler(&also, nil))
	log.Info("second", "c", 3)
	l.Also(nil)
	log.Info("third")
	l.Close(context.Background())
	if text := also.String(); !strings.Contains(text, `"msg":"second","a":1,"g":{"b":2,"c":3}`) || strings.Count(text, "\n") != 1 {
		t.Errorf("%s", text)
	}
}

// stuck takes nothing until it is let go.
type stuck struct {
	free chan struct{}
	mu   sync.Mutex
	bytes.Buffer
}

func (s *stuck) Write(p []byte) (int, error) {
	<-s.free
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Buffer.Write(p)
}

func TestASinkThatBlocksCostsLinesAndHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stuck{free: make(chan struct{})}
		l := New(Config{Out: s, JSON: true})
		const n = waiting + 100
		for range n { // would never end if one of them waited
			l.Logger().Info("line")
		}
		synctest.Wait()
		if got := l.Lost(); got < 99 || got > 100 { // one may be in the sink's hands
			t.Errorf("%d lost", got)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		began := time.Now()
		l.Close(ctx)
		if took := time.Since(began); took != time.Second {
			t.Errorf("the end took %v", took)
		}
		close(s.free)
		synctest.Wait()
		text := s.String()
		if written := strings.Count(text, `"msg":"line"`); written != n-int(l.Lost()) {
			t.Errorf("%d written, %d lost, of %d", written, l.Lost(), n)
		}
		if !strings.Contains(text, `"event":"log_lines_lost"`) {
			t.Error("the loss was not said")
		}
	})
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestASinkThatFailsCostsLinesAlone(t *testing.T) {
	l := New(Config{Out: broken{}})
	for range 10 {
		l.Logger().Info("line")
	}
	l.Close(context.Background())
	l.Logger().Info("too late")
	if l.Lost() != 11 {
		t.Errorf("%d lost", l.Lost())
	}
}
