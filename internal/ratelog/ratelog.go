// Package ratelog keeps repeated log lines from becoming a fault of their own. Of each
// class the first ten lines of a burst are written whole, then every thousandth with the
// count so far; a summary follows at least once a minute and when the burst ends, and
// after a quiet minute a class is written whole again.
package ratelog

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	whole = 10
	every = 1000
	quiet = time.Minute
)

// Logger limits lines by class. All methods are safe for concurrent use.
type Logger struct {
	log *slog.Logger
	now func() time.Time

	suppressed atomic.Uint64

	mu      sync.Mutex
	classes map[string]*burst
}

type burst struct {
	level      slog.Level
	msg        string
	node       any    // of the lines, nil if they have none
	count      uint64 // lines of this burst
	unreported uint64 // of these, not yet in any line written
	start      time.Time
	last       time.Time
	reported   time.Time
}

// New wraps log. Classes must come from a closed set: each is remembered.
func New(log *slog.Logger) *Logger {
	return &Logger{log: log, now: time.Now, classes: map[string]*burst{}}
}

// Log writes the line, or counts it. args are slog's alternating keys and values.
func (l *Logger) Log(level slog.Level, class, msg string, args ...any) {
	l.LogContext(context.Background(), level, class, msg, args...)
}

// LogContext is Log for a line inside a trace.
func (l *Logger) LogContext(ctx context.Context, level slog.Level, class, msg string, args ...any) {
	now := l.now()
	l.mu.Lock()
	b := l.classes[class]
	if b == nil {
		b = &burst{}
		l.classes[class] = b
	}
	if b.count > 0 && now.Sub(b.last) >= quiet {
		l.summarise(class, b, now, true)
	}
	if b.count == 0 {
		b.start, b.reported, b.node = now, now, nodeOf(args)
	}
	b.level, b.msg, b.last = level, msg, now
	b.count++
	switch {
	case b.count <= whole:
		b.reported = now
		l.mu.Unlock()
		l.log.Log(ctx, level, msg, args...)
		return
	case b.count%every == 0:
		n, span := b.count, now.Sub(b.start)
		b.unreported, b.reported = 0, now
		l.mu.Unlock()
		l.log.Log(ctx, level, msg, append(args, "count", n, "over", span.String())...)
		return
	}
	b.unreported++
	l.suppressed.Add(1)
	if now.Sub(b.reported) >= quiet {
		l.summarise(class, b, now, false)
	}
	l.mu.Unlock()
}

// Suppressed is how many lines were counted and not written.
func (l *Logger) Suppressed() uint64 { return l.suppressed.Load() }

// Flush writes the summaries that are due: of bursts that ended, and of those that went
// a minute without a line. Call it now and then, and with force when the program ends.
func (l *Logger) Flush(force bool) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for class, b := range l.classes {
		ended := b.count > 0 && now.Sub(b.last) >= quiet
		if force || ended || now.Sub(b.reported) >= quiet {
			l.summarise(class, b, now, ended || force)
		}
	}
}

// Run writes the summaries that are due, every second until ctx ends, and then all there are.
func (l *Logger) Run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			l.Flush(false)
		case <-ctx.Done():
			l.Flush(true)
			return
		}
	}
}

func (l *Logger) summarise(class string, b *burst, now time.Time, ended bool) {
	if b.unreported > 0 {
		log := l.log
		if b.node != nil {
			log = log.With("node", b.node) // whose level holds for its summary, too
		}
		log.Log(context.Background(), b.level, b.msg+" (repeated)", "event", "repeated", "class", class,
			"count", b.count, "unreported", b.unreported, "over", b.last.Sub(b.start).String())
		b.unreported = 0
	}
	b.reported = now
	if ended {
		b.count = 0
	}
}

// nodeOf finds the component that a line is of.
func nodeOf(args []any) any {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == "node" {
			return args[i+1]
		}
	}
	return nil
}
