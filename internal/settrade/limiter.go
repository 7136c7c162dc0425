package settrade

import (
	"context"
	"sync"
	"time"
)

// The exchange's limits for each kind of call, GET and POST apart: whatever fails, they are
// never passed.
const (
	perSecond = 5
	perMinute = 60
)

// window is the pure part of the limiter: when the next call may be made.
type window struct {
	calls   []time.Time // of the last minute, oldest first
	blocked time.Time   // the server asked for silence until then
}

// next gives the earliest instant, not before now, at which one more call passes no limit:
// fewer than 5 in the second and than 60 in the minute that end with it.
func (w *window) next(now time.Time) time.Time {
	at := now
	if w.blocked.After(at) {
		at = w.blocked
	}
	for _, l := range []struct {
		n    int
		span time.Duration
	}{{perSecond, time.Second}, {perMinute, time.Minute}} {
		if i := len(w.calls) - l.n; i >= 0 {
			if free := w.calls[i].Add(l.span); free.After(at) {
				at = free
			}
		}
	}
	return at
}

// take notes a call at t and forgets what no limit looks at any more.
func (w *window) take(t time.Time) {
	if n := len(w.calls) - perMinute + 1; n > 0 {
		w.calls = append(w.calls[:0], w.calls[n:]...)
	}
	w.calls = append(w.calls, t)
}

// limiter lets calls of one kind through in time. It is safe for concurrent use: each call
// reserves its instant, then waits for it.
type limiter struct {
	mu sync.Mutex
	w  window
}

// wait blocks until the call may be made, or ctx ends.
func (l *limiter) wait(ctx context.Context) error {
	for {
		l.mu.Lock()
		now := time.Now()
		at := l.w.next(now)
		if !at.After(now) {
			l.w.take(now)
			l.mu.Unlock()
			return nil
		}
		l.mu.Unlock()
		t := time.NewTimer(at.Sub(now))
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		}
	}
}

// block makes all calls wait until t.
func (l *limiter) block(t time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.After(l.w.blocked) {
		l.w.blocked = t
	}
}
