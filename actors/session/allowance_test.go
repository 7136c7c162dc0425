package session

import (
	"strings"
	"testing"
)

// What happened at renewals, a letter each: e an eviction, r a refusal, p a roll-over that
// passed; and after each of them whether the next one closes first.
func TestWhatRollOversTeachOfTheNumberOfConnections(t *testing.T) {
	for name, c := range map[string]struct{ happened, closes string }{
		"two evictions in a row":       {"ee", ".c"},
		"one may be chance":            {"epep", "...."},
		"three refusals in a row":      {"rrr", "..c"},
		"two and a roll-over":          {"rrprr", "....."},
		"one of each proves nothing":   {"er", ".."},
		"an eviction and two refusals": {"err", "..."},
		"refusals around an eviction":  {"rrer", "...c"},
	} {
		t.Run(name, func(t *testing.T) {
			var a allowance
			var got strings.Builder
			for _, h := range c.happened {
				map[rune]func(){'e': a.evicted, 'r': a.refused, 'p': a.passed}[h]()
				got.WriteByte(".c"[map[bool]int{true: 1}[a.one]])
			}
			if got.String() != c.closes {
				t.Errorf("%s: %s, want %s", c.happened, got.String(), c.closes)
			}
		})
	}
}

func TestWhatWasLearntIsTriedAgainNowAndThen(t *testing.T) {
	var a allowance
	for range 3 {
		a.evicted()
		if a.one {
			t.Fatal("learnt from one eviction")
		}
		a.evicted()
		for i := range maxClosures {
			if !a.one || !a.closes() {
				t.Fatalf("forgotten after %d", i)
			}
		}
		if a.closes() || a.one {
			t.Fatal("never tried again")
		}
	}
}
