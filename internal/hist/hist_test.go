package hist

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestEveryDurationFallsIntoABucketThatHoldsItWithinASixteenth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Range(0, 1<<62).Draw(t, "n")
		i := index(n)
		if hi := upper(i); n > hi || hi-n > n/16+1 {
			t.Fatalf("%d is in bucket %d, which ends at %d", n, i, hi)
		}
		if i > 0 && upper(i-1) >= n {
			t.Fatalf("%d belongs below bucket %d", n, i)
		}
	})
}

func TestQuantilesOfAKnownDistribution(t *testing.T) {
	var h Histogram
	for i := 1; i <= 1000; i++ {
		h.Record(time.Duration(i) * time.Microsecond)
	}
	var c Counts
	h.AddTo(&c)
	for _, tc := range []struct {
		q    float64
		want time.Duration
	}{{0.5, 500 * time.Microsecond}, {0.95, 950 * time.Microsecond}, {0.99, 990 * time.Microsecond}, {1, 1000 * time.Microsecond}} {
		if got := c.Quantile(tc.q); got < tc.want || got > tc.want*17/16 {
			t.Errorf("quantile %v: got %v, want %v to a sixteenth above", tc.q, got, tc.want)
		}
	}
	if c.Max() != time.Millisecond || c.Total() != 1000 {
		t.Errorf("max %v, total %d", c.Max(), c.Total())
	}
}

func TestBucketsForMonitoringHoldEachDurationOnceAndNoneBelowItsPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Int64Range(0, 20_000_000_000), 1, 50).Draw(t, "ns")
		var h Histogram
		b := Batch{Histogram: &h}
		sum := int64(0)
		for _, ns := range list {
			b.Record(time.Duration(ns))
			sum += ns
		}
		b.Flush()
		var c Counts
		h.AddTo(&c)
		if c.Sum() != time.Duration(sum) || c.Total() != uint64(len(list)) {
			t.Fatalf("sum %v, total %d", c.Sum(), c.Total())
		}
		below := c.Below(Bounds())
		cumulative, all := uint64(0), uint64(0)
		for i, bound := range Bounds() {
			cumulative += below[i]
			surely, atMost := uint64(0), uint64(0)
			for _, ns := range list {
				if time.Duration(ns+ns/16+1) <= bound {
					surely++
				}
				if time.Duration(ns) <= bound {
					atMost++
				}
			}
			if cumulative < surely || cumulative > atMost {
				t.Fatalf("up to %v: %d, want %d to %d", bound, cumulative, surely, atMost)
			}
		}
		for _, n := range below {
			all += n
		}
		each := uint64(0)
		c.Each(func(middle time.Duration, n uint64) { each += n })
		if all != c.Total() || each != c.Total() {
			t.Fatalf("%d and %d of %d", all, each, c.Total())
		}
	})
}

func TestWhatWasRecordedSinceIsADistributionOfItsOwn(t *testing.T) {
	var h Histogram
	var before, after Counts
	h.Record(time.Second)
	h.AddTo(&before)
	h.RecordN(time.Millisecond, 10)
	h.AddTo(&after)
	d := after.Since(&before)
	if d.Total() != 10 || d.Sum() != 10*time.Millisecond || d.Quantile(0.99) < time.Millisecond || d.Max() > time.Millisecond*17/16 {
		t.Errorf("%d, %v, p99 %v, max %v", d.Total(), d.Sum(), d.Quantile(0.99), d.Max())
	}
	if d := before.Since(&after); d.Total() != 0 || d.Sum() != 0 {
		t.Errorf("backwards: %d, %v", d.Total(), d.Sum())
	}
}

func TestAnExemplarStandsForItsBucketUntilTheNextOne(t *testing.T) {
	var h Histogram
	h.Exemplify(Exemplar{Value: 3 * time.Millisecond, Wall: 1})
	h.Exemplify(Exemplar{Value: 4 * time.Millisecond, Wall: 2})
	h.Exemplify(Exemplar{Value: time.Minute, Wall: 3})
	var c Counts
	h.AddTo(&c)
	if got := c.Exemplars(); len(got) != 2 || got[0].Wall != 2 || got[1].Wall != 3 {
		t.Errorf("%+v", got)
	}
	if c.Total() != 0 {
		t.Errorf("an exemplar was counted: %d", c.Total())
	}
}

func TestAnEmptyHistogramHasQuantileZero(t *testing.T) {
	var c Counts
	if got := c.Quantile(0.99); got != 0 {
		t.Fatalf("got %v", got)
	}
}

func TestRecordAllocatesNothing(t *testing.T) {
	var h Histogram
	if n := testing.AllocsPerRun(100, func() { h.Record(123 * time.Microsecond) }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func BenchmarkRecord(b *testing.B) {
	var h Histogram
	for i := range b.N {
		h.Record(time.Duration(i & 0xffff))
	}
}

func BenchmarkRecordInABatchOfEquals(b *testing.B) {
	batch := Batch{Histogram: &Histogram{}}
	for i := range b.N {
		batch.Record(time.Duration(i >> 5))
	}
}
