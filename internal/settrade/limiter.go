package settrade

import (
	"context"
	"slices"
	"sync"
	"time"
)

// The exchange's limits for each kind of call, GET and POST apart: whatever fails, they are
// never passed.
const (
	perSecond = 5
	perMinute = 60
)

// window is the pure part of the limiter: when the next call may be made. The exchange
// counts a call when it arrives, some time between its start and its end, so a call counts
// from its end: two calls whose distance here is a minute are no closer over there, however
// slow the first one's way was.
type window struct {
	ends     []time.Time // of the calls that a limit may still look at, oldest first
	underway int
	blocked  time.Time // the server asked for silence until then
}

// next gives the earliest instant, not before now, at which one more call passes no limit:
// fewer than 5 in the second and than 60 in the minute that end with it. It is not known
// while calls under way take all there is.
func (w *window) next(now time.Time) (at time.Time, known bool) {
	at = now
	if w.blocked.After(at) {
		at = w.blocked
	}
	for _, l := range []struct {
		n    int
		span time.Duration
	}{{perSecond, time.Second}, {perMinute, time.Minute}} {
		if w.underway >= l.n {
			return time.Time{}, false
		}
		if i := len(w.ends) - (l.n - w.underway); i >= 0 {
			if free := w.ends[i].Add(l.span); free.After(at) {
				at = free
			}
		}
	}
	return at, true
}

// begin notes a call that starts.
func (w *window) begin() { w.underway++ }

// end notes that a call has ended at t, and forgets what no limit looks at any more.
func (w *window) end(t time.Time) {
	w.underway--
	if n := len(w.ends) - perMinute + 1; n > 0 {
		w.ends = append(w.ends[:0], w.ends[n:]...)
	}
	i, _ := slices.BinarySearchFunc(w.ends, t, time.Time.Compare)
	w.ends = slices.Insert(w.ends, i, t)
}

// limiter lets calls of one kind through in time. It is safe for concurrent use.
type limiter struct {
	mu      sync.Mutex
	w       window
	changed chan struct{} // closed when a call ends
}

// wait blocks until a call may be made, or ctx ends. Without an error the caller must call
// done when the call has ended, however it did.
func (l *limiter) wait(ctx context.Context) (done func(), err error) {
	for {
		due, changed, ok := l.try()
		if ok {
			return l.done, nil
		}
		select {
		case <-due:
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// try begins a call if it may begin now, and else gives what to wait for.
func (l *limiter) try() (due <-chan time.Time, changed <-chan struct{}, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	at, known := l.w.next(now)
	if known && !at.After(now) {
		l.w.begin()
		return nil, nil, true
	}
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	if known {
		due = time.After(at.Sub(now))
	}
	return due, l.changed, false
}

func (l *limiter) done() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.w.end(time.Now())
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
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
