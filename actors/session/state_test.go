package session

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestTheWayOfAConnection(t *testing.T) {
	for _, c := range []struct {
		name  string
		from  State
		event event
		to    State
		do    []effect
	}{
		{"the start begins an attempt", Idle, start, Connecting, []effect{attempt}},
		{"an attempt that succeeds is opened", Connecting, accepted, Online, []effect{open}},
		{"one that fails is counted and waited for", Connecting, failed, Waiting, []effect{countFail, delay}},
		{"refused credentials end the session", Connecting, refused, Closed, []effect{countFail, giveUp, finish}},
		{"a loss is told at once, then waited for", Online, lost, Waiting, []effect{drop, delay}},
		{"after the delay comes the next attempt", Waiting, retryDue, Connecting, []effect{attempt}},
		{"a renewed token closes in order", Online, renewed, Draining, []effect{drain}},
		{"and connects again without a delay", Draining, drained, Connecting, []effect{retire, attempt}},
		{"a stop closes in order", Online, stop, Closing, []effect{drain}},
		{"and ends when the close is through", Closing, drained, Closed, []effect{retire, finish}},
		{"a stop during a delay does not wait", Waiting, stop, Closed, []effect{cancel, finish}},
		{"a stop during an attempt cancels it", Connecting, stop, Aborting, []effect{abandon}},
		{"whose late success is closed and counts as aborted", Aborting, accepted, Closed, []effect{countAbort, discard, finish}},
		{"a stop during a renewal goes on to the end", Draining, stop, Closing, nil},
		{"a stop before the start is safe", Idle, stop, Closed, []effect{finish}},
		{"a second stop is safe", Closed, stop, Closed, nil},
		{"a loss while waiting changes nothing", Waiting, lost, Waiting, nil},
		{"nothing starts after the end", Closed, retryDue, Closed, nil},
	} {
		if to, do := next(c.from, c.event); to != c.to || !slices.Equal(do, c.do) {
			t.Errorf("%s: %v + %v gave %v %v, want %v %v", c.name, c.from, c.event, to, do, c.to, c.do)
		}
	}
}

// Whatever happens, in whatever order: attempts and connections are accounted for once,
// there is at most one of each, and after a stop nothing begins.
func TestEveryHistoryKeepsTheConnectionLedger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s State
		attempts, connected, failures, aborted, pending, closed, losses, opened, ends := 0, 0, 0, 0, 0, 0, 0, 0, 0
		stopped := false
		for range rapid.IntRange(1, 60).Draw(t, "n") {
			e := event(rapid.IntRange(0, numEvents-1).Draw(t, "event"))
			if (e == accepted || e == failed || e == refused) && pending == 0 {
				continue // an outcome needs an attempt
			}
			var do []effect
			s, do = next(s, e)
			stopped = stopped || e == stop
			for _, f := range do {
				switch f {
				case attempt:
					if attempts++; stopped {
						t.Fatal("an attempt after a stop")
					}
					pending++
				case open:
					connected, opened, pending = connected+1, opened+1, pending-1
				case countFail:
					failures, pending = failures+1, pending-1
				case countAbort:
					aborted, pending = aborted+1, pending-1
				case drop:
					losses, opened = losses+1, opened-1
				case retire:
					closed, opened = closed+1, opened-1
				case finish:
					ends++
				}
			}
			if pending < 0 || pending > 1 || opened < 0 || opened > 1 || ends > 1 {
				t.Fatalf("%v: %d pending, %d open, ended %d times", s, pending, opened, ends)
			}
			if attempts != connected+failures+aborted+pending || connected != losses+closed+opened {
				t.Fatalf("L3 is false in %v", s)
			}
		}
	})
}
