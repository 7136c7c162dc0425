package codec

import "testing"

func TestTimesAndDatesFitUpToTheirEdges(t *testing.T) {
	timestamp := func(c *values, p *parts) { c.timestamp("f", p) }
	date := func(c *values, p *parts) { c.date("f", p) }
	timeOfDay := func(c *values, p *parts) { c.timeOfDay("f", p) }
	for _, c := range []struct {
		name string
		read func(*values, *parts)
		n    [4]int64
		fits bool
	}{
		{"the year 1", timestamp, [4]int64{-62135596800}, true},
		{"before the year 1", timestamp, [4]int64{-62135596801}, false},
		{"the end of 9999", timestamp, [4]int64{253402300799, 999999999}, true},
		{"after 9999", timestamp, [4]int64{253402300800}, false},
		{"a second of nanos", timestamp, [4]int64{0, 1000000000}, false},
		{"negative nanos", timestamp, [4]int64{0, -1}, false},
		{"no date", date, [4]int64{}, true},
		{"the last date", date, [4]int64{9999, 12, 31}, true},
		{"the year 10000", date, [4]int64{10000, 1, 1}, false},
		{"a negative year", date, [4]int64{-1, 1, 1}, false},
		{"month 13", date, [4]int64{2026, 13, 1}, false},
		{"a negative month", date, [4]int64{2026, -1, 1}, false},
		{"day 32", date, [4]int64{2026, 1, 32}, false},
		{"a negative day", date, [4]int64{2026, 1, -1}, false},
		{"a year that int32 cuts to 1", date, [4]int64{1<<32 + 1, 1, 1}, true},
		{"midnight at the day's end", timeOfDay, [4]int64{24}, true},
		{"hour 25", timeOfDay, [4]int64{25}, false},
		{"a leap second", timeOfDay, [4]int64{23, 59, 60, 999999999}, true},
		{"second 61", timeOfDay, [4]int64{23, 59, 61}, false},
		{"minute 60", timeOfDay, [4]int64{23, 60}, false},
		{"a second of nanos", timeOfDay, [4]int64{0, 0, 0, 1000000000}, false},
		{"a negative hour", timeOfDay, [4]int64{-1}, false},
		{"a negative minute", timeOfDay, [4]int64{0, -1}, false},
		{"a negative second", timeOfDay, [4]int64{0, 0, -1}, false},
		{"negative nanos", timeOfDay, [4]int64{0, 0, 0, -1}, false},
	} {
		var v values
		c.read(&v, &parts{n: c.n, set: true})
		if fits := v.field == ""; fits != c.fits {
			t.Errorf("%s: fits is %v", c.name, fits)
		}
	}
}
