// Package clock reads the time once for both of its meanings: the wall clock, for
// people, and a monotonic count, for every difference. Nothing in feedtree subtracts
// wall-clock times.
package clock

import "time"

// base anchors Mono. It is read when the process starts, so a Mono of 0 never occurs
// in practice and 0 can stand for "never".
var base = time.Now().Add(-time.Second)

// Stamp is one reading of the clock.
type Stamp struct {
	Wall int64 // nanoseconds since the Unix epoch
	Mono int64 // nanoseconds on the process's monotonic clock, positive
}

// Now reads the clock once.
func Now() Stamp {
	t := time.Now()
	return Stamp{Wall: t.UnixNano(), Mono: int64(t.Sub(base))}
}

// Mono reads the monotonic clock alone, in nanoseconds; it is about half the price of Now.
func Mono() int64 { return int64(time.Since(base)) }

// MonoOf gives the monotonic count of a time.Time that still carries its monotonic reading.
func MonoOf(t time.Time) int64 { return int64(t.Sub(base)) }

// Since gives the time passed from an earlier Mono to a later one, never negative.
func Since(later, earlier int64) time.Duration { return time.Duration(max(0, later-earlier)) }
