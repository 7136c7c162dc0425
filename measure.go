package feedtree

import (
	"time"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/mailbox"
	"github.com/feedtree/feedtree/internal/seen"
	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/telemetry/measure"
)

// Measure is Snapshot with all that monitoring shows besides the ledgers; with symbols also
// each wanted symbol. It costs about as much as a Snapshot and 25 kB for each strategy, so
// it is for once in some seconds.
func (t *Tree) Measure(symbols bool) *measure.Reading {
	now := clock.Now()
	r := &measure.Reading{
		At: time.Unix(0, now.Wall), Ledger: t.Snapshot(), Strategies: map[string]*measure.Strategy{}, Restarts: map[string]uint64{}, Telemetry: &t.counts.telemetry,
		Raw: depth(t.raw.Counts(), now.Mono), Dispatcher: depth(t.queue.Counts(), now.Mono),
		Uptime: t.uptime(), LogSuppressed: t.lines.Suppressed(),
		Health: measure.Health{MarketOpen: t.seen.Open.Load(), Silence: -1, FeedGap: t.cfg.Health.FeedGap},
	}
	if last := t.seen.Feed.Last(); last != 0 {
		r.Health.Silence = clock.Since(now.Mono, last)
	}
	for _, in := range t.list() {
		r.Strategies[in.Name] = in.measure(now.Mono)
	}
	r.Session = t.measureSession(now.Mono)
	for _, name := range config.NodeNames() {
		r.Restarts[name] = t.supervised.by["feed"].Status(name).Restarts
	}
	t.times.Receive.AddTo(&r.Stages.Receive)
	t.times.Decode.AddTo(&r.Stages.Decode)
	t.times.Dispatch.AddTo(&r.Stages.Dispatch)
	t.times.DecodeRuns.AddTo(&r.Stages.DecodeRuns)
	t.times.DispatchRuns.AddTo(&r.Stages.DispatchRuns)
	r.Poison.Kept, _, r.Poison.Evicted = t.poison.Stats()
	if symbols {
		r.Symbols = t.measureSymbols()
	}
	return r
}

// Telemetry is where those who export what the tree says count what they lose.
func (t *Tree) Telemetry() *ledger.Telemetry { return &t.counts.telemetry }

func depth(c mailbox.Counts, now int64) measure.Queue {
	q := measure.Queue{Length: c.Queued, Capacity: c.Capacity, HighWater: c.HighWater, Bytes: c.Bytes}
	if c.Oldest != 0 {
		q.Oldest = clock.Since(now, c.Oldest)
	}
	return q
}

func (in *instance) measure(now int64) *measure.Strategy {
	m := &measure.Strategy{
		Queue: depth(in.Q.Counts(), now), DropRate: in.dropRate(), DropWarning: in.cfg.Mailbox.DropWarning,
		MaxAge: in.cfg.Mailbox.MaxAge, Receiving: in.Receiving(), ReceiveDeadline: in.policy.ReceiveDeadline,
	}
	m.Utilisation = min(1, float64(m.Queue.Length)/float64(m.Queue.Capacity)) // what is in hand comes on top of a full queue
	in.Times.AddTo(&m.Latency, &m.Deliver, &m.Process)
	return m
}

func (t *Tree) measureSession(now int64) measure.Session {
	v := t.Connection()
	s := measure.Session{State: v.State.String(), Epoch: v.Epoch,
		Wanted: v.Wanted, Answered: v.Answered, Rejected: len(v.Rejected)}
	if !v.TokenExpires.IsZero() {
		s.Token = &measure.Token{Remaining: time.Until(v.TokenExpires), Renewal: v.TokenExpires.Sub(v.TokenRenewAt)}
	}
	if v.Since != 0 {
		s.Age = clock.Since(now, v.Since)
	}
	s.Ready, _ = t.Ready()
	return s
}

func (t *Tree) measureSymbols() (out []measure.Symbol) {
	for _, s := range t.Symbols() {
		m := measure.Symbol{Name: s.Symbol, Live: s.State == seen.Live.String(), Age: -1, Events: s.Events}
		if s.AgeMS >= 0 {
			m.Age = time.Duration(s.AgeMS) * time.Millisecond
		}
		out = append(out, m)
	}
	return out
}
