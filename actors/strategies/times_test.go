package strategies

import (
	"testing"
	"time"

	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/internal/hist"
)

func TestADeliveryIsTimedFromTheSocketFromItsQueueAndInReceive(t *testing.T) {
	var times Times
	times.record(&flow.Item{Received: 1_000, Dispatched: 21_000}, 51_000, 151_000)
	var latency, deliver, process hist.Counts
	times.AddTo(&latency, &deliver, &process)
	for name, c := range map[string]struct {
		got  hist.Counts
		want time.Duration
	}{
		"latency": {latency, 50 * time.Microsecond}, "deliver": {deliver, 30 * time.Microsecond}, "process": {process, 100 * time.Microsecond},
	} {
		if c.got.Total() != 1 || c.got.Sum() != c.want {
			t.Errorf("%s: %d, %v, want one of %v", name, c.got.Total(), c.got.Sum(), c.want)
		}
	}
}

func TestTimingADeliveryAllocatesNothing(t *testing.T) {
	var times Times
	it := flow.Item{Received: 1, Dispatched: 1000}
	if n := testing.AllocsPerRun(1000, func() { times.record(&it, 2000, 2500) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// What a delivery's three histograms add to its event: no allocation, and one lock.
func BenchmarkTimesOfADelivery(b *testing.B) {
	var times Times
	it := flow.Item{Received: 1, Dispatched: 1000}
	b.ReportAllocs()
	for i := range int64(b.N) {
		times.record(&it, 2000+i&0xffff, 2500+i&0xffff)
	}
}

// What three histograms of atomics would add instead.
func BenchmarkTimesOfADeliveryInAtomics(b *testing.B) {
	var times [3]hist.Histogram
	for i := range b.N {
		for k := range times {
			times[k].Record(time.Duration(1000 + i&0xffff))
		}
	}
}
