package metrics

import (
	"testing"
	"time"

	"github.com/feedtree/feedtree/internal/hist"
)

func TestARunCountsInTheBucketWhoseEdgesItLiesBetween(t *testing.T) {
	for run := time.Duration(1); run <= 1200; run++ {
		var c hist.Counts
		c.Record(run)
		want := 0
		for want < len(sizes) && run > sizes[want] {
			want++
		}
		if got := c.Below(sizes); got[want] != 1 {
			t.Errorf("a run of %d: %v", run, got)
		}
	}
}
