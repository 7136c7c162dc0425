package ratelog

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func newTest() (*Logger, *bytes.Buffer, *time.Time) {
	var buf bytes.Buffer
	now := time.Unix(1_700_000_000, 0)
	l := New(slog.New(slog.NewTextHandler(&buf, nil)))
	l.now = func() time.Time { return now }
	return l, &buf, &now
}

func lines(buf *bytes.Buffer) int { return strings.Count(buf.String(), "\n") }

func TestTheFirstTenLinesAreWholeThenEveryThousandth(t *testing.T) {
	l, buf, _ := newTest()
	for range 3000 {
		l.Log(slog.LevelWarn, "malformed", "bad payload", "k", "v")
	}
	if got := lines(buf); got != 13 {
		t.Fatalf("got %d lines, want 10 whole ones and 3 of a thousand each\n%s", got, buf)
	}
	if !strings.Contains(buf.String(), "count=2000") {
		t.Errorf("no count in %s", buf)
	}
}

func TestASummaryFollowsWhenTheBurstEndsAndTheClassIsWholeAgain(t *testing.T) {
	l, buf, now := newTest()
	for range 15 {
		l.Log(slog.LevelWarn, "malformed", "bad payload")
	}
	*now = now.Add(2 * time.Minute)
	l.Flush(false)
	if !strings.Contains(buf.String(), "unreported=5") {
		t.Fatalf("no summary of the five lines kept back:\n%s", buf)
	}
	before := lines(buf)
	l.Log(slog.LevelWarn, "malformed", "bad payload")
	if lines(buf) != before+1 {
		t.Fatalf("after quiet the class is not written whole")
	}
}

func TestALongBurstIsSummarisedOnceAMinute(t *testing.T) {
	l, buf, now := newTest()
	for range 200 {
		l.Log(slog.LevelWarn, "malformed", "bad payload")
		*now = now.Add(time.Second)
	}
	if got := strings.Count(buf.String(), "(repeated)"); got != 3 {
		t.Fatalf("got %d summaries in 200 s, want 3\n%s", got, buf)
	}
}

func TestTheTimeThatABurstTookIsReadableInJSON(t *testing.T) {
	var buf bytes.Buffer
	now := time.Unix(1_700_000_000, 0)
	l := New(slog.New(slog.NewJSONHandler(&buf, nil)))
	l.now = func() time.Time { return now }
	for range 1005 {
		l.Log(slog.LevelWarn, "a", "a")
		now = now.Add(time.Millisecond)
	}
	l.Flush(true)
	for _, want := range []string{`"count":1000,"over":"999ms"`, `"unreported":5,"over":"1.004s"`} {
		if !strings.Contains(buf.String(), want) {
			t.Errorf("no %s in\n%s", want, &buf)
		}
	}
}

func TestClassesAreLimitedApart(t *testing.T) {
	l, buf, _ := newTest()
	for range 20 {
		l.Log(slog.LevelWarn, "a", "a")
	}
	l.Log(slog.LevelWarn, "b", "b")
	if got := lines(buf); got != 11 {
		t.Fatalf("got %d lines, want 11", got)
	}
}

func TestFlushWithForceLeavesNothingUnsaid(t *testing.T) {
	l, buf, _ := newTest()
	for range 12 {
		l.Log(slog.LevelWarn, "a", "a")
	}
	l.Flush(true)
	if !strings.Contains(buf.String(), "unreported=2") {
		t.Fatalf("forced flush said nothing:\n%s", buf)
	}
}
