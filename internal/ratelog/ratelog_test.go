package ratelog

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
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
		l.Log(slog.LevelWarn, "malformed", "bad payload", "event", "x", "node", "decoder")
	}
	*now = now.Add(2 * time.Minute)
	l.Flush(false)
	if !strings.Contains(buf.String(), "unreported=5") || strings.Count(buf.String(), "node=decoder") != 11 {
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

func TestNobodyNeedsToLogForASummaryToCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var buf bytes.Buffer
		l := New(slog.New(slog.NewTextHandler(&buf, nil)))
		ctx, cancel := context.WithCancel(t.Context())
		go l.Run(ctx)
		say := func(n int) {
			for range n {
				l.Log(slog.LevelWarn, "malformed", "bad payload")
			}
		}
		say(15)
		time.Sleep(30 * time.Second)
		say(1) // the burst goes on
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if got := buf.String(); lines(&buf) != 11 || !strings.Contains(got, "count=16 unreported=6") {
			t.Fatalf("a minute after the last line that was written:\n%s", got)
		}
		say(3)
		time.Sleep(61 * time.Second)
		synctest.Wait()
		if got := buf.String(); lines(&buf) != 12 || !strings.Contains(got, "count=19 unreported=3") {
			t.Fatalf("when the burst was over:\n%s", got)
		}
		say(12) // whole again
		cancel()
		synctest.Wait()
		if got := buf.String(); lines(&buf) != 23 || !strings.Contains(got, "count=12 unreported=2") {
			t.Fatalf("at the end:\n%s", got)
		}
	})
}
