package supervision

import (
	"fmt"
	"math"
	"time"

	"github.com/feedtree/feedtree/internal/clock"
)

// BackoffConfig bounds the delays before further attempts.
type BackoffConfig struct {
	Min, Max time.Duration
	Factor   float64       // at least 1
	Jitter   float64       // share of the span that is drawn at random, from its upper end, 0 to 1
	Stable   time.Duration // for how long something must stand before its failures are forgotten
}

// DefaultBackoff is the policy for restarts: from 200 ms, doubled, up to 30 s, drawn from all
// of that span, forgotten after 30 s of standing.
func DefaultBackoff() BackoffConfig {
	return BackoffConfig{Min: 200 * time.Millisecond, Max: 30 * time.Second, Factor: 2, Jitter: 1, Stable: 30 * time.Second}
}

// Validate tells what cannot work.
func (c BackoffConfig) Validate() error {
	switch {
	case c.Min <= 0:
		return fmt.Errorf("backoff min %v: expected a positive time", c.Min)
	case c.Max < c.Min:
		return fmt.Errorf("backoff max %v: expected at least min, %v", c.Max, c.Min)
	case !(c.Factor >= 1) || math.IsInf(c.Factor, 0):
		return fmt.Errorf("backoff factor %v: expected at least 1", c.Factor)
	case !(c.Jitter >= 0 && c.Jitter <= 1):
		return fmt.Errorf("backoff jitter %v: expected 0 to 1", c.Jitter)
	case c.Stable < 0:
		return fmt.Errorf("backoff stable %v: expected no negative time", c.Stable)
	}
	return nil
}

// Delay draws the delay before the attempt after n failures in a row, n from 1. Its cap is
// min(Max, Min·Factorⁿ); of the span [Min, cap] the upper part, Jitter of it, is drawn from
// evenly: all of it with 1, nothing but the cap with 0. It is never below Min, because what is
// on the other side may count attempts by the minute, and never above Max. rnd gives numbers
// in [0, 1).
func (c BackoffConfig) Delay(n int, rnd func() float64) time.Duration {
	top := float64(c.Min) * math.Pow(c.Factor, float64(n)) // +Inf for large n, which min takes
	top = math.Min(top, float64(c.Max))
	low := top - c.Jitter*(top-float64(c.Min))
	d := time.Duration(low + rnd()*(top-low))
	return min(max(d, c.Min), c.Max)
}

// Forgets reports whether something that stood for up, after a delay, may forget its
// failures: only after max(delay, Stable), or else a partner that accepts and drops would
// be met with a storm.
func (c BackoffConfig) Forgets(up, delay time.Duration) bool { return up >= max(delay, c.Stable) }

// Reconnect counts failures in a row of something that can be up and down again. The zero
// value is ready; it is for one goroutine.
type Reconnect struct {
	failures int
	delay    time.Duration
	upSince  int64 // clock.Mono, 0 while down
	stoodFor time.Duration
	stood    bool
}

// Up notes that it stands since now, a clock.Mono.
func (r *Reconnect) Up(now int64) { r.upSince = now }

// Down notes that it fell at now, a clock.Mono.
func (r *Reconnect) Down(now int64) {
	if r.upSince != 0 {
		r.stoodFor, r.stood = clock.Since(now, r.upSince), true
	}
	r.upSince = 0
}

// Failed counts a failure of a class, or a fall, and draws the delay before the next attempt
// at the pace that the class has in Decide's table.
func (r *Reconnect) Failed(class Class, c BackoffConfig, rnd func() float64) time.Duration {
	if r.stood && c.Forgets(r.stoodFor, r.delay) {
		r.failures = 0
	}
	r.stood = false
	r.failures++
	r.delay = rules[class].pace.delay(c, r.failures, rnd)
	return r.delay
}
