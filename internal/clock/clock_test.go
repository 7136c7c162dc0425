package clock

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAMonoIsPositiveAndGrowsInsideABubbleAndOutside(t *testing.T) {
	look := func(t *testing.T) {
		began := Mono()
		first := Now()
		if began <= 0 || first.Mono < began || Since(first.Mono, began) > time.Minute {
			t.Fatalf("mono %d, then %d", began, first.Mono)
		}
		if m := MonoOf(time.Now()); m < first.Mono {
			t.Fatalf("%d of a time read after %d", m, first.Mono)
		}
	}
	look(t)
	synctest.Test(t, func(t *testing.T) {
		look(t)
		before := Now()
		time.Sleep(48 * time.Hour)
		after := Now()
		if d := Since(after.Mono, before.Mono); d != 48*time.Hour {
			t.Errorf("%v passed, want 48h", d)
		}
	})
}

func TestNoElapsedTimeIsNegative(t *testing.T) {
	if d := Since(1, 2); d != 0 {
		t.Errorf("%v", d)
	}
}
