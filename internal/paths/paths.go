// Package paths makes traces of events' paths through the feed, afterwards, from the stamps
// that every event carries.
//
// A path is the way of one event to one strategy, and has one trace:
//
//	process proto/topic/bidofferv3/{symbol}   ├──────────────────────────────────────┤
//	    receive                               ├──────┤    socket read → decode start
//	    decode                                       ├──┤ decoding its run
//	    dispatch                                        ├────────┤   the dispatcher's queue
//	    deliver NAME                                             ├────┤ the strategy's queue
//	    process NAME                                                  ├───────────┤ Receive
//
// The root spans the whole, the stages below it follow one another without a gap, so their
// times add up to it, and every child lies within its parent however late another strategy
// is. An event that goes to several strategies has a trace for each; their roots are tied by
// links. The ids are a hash of the event's place and the strategy's name: nothing travels
// with the event, and a strategy can be told its span's ids before the span is made.
//
// Most events have no trace. Chosen are: a ratio of all, by their place, so that everyone on
// the way agrees; the slow ones; those that failed; and those whose strategy asked. All but
// the ratio's are bounded, so many a second of each class; what is beyond is counted.
//
// For an event that is not chosen a Tracer costs a comparison or two and allocates nothing.
// A chosen one goes through a bounded queue to the tracer's goroutine, which makes the spans;
// nobody waits for it: a full queue loses the trace, counted. A nil *Tracer chooses nothing.
package paths

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/telemetry/names"
)

// Config is what a tracer works with.
type Config struct {
	Provider  trace.TracerProvider
	Version   string        // of the program, for the instrumentation scope
	Ratio     float64       // of the events that are neither slow nor failed, 0 to 1
	Slow      time.Duration // socket read → end of Receive; more than that is slow, 0 for never
	PerSecond int           // the most traces beyond the ratio's, of each class
	Queue     int           // chosen paths that may wait for the tracer

	Topics *topic.Table
	Server func(epoch uint64) (host string, port int) // of the connection; "" if it is not known any more
	Plain  func(string) string                        // takes out of a text what must not leave
	Counts *ledger.Paths
	Losses *ledger.Telemetry // nil if nobody counts them there
}

// Tracer is described in the package comment. All methods are safe for concurrent use.
type Tracer struct {
	cfg     Config
	tracer  trace.Tracer
	process [16]byte
	ratio   ratio
	budget  budget
	work    chan work
	family  *family // the goroutine's alone
	done    chan struct{}

	late atomic.Bool // nobody waits for spans any more

	mu     sync.Mutex // taken for chosen paths alone
	closed bool       // work is
}

// work is one thing to make spans of.
type work struct {
	path Path
	op   *Op
}

// ErrProvider says that a provider does not let the feed choose its spans' ids.
var ErrProvider = errors.New("the tracer provider makes ids of its own; make it with sdktrace.WithIDGenerator(feedtree.SpanIDs{})")

// New starts a tracer, or returns nil when the provider records nothing.
func New(cfg Config) (*Tracer, error) {
	if cfg.Provider == nil {
		return nil, nil
	}
	t := &Tracer{cfg: cfg, ratio: ratioOf(cfg.Ratio), work: make(chan work, max(cfg.Queue, 1)), family: newFamily(1024), done: make(chan struct{}),
		tracer: cfg.Provider.Tracer(names.Scope, trace.WithInstrumentationVersion(cfg.Version), trace.WithSchemaURL(names.Conventions))}
	rand.Read(t.process[:])
	// A span that is never ended is never seen.
	probe := wanted{t.traceID(place{}), t.spanID(place{}, root)}
	_, span := t.tracer.Start(want(context.Background(), probe), "probe", trace.WithNewRoot())
	switch sc := span.SpanContext(); {
	case !sc.IsValid():
		return nil, nil
	case sc.TraceID() != probe.trace || sc.SpanID() != probe.span:
		return nil, fmt.Errorf("tracing: %w", ErrProvider)
	}
	t.budget.refill(cfg.PerSecond)
	go t.run()
	return t, nil
}

// atLeast is how long Close makes spans for even when its time is up: what waits is little.
const atLeast = 100 * time.Millisecond

// Close makes the spans of what waits, and returns when it is done or ctx has ended. What was
// not made by then is counted lost, as is what is sent afterwards.
func (t *Tracer) Close(ctx context.Context) {
	if t == nil {
		return
	}
	t.mu.Lock()
	if !t.closed {
		t.closed = true
		close(t.work)
	}
	t.mu.Unlock()
	select {
	case <-t.done:
		return
	case <-ctx.Done():
	}
	least := time.NewTimer(atLeast)
	defer least.Stop()
	select {
	case <-t.done:
	case <-least.C:
		t.late.Store(true)
	}
}

func (t *Tracer) run() {
	defer close(t.done)
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case w, more := <-t.work:
			if !more {
				return
			}
			t.make(w)
		case <-second.C:
			t.budget.refill(t.cfg.PerSecond)
		}
	}
}

func (t *Tracer) make(w work) {
	if t.late.Load() {
		t.lose()
		return
	}
	if w.op != nil {
		t.makeOp(w.op)
	} else {
		t.makePath(&w.path)
	}
	t.cfg.Counts.Made.Inc()
}

// send never waits; false says that the trace is lost.
func (t *Tracer) send(w work) bool {
	t.cfg.Counts.Chosen.Inc()
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		select {
		case t.work <- w:
			return true
		default:
		}
	}
	t.lose()
	return false
}

func (t *Tracer) lose() {
	t.cfg.Counts.Lost.Inc()
	if t.cfg.Losses != nil {
		t.cfg.Losses.Dropped[ledger.Traces].Inc()
	}
}
