package history

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/telemetry/measure"
)

// steady is a tree that receives 600 messages a minute; a tenth of them is dropped, and
// latency is a millisecond, or two in every second hour.
type steady struct {
	mu    sync.Mutex
	began time.Time
	upTo  int
	kept  measure.Strategy
}

func (s *steady) Measure(bool) *measure.Reading {
	s.mu.Lock()
	defer s.mu.Unlock()
	up := time.Since(s.began)
	n := int(up.Seconds() * 10)
	for ; s.upTo < n; s.upTo++ {
		s.kept.Latency.Record(time.Duration(1+s.upTo/36_000%2) * time.Millisecond)
	}
	copied := s.kept
	return &measure.Reading{At: time.Now(), Uptime: up,
		Ledger: &ledger.Snapshot{Feed: ledger.FeedCounts{Received: uint64(n), State: "live"},
			Strategies: map[string]ledger.Strategy{"a": {Delivered: uint64(n - n/10), Dropped: uint64(n / 10)}},
			Process:    ledger.Process{CPUS: up.Seconds() / 4}},
		Strategies: map[string]*measure.Strategy{"a": &copied}}
}

func TestADayIsKeptByTheMinuteAndNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &steady{began: time.Now()}
		h := Start(s)
		if got := h.Points(Size); len(got) != 1 || got[0].Received != 0 {
			t.Errorf("at the start: %+v", got)
		}
		time.Sleep(25*time.Hour + 30*time.Second)
		synctest.Wait()
		all := h.Points(10 * Size)
		if len(all) != Size+1 {
			t.Fatalf("%d points", len(all))
		}
		for i, p := range all[:Size] {
			at := s.began.Add(time.Hour + time.Duration(i+1)*time.Minute)
			want := 1000.0
			if at.Add(-time.Second).Sub(s.began)/time.Hour%2 == 1 {
				want = 2000
			}
			if !p.At.Equal(at) || p.Seconds != 60 || p.Received != 600 || p.Delivered != 540 || p.Dropped != 60 || p.CPUS != 15 || p.FeedState != "live" ||
				p.P50US < want || p.P50US > want*17/16 || p.P99US != p.P50US {
				t.Fatalf("minute %d: %+v, want latency %v µs at %v", i, p, want, at)
			}
		}
		if p := all[Size]; p.Seconds != 30 || p.Received != 300 {
			t.Errorf("the minute that is not over: %+v", p)
		}
		if last := h.Points(2); len(last) != 3 || last[0] != all[Size-2] || last[1] != all[Size-1] {
			t.Errorf("the last two: %+v", last)
		}
		h.Stop()
	})
}
