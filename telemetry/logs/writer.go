package logs

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/feedtree/feedtree/telemetry/ledger"
)

// waiting is how many lines may wait for the sink: more than a burst of lines that are not
// limited, less than anyone would miss of memory.
const waiting = 4096

// writer hands lines to a sink on a goroutine of its own.
type writer struct {
	out   io.Writer
	lost  ledger.Counter               // lines that out did not take
	form  func(io.Writer) slog.Handler // for the line that says what was lost
	lines chan []byte
	done  chan struct{}

	mu     sync.RWMutex // held in full by who closes
	closed bool
}

func newWriter(out io.Writer, form func(io.Writer) slog.Handler) *writer {
	w := &writer{out: out, form: form, lines: make(chan []byte, waiting), done: make(chan struct{})}
	go w.run()
	return w
}

// Write takes one line; it never waits and never fails.
func (w *writer) Write(line []byte) (int, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		w.lost.Inc()
		return len(line), nil
	}
	select {
	case w.lines <- bytes.Clone(line):
	default:
		w.lost.Inc()
	}
	return len(line), nil
}

func (w *writer) run() {
	defer close(w.done)
	said := uint64(0) // not what is lost by now: this may begin when much is
	for line := range w.lines {
		if n, err := w.out.Write(line); err != nil || n < len(line) {
			w.lost.Inc()
			continue
		}
		if now := w.lost.Load(); now > said && len(w.lines) == 0 {
			w.say(now - said)
			said = now
		}
	}
}

// say writes that lines were lost, now that the sink takes them again.
func (w *writer) say(n uint64) {
	r := slog.NewRecord(time.Now(), slog.LevelWarn, "log lines were lost: their sink blocked or failed", 0)
	r.AddAttrs(slog.String(Event, "log_lines_lost"), slog.Uint64("count", n))
	w.form(w.out).Handle(context.Background(), r)
}

func (w *writer) close(ctx context.Context) {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.lines)
	}
	w.mu.Unlock()
	select {
	case <-w.done:
	case <-ctx.Done():
	}
}
