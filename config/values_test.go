package config

import (
	"strings"
	"testing"
	"time"
)

func TestSizesAreReadAndWrittenWithUnits(t *testing.T) {
	for s, want := range map[string]Bytes{"64MiB": 64 << 20, "64 MiB": 64 << 20, "1.5KiB": 1536, "2GB": 2e9, "500kB": 5e5, "12": 12, "12B": 12, "1_000": 1000, "-1B": -1, "0": 0} {
		if got, err := ParseBytes(s); err != nil || got != want {
			t.Errorf("%q: %d, %v", s, got, err)
		} else if back, err := ParseBytes(got.String()); err != nil || back != got {
			t.Errorf("%q is shown as %s, which is %d, %v", s, got, back, err)
		}
	}
	for _, s := range []string{"", "MiB", "1.5B", "x", "1mib", "1e400", "NaN", "1 2", "9223372036854775807"} {
		if got, err := ParseBytes(s); err == nil {
			t.Errorf("%q was taken as %d", s, got)
		}
	}
}

func TestTimesOfDayAndDates(t *testing.T) {
	for s, want := range map[string]string{"10:00": "10:00", "09:30:15": "09:30:15", "00:00": "00:00", "23:59": "23:59"} {
		if got, err := ParseTimeOfDay(s); err != nil || got.String() != want {
			t.Errorf("%q: %s, %v", s, got, err)
		}
	}
	for _, s := range []string{"24:00", "10", "10:60", "10:00:00.5", "", "-1:00", "10:00 pm"} {
		if got, err := ParseTimeOfDay(s); err == nil {
			t.Errorf("%q was taken as %s", s, got)
		}
	}
	if got, _ := ParseTimeOfDay("14:30"); got != At(14, 30) || got.Duration() != 14*time.Hour+30*time.Minute {
		t.Error(got)
	}
	at := time.Date(2026, 1, 1, 20, 0, 0, 0, time.UTC)
	if d := DateOf(at.In(Market{}.Location())); d != (Date{2026, 1, 2}) || d.String() != "2026-01-02" {
		t.Error(d)
	}
	if got, err := ParseDate("2028-02-29"); err != nil || got != (Date{2028, 2, 29}) {
		t.Error(got, err)
	}
}

func TestDurationsAreShownWithoutZeros(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0s", time.Second: "1s", 10 * time.Second: "10s", 5 * time.Minute: "5m", time.Hour: "1h",
		10 * time.Hour: "10h", 90 * time.Minute: "1h30m", time.Hour + time.Second: "1h0m1s", 250 * time.Millisecond: "250ms", 20 * time.Minute: "20m"} {
		if got := showDuration(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
		if back, err := parseDuration(want); err != nil || back != d {
			t.Errorf("%s: %v, %v", want, back, err)
		}
	}
}

func TestTheNearestNameIsFound(t *testing.T) {
	known := []string{"capacity", "overflow", "max_age", "drop_warning"}
	for name, want := range map[string]string{"capacty": "capacity", "Capacity": "capacity", "capcaity": "capacity", "max-age": "max_age", "maxage": "max_age",
		"drop_warn": "drop_warning", "drop_warnings": "drop_warning", "xyz": "", "": "", "overflw": "overflow", strings.Repeat("x", 1000): ""} {
		if got := Nearest(name, known); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	for _, row := range []struct {
		a, b string
		d    int
	}{{"", "", 0}, {"abc", "", 3}, {"abc", "acb", 1}, {"kitten", "sitting", 3}, {"ab", "ba", 1}} {
		if got := distance(row.a, row.b); got != row.d || distance(row.b, row.a) != row.d {
			t.Errorf("%s %s: %d", row.a, row.b, got)
		}
	}
}
