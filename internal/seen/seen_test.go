package seen

import (
	"testing"

	"github.com/feedtree/feedtree/messages"
)

func TestATouchRevivesWhatIsUnknownOrStaleAndNothingElse(t *testing.T) {
	for _, c := range []struct {
		from State
		live bool
	}{{Unknown, true}, {Live, false}, {Stale, true}, {Closed, false}, {Rejected, false}} {
		var l Life
		l.state.Store(int32(c.from))
		if got := l.Touch(7); got != c.live || l.Last() != 7 {
			t.Errorf("from %v: now live %v, last %d", c.from, got, l.Last())
		}
		if want := c.from; !c.live && l.State() != want {
			t.Errorf("from %v: became %v", c.from, l.State())
		}
	}
}

func TestASymbolsTopicsShareItsSlotAndItBeginsAnewWhenWantedAgain(t *testing.T) {
	s := New()
	aot := s.Symbol("AOT", 3)
	s.Want(aot, true)
	if s.Symbol("AOT", 5) != aot || s.At(3).Symbol != aot || s.At(5).Symbol != aot || s.At(4).Symbol != nil || s.At(99).Symbol != nil {
		t.Fatal("the topics do not share the slot")
	}
	aot.Touch(1)
	aot.SetStatus(messages.MarketStatusOpen1E)
	s.Want(aot, false)
	if s.Find("AOT") != nil || len(s.Symbols()) != 0 || aot.State() != Unknown || aot.Last() != 0 || aot.Status() != 0 {
		t.Fatal("something of the symbol was kept")
	}
}

func TestAResetForgetsStatusesToo(t *testing.T) {
	s := New()
	set := s.Market("SET", false, 0)
	set.SetStatus(int32(messages.EquityMarketStatusOpen1))
	if open, known := set.Open(); !open || !known || set.Status() != "OPEN1" {
		t.Fatal("SET is not open")
	}
	s.Feed.Touch(1)
	s.Reset()
	if _, known := set.Open(); known || s.Feed.State() != Unknown {
		t.Fatal("something survived the reset")
	}
}

func TestATouchAllocatesNothing(t *testing.T) {
	s := New()
	s.Symbol("AOT", 0)
	if n := testing.AllocsPerRun(1000, func() { s.At(0).Symbol.Touch(1) }); n != 0 {
		t.Fatal(n)
	}
}
