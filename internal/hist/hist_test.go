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
