package feedtree

import (
	"time"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/hist"
	"github.com/feedtree/feedtree/internal/proc"
	"github.com/feedtree/feedtree/internal/seen"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// Snapshot reads every counter of the tree and evaluates the ledgers. They are exact when
// the tree is quiet; while events flow, the right side of an equation may lag its left side
// and never leads it, because what comes later on an event's path is read earlier.
func (t *Tree) Snapshot() *ledger.Snapshot {
	s := &ledger.Snapshot{Strategies: map[string]ledger.Strategy{}}
	t.mu.Lock()
	list := make(map[string]*instance, len(t.instances))
	for name, in := range t.instances {
		list[name] = in
	}
	retired := make(map[string]ledger.Strategy, len(t.retired))
	for name, c := range t.retired {
		retired[name] = c
	}
	t.mu.Unlock()
	for name, in := range list {
		queue := in.Counts(0)
		queue.Matched = in.outlet.Matched.Load()
		s.Strategies[name] = sum(retired[name], queue)
	}
	d := &s.Dispatcher
	d.Matched, d.Unmatched = t.router.Matched.Load(), t.router.Unmatched.Load()
	q := t.queue.Counts()
	d.Pushed, d.Dispatched, d.Dropped, d.Failed = q.Pushed, q.Delivered, q.Dropped, q.Failed
	d.Queued, d.Discarded, d.Capacity, d.HighWater = uint64(q.Queued), q.Discarded, q.Capacity, q.HighWater

	s.Feed = t.counts.feed.Read()
	r := t.raw.Counts()
	// The message in the decoder's hands may be counted decoded already.
	s.Feed.Queued, s.Feed.Dropped, s.Feed.Discarded = uint64(r.Queued-r.Current), r.Dropped, r.Discarded
	s.Feed.Queued += uint64(t.seams.Held())
	s.Feed.Dropped += t.seams.Dropped.Load()
	s.Feed.Discarded += t.seams.Discarded.Load()
	s.Feed.Undecided = t.seams.Undecided.Load()
	s.Feed.Received = t.counts.feed.Received.Load()

	s.Connection = t.counts.connection.Read()
	view := t.status.View()
	s.Connection.State, s.Epoch = view.State.String(), view.Epoch
	s.Supervision = t.counts.supervision.Read()
	final := t.final.Load()
	if final == nil {
		final = t.states()
	}
	s.Feed.State, s.Symbols = final.feed, final.symbols
	for name, state := range final.strategies {
		if c, ok := s.Strategies[name]; ok {
			c.State = state
			s.Strategies[name] = c
		}
	}
	var latency hist.Counts
	for _, in := range list {
		in.Times.AddTo(&latency, nil, nil)
	}
	if t.paths != nil {
		s.Traces = t.counts.traces.Read(t.counts.telemetry.Spans.Load())
	}
	s.LatencyUS = quantiles(&latency)
	s.Process = proc.Read()
	s.DurationS = t.uptime().Seconds()
	s.Check()
	return s
}

// finalStates are the states as they were when the end began: that everything is stopped
// after a stop is no news, what was stale or in quarantine then is.
type finalStates struct {
	feed       string
	symbols    ledger.SymbolCounts
	strategies map[string]string
}

func (t *Tree) states() *finalStates {
	f := &finalStates{feed: feedState(t.seen.Feed.State()), symbols: t.symbolCounts(), strategies: map[string]string{}}
	for _, in := range t.list() {
		f.strategies[in.Name] = in.State().String()
	}
	return f
}

func (t *Tree) uptime() time.Duration {
	now := t.ended.Load()
	if now == 0 {
		now = clock.Mono()
	}
	return clock.Since(now, t.began)
}

func feedState(s seen.State) string {
	if s == seen.Stale {
		return "dead"
	}
	return s.String()
}

func (t *Tree) symbolCounts() (c ledger.SymbolCounts) {
	for _, slot := range t.seen.Symbols() {
		c.Subscribed++
		switch slot.State() {
		case seen.Live:
			c.Live++
		case seen.Stale:
			c.Stale++
		case seen.Closed:
			c.Closed++
		case seen.Rejected:
			c.Rejected++
		default:
			c.Unknown++
		}
	}
	return c
}

func quantiles(c *hist.Counts) ledger.Quantiles {
	us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
	return ledger.Quantiles{P50: us(c.Quantile(0.5)), P95: us(c.Quantile(0.95)), P99: us(c.Quantile(0.99)),
		P999: us(c.Quantile(0.999)), Max: us(c.Max())}
}
