package ledger

import (
	"maps"
	"testing"
)

func TestALedgersImbalanceIsByHowMuchItsSidesDiffer(t *testing.T) {
	balanced := func() *Snapshot {
		return &Snapshot{
			Feed:        FeedCounts{Received: 10, Decoded: 7, DecodeErrors: map[string]uint64{"malformed": 2}, Queued: 1},
			Dispatcher:  DispatcherCounts{Pushed: 7, Dispatched: 6, Dropped: 1, Matched: 6},
			Strategies:  map[string]Strategy{"a": {Matched: 4, Pushed: 4, Delivered: 4}, "b": {Matched: 2, Pushed: 2, Failed: 1, Queued: 1}},
			Connection:  ConnectionCounts{Attempts: 4, Connected: 2, Failed: map[string]uint64{"auth": 1}, Pending: 1, Lost: 1, Open: 1, Reconnects: 1},
			Supervision: SupervisionCounts{Failures: 2, Restarts: 1, Pending: 1},
		}
	}
	for _, c := range []struct {
		name   string
		change func(s *Snapshot)
		want   map[string]uint64
	}{
		{"balanced", func(*Snapshot) {}, nil},
		{"three lost on the wire", func(s *Snapshot) { s.Feed.Received += 3 }, map[string]uint64{"L1": 3}},
		{"one counted twice", func(s *Snapshot) { s.Feed.Queued = 2 }, map[string]uint64{"L1": 1}},
		{"two decoded and not pushed", func(s *Snapshot) { s.Feed.Received += 2; s.Feed.Decoded += 2 }, map[string]uint64{"L2a": 2}},
		{"one of two strategies lost one", func(s *Snapshot) { s.Strategies["a"] = Strategy{Matched: 4, Pushed: 4, Delivered: 3} }, map[string]uint64{"L2b": 1}},
		{"a match of a strategy that is gone", func(s *Snapshot) { s.Dispatcher.Matched += 5 }, map[string]uint64{"L2b": 5}},
		{"an attempt without an end", func(s *Snapshot) { s.Connection.Attempts++ }, map[string]uint64{"L3": 1}},
		{"three connections at once", func(s *Snapshot) {
			s.Connection.Attempts += 2
			s.Connection.Connected, s.Connection.Open, s.Connection.Rollovers = 4, 3, 2
		}, map[string]uint64{"L3": 1}},
		{"less than nothing pending", func(s *Snapshot) { s.Supervision.Pending, s.Supervision.Failures = -1, 0 }, map[string]uint64{"L4": 1}},
		{"a failure that nobody decided about", func(s *Snapshot) { s.Supervision.Failures++ }, map[string]uint64{"L4": 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := balanced()
			c.change(s)
			got := s.Imbalance()
			s.Check()
			for name, by := range got {
				if s.Ledgers[name] != (by == 0) {
					t.Errorf("%s differs by %d and is %v", name, by, s.Ledgers[name])
				}
			}
			maps.DeleteFunc(got, func(_ string, by uint64) bool { return by == 0 })
			if !maps.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
			if s.Balanced() != (len(c.want) == 0) {
				t.Errorf("balanced %v", s.Balanced())
			}
		})
	}
}
