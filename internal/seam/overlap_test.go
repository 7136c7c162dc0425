package seam

import (
	"testing"

	"pgregory.net/rapid"
)

func hashes(s string) (out []uint64) {
	for _, r := range s {
		out = append(out, uint64(r))
	}
	return out
}

func TestTheOverlapIsTheShortestThatTheBoundAllows(t *testing.T) {
	for _, c := range []struct {
		name         string
		past, fresh  string
		least        int
		n, undecided int
	}{
		{"nothing new yet", "abc", "", 0, 0, 0},
		{"nothing old", "", "abc", 0, 0, 0},
		{"one in common", "abc", "cde", 1, 1, 0},
		{"the new one is behind", "abcde", "bc", 2, 4, 0},
		{"the new one is level", "abcde", "bcde", 4, 4, 0},
		{"all of the old is in the new", "bc", "bcde", 1, 2, 0},
		{"equal ones in a row: twice rather than lost", "aaa", "aa", 1, 1, 2},
		{"and the bound decides", "aaa", "aa", 3, 3, 0},
		{"there and back again", "abab", "abab", 1, 2, 2},
		{"without a bound nothing is certain", "abc", "c", 0, 0, 1},
		{"streams that do not fit", "abc", "xyz", 1, 0, 0},
		{"a message that one of them lost", "abcd", "bd", 1, 0, 0},
	} {
		if n, u := overlap(hashes(c.past), hashes(c.fresh), c.least); n != c.n || u != c.undecided {
			t.Errorf("%s: %d, %d undecided, want %d, %d", c.name, n, u, c.n, c.undecided)
		}
	}
}

// The search agrees with the definition, tried out for every length.
func TestTheOverlapIsWhatItsDefinitionSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SliceOfN(rapid.Uint64Range(0, 2), 0, 12)
		past, fresh := letters.Draw(t, "past"), letters.Draw(t, "fresh")
		least := rapid.IntRange(0, 6).Draw(t, "least")
		want, longest, found := 0, 0, false
		for l := least; len(fresh) > 0 && l <= len(past); l++ {
			ok := true
			for i := 0; i < min(l, len(fresh)); i++ {
				ok = ok && past[len(past)-l+i] == fresh[i]
			}
			if ok {
				if !found {
					want, found = l, true
				}
				longest = l
			}
		}
		if n, u := overlap(past, fresh, least); n != want || u != longest-want {
			t.Fatalf("%d, %d undecided, want %d, %d", n, u, want, longest-want)
		}
	})
}

// Whatever is published, and however far one connection lags behind the other: nothing is
// lost, order is kept, and nothing comes twice where no two payloads are equal.
func TestNoRollOverLosesAMessage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unique := rapid.Bool().Draw(t, "unique")
		var stream []uint64
		for i := range rapid.IntRange(1, 30).Draw(t, "n") {
			if unique {
				stream = append(stream, uint64(i))
			} else {
				stream = append(stream, rapid.Uint64Range(0, 2).Draw(t, "payload"))
			}
		}
		begin := rapid.IntRange(0, len(stream)-1).Draw(t, "subscribed") // the new one's first
		end := rapid.IntRange(begin, len(stream)).Draw(t, "unsubscribed")
		heard := rapid.IntRange(begin, end).Draw(t, "heard")             // by the new one when the old was told to go
		barrier := rapid.IntRange(heard, len(stream)).Draw(t, "barrier") // and at the barrier
		past, fresh := stream[:end], stream[begin:barrier]
		n, undecided := overlap(past, fresh, heard-begin)
		if all := end - begin; n > all {
			t.Fatalf("%d of the new stream were passed over, but only %d had been delivered", n, all)
		}
		if unique && heard > begin && (n != end-begin || undecided != 0) {
			t.Fatalf("%d passed over, %d undecided, want %d", n, undecided, end-begin)
		}
	})
}
