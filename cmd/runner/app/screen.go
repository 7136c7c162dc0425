package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"golang.org/x/term"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// screen shows a running tree: a table that refreshes in place on a terminal, one line a
// second elsewhere. Where standard output must end with one JSON object the lines go to
// standard error.
type screen struct {
	lines   io.Writer
	tty     *os.File // nil if the table is not shown
	err     io.Writer
	errTTY  bool
	mu      sync.Mutex
	recent  []string // the last log lines, shown below the table
	entered bool
	before  ledger.Snapshot
	events  map[string]uint64
	at      time.Time
}

// keepLogs is how many log lines stand below the table.
const keepLogs = 5

func newScreen(out, err io.Writer, json bool) *screen {
	s := &screen{lines: out, err: err, errTTY: isTerminal(err), events: map[string]uint64{}}
	if json {
		s.lines = err
	} else if isTerminal(out) {
		s.tty = out.(*os.File)
	}
	return s
}

// logs is where log lines go: to standard error, or below the table when both share a
// terminal and a line would break it.
func (s *screen) logs() io.Writer {
	if s.tty != nil && s.errTTY {
		return logWriter{s}
	}
	return s.err
}

type logWriter struct{ s *screen }

func (w logWriter) Write(p []byte) (int, error) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if !w.s.entered {
		return w.s.err.Write(p)
	}
	for line := range bytes.Lines(p) {
		w.s.recent = append(w.s.recent, strings.TrimRight(string(line), "\n"))
	}
	w.s.recent = w.s.recent[max(0, len(w.s.recent)-keepLogs):]
	return len(p), nil
}

// show refreshes until ctx ends, the duration is over or the tree has ended.
func (s *screen) show(ctx context.Context, t *feedtree.Tree, url string, duration time.Duration) {
	var over <-chan time.Time
	if duration > 0 {
		end := time.NewTimer(duration)
		defer end.Stop()
		over = end.C
	}
	every := time.Second
	if s.tty != nil {
		every = 500 * time.Millisecond
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	s.at, s.before = time.Now(), *t.Snapshot()
	for {
		select {
		case <-ctx.Done():
			return
		case <-over:
			return
		case <-t.Done():
			return
		case <-tick.C:
			s.refresh(t, url)
		}
	}
}

func (s *screen) refresh(t *feedtree.Tree, url string) {
	now := t.Snapshot()
	passed := max(time.Since(s.at).Seconds(), 0.001)
	rate := float64(now.Feed.Received-s.before.Feed.Received) / passed
	if s.tty != nil {
		s.table(t, now, rate, passed, url)
	} else {
		fmt.Fprintln(s.lines, line(t, now, rate))
	}
	s.at, s.before = time.Now(), *now
}

// line is one second on a pipe.
func line(t *feedtree.Tree, s *ledger.Snapshot, rate float64) string {
	state := s.Feed.State
	if ok, why := t.Ready(); !ok {
		state = "not ready (" + why + ")"
	}
	return fmt.Sprintf("%s epoch=%d state=%s rate=%.0f/s received=%d decoded=%d errors=%d queue=%d dropped=%d symbols=%d/%d live latency_us p50=%.0f p99=%.0f",
		time.Now().Format(time.TimeOnly), s.Epoch, state, rate, s.Feed.Received, s.Feed.Decoded, errorsOf(s), queued(s), drops(s),
		s.Symbols.Live, s.Symbols.Subscribed, s.LatencyUS.P50, s.LatencyUS.P99)
}

func errorsOf(s *ledger.Snapshot) (n uint64) {
	for _, c := range s.Feed.DecodeErrors {
		n += c
	}
	return n
}

func queued(s *ledger.Snapshot) uint64 {
	n := s.Feed.Queued + s.Dispatcher.Queued
	for _, t := range s.Strategies {
		n += t.Queued
	}
	return n
}

func drops(s *ledger.Snapshot) uint64 {
	n := s.Feed.Dropped + s.Dispatcher.Dropped
	for _, t := range s.Strategies {
		n += t.Dropped
	}
	return n
}

// sizeOf is how many columns and lines a terminal has. One that nobody told its size, as under
// script or a container's, reports none.
func sizeOf(tty *os.File) (width, height int) {
	width, height, err := term.GetSize(int(tty.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		return 100, 30
	}
	return width, height
}

// table draws the whole screen and clears what a longer one before it left.
func (s *screen) table(t *feedtree.Tree, now *ledger.Snapshot, rate, passed float64, url string) {
	width, height := sizeOf(s.tty)
	var b strings.Builder
	for l := range strings.Lines(s.render(t, now, rate, passed, url, height)) {
		l = strings.TrimRight(l, "\n")
		if r := []rune(l); len(r) > width {
			l = string(r[:width])
		}
		b.WriteString(l + "\x1b[K\r\n")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.entered {
		s.entered = true
		fmt.Fprint(s.tty, "\x1b[?25l\x1b[2J") // hide the cursor, begin with a clean page
	}
	fmt.Fprint(s.tty, "\x1b[H"+b.String()+"\x1b[J")
}

func (s *screen) render(t *feedtree.Tree, now *ledger.Snapshot, rate, passed float64, url string, height int) string {
	w := table.NewWriter()
	w.SetStyle(table.StyleLight)
	w.Style().Options.DrawBorder = false
	w.AppendHeader(table.Row{"SYMBOL", "BID VOL", "BID", "ASK", "ASK VOL", "LAST", "EVENTS/S", "AGE", "STATE"})
	symbols := t.Symbols()
	room := max(3, height-11-keepLogs)
	for i, v := range symbols {
		perSecond := float64(v.Events-s.events[v.Symbol]) / passed
		s.events[v.Symbol] = v.Events
		if i < room {
			w.AppendRow(table.Row{v.Symbol, volume(v.BidVolume), price(v.Bid, v.Auction), price(v.Ask, v.Auction),
				volume(v.AskVolume), price(v.Last, false), fmt.Sprintf("%.0f", perSecond), age(v.AgeMS), v.State})
		}
	}
	w.SetColumnConfigs(rightAligned(2, 8))
	out := w.Render() + "\n"
	if more := len(symbols) - room; more > 0 {
		out += fmt.Sprintf(" … and %d more: runner symbols\n", more)
	}
	ready := "ready"
	if ok, why := t.Ready(); !ok {
		ready = why
	}
	out += fmt.Sprintf("\n feed %s, epoch %d, %s\n %.0f messages/s, %d received, %d errors, %d queued, %d dropped, %d restarts\n latency socket → strategy: p50 %.0f µs, p99 %.0f µs, max %.0f µs\n %s   Ctrl-C stops in order\n",
		now.Feed.State, now.Epoch, ready, rate, now.Feed.Received, errorsOf(now), queued(now), drops(now), now.Supervision.Restarts,
		now.LatencyUS.P50, now.LatencyUS.P99, now.LatencyUS.Max, url)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.recent) > 0 {
		out += "\n " + strings.Join(s.recent, "\n ") + "\n"
	}
	return out
}

// close gives the terminal back.
func (s *screen) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.entered {
		s.entered = false
		fmt.Fprint(s.tty, "\x1b[?25h\r\n")
	}
}
