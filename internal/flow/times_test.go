package flow

import (
	"testing"
	"time"

	"github.com/feedtree/feedtree/internal/hist"
	"github.com/feedtree/feedtree/messages"
)

func counts(h *hist.Histogram) (c hist.Counts) {
	h.AddTo(&c)
	return c
}

func TestStagesAreTimedByEventAndNoticesAreNot(t *testing.T) {
	var times Times
	var on []Item
	dispatch := NewOutbox(Dispatch, &times, func(run []Item) { on = append(on, run...) })
	decode := NewOutbox(Decode, &times, func(run []Item) {
		for _, it := range run {
			it.Dispatching = 400_000
			dispatch.Add(it)
		}
	})
	for _, received := range []int64{10_000, 10_000, 40_000} {
		decode.Add(Item{Received: received, Decoding: 50_000})
	}
	decode.Add(Notice(&messages.FeedLive{}, 60_000))
	decode.Flush(150_000)
	dispatch.Flush(1_150_000)
	for name, c := range map[string]struct {
		h    *hist.Histogram
		n    uint64
		want time.Duration
	}{
		"receive":       {&times.Receive, 3, 90 * time.Microsecond},
		"decode":        {&times.Decode, 3, 300 * time.Microsecond},
		"dispatch":      {&times.Dispatch, 3, 3 * time.Millisecond},
		"decode runs":   {&times.DecodeRuns, 1, 3},
		"dispatch runs": {&times.DispatchRuns, 1, 3},
	} {
		if got := counts(c.h); got.Total() != c.n || got.Sum() != c.want {
			t.Errorf("%s: %d of %v together, want %d of %v", name, got.Total(), got.Sum(), c.n, c.want)
		}
	}
	if len(on) != 4 {
		t.Errorf("%d went on", len(on))
	}
}

func TestTimingARunAllocatesNothing(t *testing.T) {
	var times Times
	run := []Item{{Received: 1, Decoding: 2, Decoded: 3}, {Received: 2, Decoding: 2, Decoded: 3}}
	if n := testing.AllocsPerRun(1000, func() { times.record(Decode, run); times.record(Dispatch, run) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// What the stages' histograms add to an event of a run of 32, decoder and dispatcher together.
func BenchmarkTimesOfARun(b *testing.B) {
	var times Times
	run := make([]Item, 32)
	for i := range run {
		run[i] = Item{Received: int64(i / 20), Decoding: 1000, Decoded: 50_000, Dispatching: 60_000, Dispatched: 90_000}
	}
	b.ReportAllocs()
	for i := 0; i < b.N; i += len(run) {
		times.record(Decode, run)
		times.record(Dispatch, run)
	}
}
