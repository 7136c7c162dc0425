package chaos

import (
	"strings"
	"testing"

	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/test/sandbox"
)

func TestWhatKeepsTheTreeBusy(t *testing.T) {
	calm := func() *ledger.Snapshot { s := &ledger.Snapshot{}; s.Check(); return s }
	if why := busy(calm(), calm()); why != "" {
		t.Fatal(why)
	}
	for want, change := range map[string]func(s *ledger.Snapshot){
		"L1 does not balance":   func(s *ledger.Snapshot) { s.Feed.Stale = 1 },
		"L4 does not balance":   func(s *ledger.Snapshot) { s.Supervision.Failures = 1 },
		"3 raw messages":        func(s *ledger.Snapshot) { s.Feed.Queued = 3 },
		"2 events are queued":   func(s *ledger.Snapshot) { s.Strategies = map[string]ledger.Strategy{"x": {Queued: 2}} },
		"1 restarts":            func(s *ledger.Snapshot) { s.Supervision.Pending = 1 },
		"messages still arrive": func(s *ledger.Snapshot) { s.Feed.Received = 1 },
	} {
		s := calm()
		change(s)
		s.Check()
		if why := busy(s, calm()); !strings.Contains(why, want) {
			t.Errorf("%q, want %q", why, want)
		}
	}
}

func TestNeverMoreIsReceivedThanWasWrittenAndAllOfItWhileNothingIsLost(t *testing.T) {
	at := func(received, written, lost uint64) moment {
		s := &ledger.Snapshot{}
		s.Feed.Received, s.Connection.Lost = received, lost
		return moment{s, sandbox.Stats{Delivered: written}}
	}
	for _, c := range []struct {
		before, now moment
		exact, ok   bool
	}{
		{moment{}, at(10, 10, 0), true, true},
		{moment{}, at(11, 10, 0), false, false},
		{at(10, 15, 1), at(20, 25, 1), true, true},
		{at(10, 15, 1), at(19, 25, 1), true, false},
		{at(10, 15, 1), at(19, 25, 1), false, true},
		{at(10, 15, 1), at(19, 25, 2), true, true},
	} {
		if err := wireOK(c.before, c.now, c.exact); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestTheBrokerMustHaveWhatIsWantedOnceAndNothingElse(t *testing.T) {
	for _, c := range []struct {
		has     map[string]int
		missing int
		ok      bool
	}{
		{map[string]int{"a": 1, "b": 1, "$sys/x": 1}, 0, true},
		{map[string]int{"a": 1}, 1, true},
		{map[string]int{"a": 1, "b": 2}, 0, false},
		{map[string]int{"a": 1, "b": 1, "c": 1}, 0, false},
	} {
		missing, err := subscribed(sandbox.Stats{Subscriptions: c.has}, []string{"a", "b"})
		if len(missing) != c.missing || (err == nil) != c.ok {
			t.Errorf("%v: missing %v, %v", c.has, missing, err)
		}
	}
}

func TestARoundsBoundIsItsSlowestFaultsAndTheReconnect(t *testing.T) {
	plain := bound(Round{Actions: []Action{{Verb: Fault, Name: "cut"}}})
	if plain != longestDelay+dial {
		t.Errorf("a cut's bound is %v", plain)
	}
	hung := bound(Round{Actions: []Action{{Verb: Fault, Name: "cut"}, {Verb: Fault, Name: "login"}}})
	if hung != plain+lagOfREST {
		t.Errorf("a login's bound is %v", hung)
	}
}
