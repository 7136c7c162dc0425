package config

import "strings"

// maxNearest bounds what is compared: no known name is half as long.
const maxNearest = 100

// Nearest is the candidate that name most likely was meant to be, "" if none is near. A
// third of its letters may be wrong, missing, too many or swapped; case does not count, nor
// whether words are separated by '-' or '_'. Of equally near ones it is the first.
func Nearest(name string, candidates []string) string {
	plain := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "-", "_") }
	if len(name) > maxNearest {
		return ""
	}
	best, least := "", max(1, len(name)/3)+1
	for _, c := range candidates {
		if d := len(c) - len(name); d >= least || -d >= least {
			continue
		}
		if d := distance(plain(name), plain(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of neighbours between
// two strings (optimal string alignment), by bytes: known names are ASCII.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
