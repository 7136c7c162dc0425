package seam

// overlap finds the stretch at the end of past that begins fresh: the smallest n ≥ least for
// which the last n of past and the first n of fresh agree as far as both are known; fresh may
// be shorter, its rest is still to come. It is 0 if there is none. undecided is by how much
// the longest such stretch exceeds it: so many of what follows may be delivered twice.
//
// It is Knuth, Morris and Pratt's search for fresh in past, in time linear in both.
func overlap(past, fresh []uint64, least int) (n, undecided int) {
	if len(fresh) == 0 {
		return 0, 0
	}
	border := borders(fresh)
	longest, found := 0, false
	consider := func(l int) {
		if l < least {
			return
		}
		if !found || l < n {
			n = l
		}
		found, longest = true, max(longest, l)
	}
	k := 0 // how much of fresh ends at the place reached
	for i, h := range past {
		for k > 0 && (k == len(fresh) || fresh[k] != h) {
			k = border[k]
		}
		if fresh[k] == h {
			k++
		}
		if k == len(fresh) {
			consider(len(past) - (i + 1 - k))
		}
	}
	for ; k > 0; k = border[k] {
		consider(k)
	}
	if least == 0 {
		n, found = 0, true
	}
	if !found {
		return 0, 0
	}
	return n, longest - n
}

// borders gives, for each length of a prefix, the longest shorter prefix that also ends it.
func borders(f []uint64) []int {
	out := make([]int, len(f)+1)
	k := 0
	for i := 1; i < len(f); i++ {
		for k > 0 && f[k] != f[i] {
			k = out[k]
		}
		if f[k] == f[i] {
			k++
		}
		out[i+1] = k
	}
	return out
}
