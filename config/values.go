package config

import (
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"
)

// redacted stands for a secret wherever one would be shown.
const redacted = "[redacted]"

// Secret is a string that does not show itself: however it is printed, logged or encoded,
// "[redacted]" comes out, or nothing where it is empty. Reveal gives the string.
type Secret string

// Reveal is the secret itself, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }

// String is "[redacted]", or "" where there is no secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// Format redacts under every verb, %x and %#v included.
func (s Secret) Format(f fmt.State, verb rune) { fmt.Fprintf(f, "%q", s.String()) }

// LogValue redacts in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText redacts in JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Bytes is a size, written "64MiB", "500kB" or as a number of bytes.
type Bytes int64

var units = []struct {
	name string
	size float64
}{
	{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"KB", 1e3}, {"B", 1},
}

// String writes the size in the largest unit of 1024 that divides it.
func (b Bytes) String() string {
	for _, u := range units[:3] {
		if n := int64(u.size); b != 0 && int64(b)%n == 0 {
			return strconv.FormatInt(int64(b)/n, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(b), 10) + "B"
}

// ParseBytes reads a size with a unit (B, kB, MB, GB, KiB, MiB, GiB), or bytes without one.
func ParseBytes(s string) (Bytes, error) {
	number, size := strings.TrimSpace(s), 1.0
	for _, u := range units {
		if rest, ok := strings.CutSuffix(number, u.name); ok {
			number, size = strings.TrimSpace(rest), u.size
			break
		}
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(number, "_", ""), 64)
	if err != nil || math.IsNaN(f) || math.Abs(f*size) > 1<<53 || f*size != math.Trunc(f*size) {
		return 0, fmt.Errorf("expected a size, like 64MiB")
	}
	return Bytes(f * size), nil
}

// TimeOfDay is a time of the exchange's day, as what has passed since its midnight.
type TimeOfDay time.Duration

// At is the time of day at that hour and minute.
func At(hour, minute int) TimeOfDay {
	return TimeOfDay(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
}

// Duration is what has passed since midnight.
func (t TimeOfDay) Duration() time.Duration { return time.Duration(t) }

// String is "10:00", with the seconds if there are any.
func (t TimeOfDay) String() string {
	d := time.Duration(t)
	s := fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
	if sec := int(d.Seconds()) % 60; sec != 0 {
		s += fmt.Sprintf(":%02d", sec)
	}
	return s
}

// MarshalText is String.
func (t TimeOfDay) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// ParseTimeOfDay reads "10:00" or "10:00:30".
func ParseTimeOfDay(s string) (TimeOfDay, error) {
	for _, layout := range []string{"15:04", "15:04:05"} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil && t.Nanosecond() == 0 {
			return TimeOfDay(t.Sub(t.Truncate(24 * time.Hour))), nil
		}
	}
	return 0, fmt.Errorf("expected a time of day, like 10:00")
}

// Date is a day of the exchange's calendar. It is comparable: a set of days is a map.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day that t falls on in its own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// String is "2026-12-31".
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// MarshalText is String.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// ParseDate reads "2026-12-31".
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, strings.TrimSpace(s))
	if err != nil {
		return Date{}, fmt.Errorf("expected a day of the calendar, like 2026-12-31")
	}
	return DateOf(t), nil
}
