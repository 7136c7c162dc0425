// Package history keeps the last day of a tree, minute by minute, in the process itself: for
// who looks at a feed that nobody scraped. It holds differences of counters, not their
// values, and is bounded: 1,440 points of some 200 bytes.
package history

import (
	"context"
	"sync"
	"time"

	"github.com/feedtree/feedtree/internal/hist"
	"github.com/feedtree/feedtree/internal/proc"
	"github.com/feedtree/feedtree/telemetry/measure"
)

// Size is how many minutes are kept: a day.
const Size = 24 * 60

// Source is a tree.
type Source interface {
	Measure(symbols bool) *measure.Reading
}

// Point is one minute; the counts are of what happened in it.
type Point struct {
	At           time.Time `json:"at"`      // its end
	Seconds      float64   `json:"seconds"` // how long it was: less than 60 for one that is not over
	Received     uint64    `json:"received"`
	DecodeErrors uint64    `json:"decode_errors"`
	Delivered    uint64    `json:"delivered"` // to all strategies together, as the next two
	Failed       uint64    `json:"failed"`
	Dropped      uint64    `json:"dropped"` // by any queue
	Restarts     uint64    `json:"restarts"`
	Reconnects   uint64    `json:"reconnects"`
	Queued       int       `json:"queued"` // at its end, in all queues
	FeedState    string    `json:"feed_state"`
	Live         int       `json:"symbols_live"`
	P50US        float64   `json:"latency_p50_us"` // socket read → Receive; 0 when nothing was delivered
	P99US        float64   `json:"latency_p99_us"`
	CPUS         float64   `json:"cpu_s"`
	MemoryBytes  int64     `json:"memory_bytes"`
	Goroutines   int       `json:"goroutines"`
}

// History is a day of one tree. All methods are safe for concurrent use.
type History struct {
	source Source
	memory func() int64
	stop   context.CancelFunc
	done   chan struct{}

	mu     sync.Mutex
	ring   [Size]Point
	next   int // where the next point goes
	full   bool
	before total
}

// Start begins a history, which takes a reading every minute and must be stopped.
func Start(source Source) *History {
	ctx, stop := context.WithCancel(context.Background())
	h := &History{source: source, memory: proc.Memory, stop: stop, done: make(chan struct{})}
	h.before = sum(source.Measure(false), h.memory())
	go h.run(ctx)
	return h
}

// Stop ends it; what was kept can still be read.
func (h *History) Stop() {
	h.stop()
	<-h.done
}

func (h *History) run(ctx context.Context) {
	defer close(h.done)
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	for {
		select {
		case <-minute.C:
			now := sum(h.source.Measure(false), h.memory())
			h.mu.Lock()
			h.ring[h.next] = between(&h.before, &now)
			h.before = now
			if h.next = (h.next + 1) % Size; h.next == 0 {
				h.full = true
			}
			h.mu.Unlock()
		case <-ctx.Done():
			return
		}
	}
}

// Points lists the last n minutes, oldest first; the one that is not over comes last and is
// one more.
func (h *History) Points(n int) []Point {
	now := sum(h.source.Measure(false), h.memory())
	h.mu.Lock()
	defer h.mu.Unlock()
	kept := h.next
	if h.full {
		kept = Size
	}
	n = max(0, min(n, kept))
	out := make([]Point, 0, n+1)
	for i := n; i > 0; i-- {
		out = append(out, h.ring[(h.next-i+Size)%Size])
	}
	return append(out, between(&h.before, &now))
}

// total is what a point is made from, at one moment.
type total struct {
	Point
	uptime  time.Duration
	latency hist.Counts
}

func sum(r *measure.Reading, memory int64) (t total) {
	l := r.Ledger
	t.uptime = r.Uptime
	t.Point = Point{At: r.At.UTC(), Received: l.Feed.Received, Dropped: l.Feed.Dropped + l.Dispatcher.Dropped, Failed: l.Dispatcher.Failed,
		Restarts: l.Supervision.Restarts, Reconnects: l.Connection.Reconnects, Queued: r.Raw.Length + r.Dispatcher.Length,
		FeedState: l.Feed.State, Live: l.Symbols.Live, CPUS: l.Process.CPUS, Goroutines: l.Process.Goroutines, MemoryBytes: memory}
	for _, n := range l.Feed.DecodeErrors {
		t.DecodeErrors += n
	}
	for _, s := range l.Strategies {
		t.Delivered += s.Delivered
		t.Failed += s.Failed
		t.Dropped += s.Dropped
		t.Queued += int(s.Queued)
	}
	for _, s := range r.Strategies {
		s.Latency.AddTo(&t.latency)
	}
	return t
}

// between is what happened from one total to the next.
func between(before, now *total) Point {
	p := now.Point
	p.Seconds = (now.uptime - before.uptime).Seconds()
	p.Received -= before.Received
	p.DecodeErrors -= before.DecodeErrors
	p.Delivered -= before.Delivered
	p.Failed -= before.Failed
	p.Dropped -= before.Dropped
	p.Restarts -= before.Restarts
	p.Reconnects -= before.Reconnects
	p.CPUS -= before.CPUS
	latency := now.latency.Since(&before.latency)
	p.P50US, p.P99US = us(latency.Quantile(0.5)), us(latency.Quantile(0.99))
	return p
}

func us(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
