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
		{"a renewed token begins a roll-over", Online, renewed, Rolling, []effect{attempt}},
		{"one connection at a time: it closes in order first", Online, replaced, Draining, []effect{drain}},
		{"and connects again without a delay", Draining, drained, Connecting, []effect{retire, attempt}},
		{"a stall is a loss", Online, stalled, Waiting, []effect{drop, delay}},
		{"the new connection joins the old one", Rolling, accepted, Passing, []effect{join}},
		{"or fails, and the old one goes on", Rolling, failed, Online, []effect{countFail, later}},
		{"refused credentials do not end a session that delivers", Rolling, refused, Online, []effect{countFail, later}},
		{"the old one lost during the dial: the attempt is the reconnection", Rolling, lost, Connecting, []effect{drop}},
		{"a stop during the dial ends both", Rolling, stop, ClosingAborting, []effect{abandon, drain}},
		{"the old one may be through first", ClosingAborting, drained, Aborting, []effect{retire}},
		{"or the attempt", ClosingAborting, accepted, Closing, []effect{countAbort, discard}},
		{"the new one has all: the old one goes", Passing, passed, Parting, []effect{part}},
		{"the old one lost: the new one goes on behind a gap", Passing, lost, Online, []effect{takeOver}},
		{"the new one lost: the old one goes on", Passing, newLost, Online, []effect{fallBack, later}},
		{"a stop lets the topics pass first", Passing, stop, PartingStop, []effect{part}},
		{"the old one is read to its end: topics pass", Parting, drained, Online, []effect{pass}},
		{"the new one lost as the old one goes", Parting, newLost, PartingLost, nil},
		{"what it brought is delivered, then it is lost", PartingLost, drained, Waiting, []effect{pass, drop, delay}},
		{"a stop while the old one goes", Parting, stop, PartingStop, nil},
		{"closes the new one next", PartingStop, drained, Closing, []effect{pass, drain}},
		{"a stop and a loss while the old one goes", PartingStop, newLost, PartingEnd, nil},
		{"end in order", PartingEnd, drained, Closed, []effect{pass, drop, finish}},
		{"the old one's loss while it goes is its end", Parting, lost, Parting, nil},
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
// there is at most one attempt, one connection and, in a roll-over, another, and after a stop
// nothing begins.
func TestEveryHistoryKeepsTheConnectionLedger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := history{}
		for range rapid.IntRange(1, 80).Draw(t, "n") {
			e := event(rapid.IntRange(0, numEvents-1).Draw(t, "event"))
			if (e == accepted || e == failed || e == refused) && h.pending == 0 {
				continue // an outcome needs an attempt
			}
			if e == newLost && h.joined == 0 || e == lost && h.opened == 0 {
				continue // a loss needs a connection
			}
			var do []effect
			h.state, do = next(h.state, e)
			h.stopped = h.stopped || e == stop
			for _, f := range do {
				if why := h.do(f); why != "" {
					t.Fatalf("%s on %v in %v", why, e, h.state)
				}
			}
			if why := h.wrong(); why != "" {
				t.Fatalf("%s after %v in %v: %+v", why, e, h.state, h)
			}
		}
	})
}

// history counts what the effects mean for ledger L3.
type history struct {
	state                                                  State
	attempts, connected, failures, aborted, pending, ended int
	closed, losses, opened, joined                         int // opened: owns the topics; joined: is to
	reconnects, rollovers                                  int
	stopped                                                bool
}

func (h *history) do(f effect) string {
	switch f {
	case attempt:
		if h.stopped {
			return "an attempt after a stop"
		}
		h.attempts, h.pending = h.attempts+1, h.pending+1
	case open:
		if h.connected > 0 {
			h.reconnects++
		}
		h.connected, h.opened, h.pending = h.connected+1, h.opened+1, h.pending-1
	case join:
		h.connected, h.joined, h.pending, h.rollovers = h.connected+1, h.joined+1, h.pending-1, h.rollovers+1
	case countFail:
		h.failures, h.pending = h.failures+1, h.pending-1
	case countAbort:
		h.aborted, h.pending = h.aborted+1, h.pending-1
	case drop:
		h.losses, h.opened = h.losses+1, h.opened-1
	case retire:
		h.closed, h.opened = h.closed+1, h.opened-1
	case fallBack:
		h.losses, h.joined = h.losses+1, h.joined-1
	case takeOver:
		h.losses, h.joined = h.losses+1, h.joined-1
	case pass:
		h.closed, h.joined = h.closed+1, h.joined-1
	case finish:
		h.ended++
	}
	return ""
}

func (h *history) wrong() string {
	first := min(h.connected, 1)
	switch {
	case h.pending < 0 || h.pending > 1 || h.opened < 0 || h.opened > 1 || h.joined < 0 || h.joined > h.opened || h.ended > 1:
		return "one of each at most"
	case h.attempts != h.connected+h.failures+h.aborted+h.pending,
		h.connected != h.losses+h.closed+h.opened+h.joined,
		h.connected != first+h.reconnects+h.rollovers:
		return "L3 is false"
	case h.state == Closed && (h.pending > 0 || h.opened > 0 || h.joined > 0):
		return "something is left at the end"
	}
	return ""
}
