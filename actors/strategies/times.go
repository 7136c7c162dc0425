package strategies

import (
	"sync"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/internal/hist"
)

// Times are how long an instance's events took. They belong to the tree and outlive the
// instance's actors. One lock a delivery, which nobody contends but a collection now and
// then, is about half of what three histograms of atomics would cost. All methods are safe for
// concurrent use.
type Times struct {
	mu                        sync.Mutex
	latency, deliver, process hist.Counts
	// Traces of chosen events, by the histogram they lead into.
	Latency, Deliver, Process hist.Exemplars
}

// record counts one delivery: its Receive went on from start to end, clock.Mono.
func (t *Times) record(it *flow.Item, start, end int64) {
	latency, deliver, process := clock.Since(start, it.Received), clock.Since(start, it.Dispatched), clock.Since(end, start)
	t.mu.Lock()
	t.latency.Record(latency)
	t.deliver.Record(deliver)
	t.process.Record(process)
	t.mu.Unlock()
}

// AddTo adds what was recorded so far: latency from the socket read to Receive, of that the
// time in the instance's own queue, and Receive itself. A nil pointer is not asked for.
func (t *Times) AddTo(latency, deliver, process *hist.Counts) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, h := range []struct {
		from *hist.Counts
		tips *hist.Exemplars
		to   *hist.Counts
	}{{&t.latency, &t.Latency, latency}, {&t.deliver, &t.Deliver, deliver}, {&t.process, &t.Process, process}} {
		if h.to != nil {
			h.from.AddTo(h.to)
			h.tips.AddTo(h.to)
		}
	}
}
