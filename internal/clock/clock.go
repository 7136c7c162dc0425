// Package clock reads the time once for both of its meanings: the wall clock, for
// people, and a monotonic count, for every difference. Nothing in feedtree subtracts
// wall-clock times.
//
// Inside a testing/synctest bubble the monotonic count follows the bubble's clock. It is
// positive there, too, so that 0 can stand for "never" everywhere.
package clock

import "time"

// base anchors Mono. It is read when the process starts, so a Mono of 0 never occurs
// in practice and 0 can stand for "never".
var base = time.Now().Add(-time.Second)

// bubble moves what Mono is inside a bubble: a bubble has no monotonic clock, begins in the
// year 2000 and so before the process did.
var bubble = int64(base.Sub(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))) + int64(time.Second)

// Stamp is one reading of the clock.
type Stamp struct {
	Wall int64 // nanoseconds since the Unix epoch
	Mono int64 // nanoseconds on the process's monotonic clock, positive
}

// Now reads the clock once.
func Now() Stamp {
	t := time.Now()
	return Stamp{Wall: t.UnixNano(), Mono: MonoOf(t)}
}

// Mono reads the monotonic clock alone, in nanoseconds; it is about half the price of Now.
func Mono() int64 { return positive(int64(time.Since(base))) }

// MonoOf gives the monotonic count of a time.Time that still carries its monotonic reading.
func MonoOf(t time.Time) int64 { return positive(int64(t.Sub(base))) }

// positive is for bubbles: outside of them no reading is before base.
func positive(mono int64) int64 {
	if mono <= 0 {
		mono += bubble
	}
	return mono
}

// Since gives the time passed from an earlier Mono to a later one, never negative.
func Since(later, earlier int64) time.Duration { return time.Duration(max(0, later-earlier)) }

// WallAt gives the wall clock of a monotonic moment, to show it: by the difference between the
// two clocks now, so nothing may be measured by it.
func WallAt(mono int64) int64 {
	now := Now()
	return now.Wall - (now.Mono - mono)
}
