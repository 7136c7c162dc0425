package sandbox

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAPacerOwesWhatTimeIsWorthAndKnowsWhenTheNextIsDue(t *testing.T) {
	for _, rate := range []float64{0.3, 1, 7, 1000, 33_333} {
		now := time.Unix(0, 0)
		p := pacer{last: now, rate: rate}
		n, looks := 0, 0
		for now.Before(time.Unix(100, 0)) {
			wait := min(max(p.next(), pumpEvery), pumpIdle)
			now = now.Add(wait)
			n += p.due(now, rate)
			looks++
		}
		if want := 100 * rate; float64(n) < want-1 || float64(n) > want+rate*pumpIdle.Seconds()+1 {
			t.Errorf("at %v a second: %d messages in 100 s", rate, n)
		}
		if most := 100 * (min(rate, 1000) + 4); float64(looks) > most+2 {
			t.Errorf("at %v a second: %d looks in 100 s, want at most %v", rate, looks, most)
		}
	}
}

func TestAMarketThatWasHeldUpGoesOnWithoutABurst(t *testing.T) {
	p := pacer{last: time.Unix(0, 0), rate: 10}
	if n := p.due(time.Unix(60, 0), 10); n != 10 {
		t.Errorf("%d messages after a minute's pause, want a second's", n)
	}
	if p.due(time.Unix(61, 0), 0); p.next() != pumpIdle {
		t.Error("a market that stands still is looked at all the same: the fault may end")
	}
}

func TestASlowMarketCostsALookAMessageAndFourASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := DefaultConfig()
		c.Listener, c.Admin, c.Rate, c.Symbols = NewPipe(), "", 2, 1
		x, err := Start(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if n := x.Stats().Published; n < 7190 || n > 7210 {
			t.Errorf("%d messages in an hour at 2 a second", n)
		}
		// A look in 250 ms, not in 1 ms, is what makes a virtual day affordable; a rate fault
		// takes hold within one.
		if _, err := x.Break(Fault{Kind: "rate", PerSecond: 1000}); err != nil {
			t.Fatal(err)
		}
		before := x.Stats().Published
		time.Sleep(time.Second)
		if n := x.Stats().Published - before; n < 700 || n > 1001 {
			t.Errorf("%d messages in the first second at 1000", n)
		}
		x.Close()
	})
}
