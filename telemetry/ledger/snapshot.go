package ledger

import "time"

// Snapshot is every counter of a tree at one moment; its JSON is the summary that
// `runner run --summary json` prints.
type Snapshot struct {
	DurationS   float64             `json:"duration_s"`
	Epoch       uint64              `json:"epoch"`
	Connection  ConnectionCounts    `json:"connection"`
	Feed        FeedCounts          `json:"feed"`
	Dispatcher  DispatcherCounts    `json:"dispatcher"`
	Strategies  map[string]Strategy `json:"strategies"`
	Supervision SupervisionCounts   `json:"supervision"`
	Symbols     SymbolCounts        `json:"symbols"`
	LatencyUS   Quantiles           `json:"latency_us"`
	Process     Process             `json:"process"`
	Exchange    *Exchange           `json:"exchange,omitempty"`
	Traces      *TraceCounts        `json:"traces,omitempty"`
	Ledgers     map[string]bool     `json:"ledgers"`
}

// ConnectionCounts are the terms of L3. Times are RFC 3339 in UTC, "" for never.
type ConnectionCounts struct {
	State         string            `json:"state"`
	Attempts      uint64            `json:"attempts"`
	Connected     uint64            `json:"connected"`
	Failed        map[string]uint64 `json:"failed"`
	Aborted       uint64            `json:"aborted"`
	Pending       int64             `json:"pending"`
	Lost          uint64            `json:"lost"`
	Closed        uint64            `json:"closed"`
	Open          int64             `json:"open"`
	Reconnects    uint64            `json:"reconnects"`
	Rollovers     uint64            `json:"rollovers"`
	Violations    map[string]uint64 `json:"violations"`
	LastConnected string            `json:"last_connected"`
	LastLost      string            `json:"last_lost"`
}

// FeedCounts are the terms of L1.
type FeedCounts struct {
	Received     uint64            `json:"received"`
	Decoded      uint64            `json:"decoded"`
	DecodeErrors map[string]uint64 `json:"decode_errors"`
	UnknownTopic uint64            `json:"unknown_topic"`
	Oversized    uint64            `json:"oversized"`
	Stale        uint64            `json:"stale"`
	Superseded   uint64            `json:"superseded"`
	Dropped      uint64            `json:"dropped"`
	Queued       uint64            `json:"queued"`
	Discarded    uint64            `json:"discarded"`
	System       uint64            `json:"system"`
	Undecided    uint64            `json:"undecided"` // outside L1: may have been delivered twice in roll-overs
	State        string            `json:"state"`
}

// DispatcherCounts are the terms of L2a.
type DispatcherCounts struct {
	Pushed     uint64 `json:"pushed"`
	Dispatched uint64 `json:"dispatched"`
	Dropped    uint64 `json:"dropped"`
	Failed     uint64 `json:"failed"`
	Queued     uint64 `json:"queued"`
	Discarded  uint64 `json:"discarded"`
	Matched    uint64 `json:"matched"`
	Unmatched  uint64 `json:"unmatched"`
	Capacity   int    `json:"capacity"`
	HighWater  int    `json:"high_water"`
}

// Strategy holds the terms of L2b for one instance.
type Strategy struct {
	Type      string `json:"type"`
	State     string `json:"state"`
	Matched   uint64 `json:"matched"`
	Pushed    uint64 `json:"pushed"`
	Delivered uint64 `json:"delivered"`
	Failed    uint64 `json:"failed"`
	Dropped   uint64 `json:"dropped"`
	Conflated uint64 `json:"conflated"`
	Expired   uint64 `json:"expired"`
	Queued    uint64 `json:"queued"`
	Discarded uint64 `json:"discarded"`
	Notices   uint64 `json:"notices"`
	Restarts  uint64 `json:"restarts"`
	Replaced  uint64 `json:"replaced"`
	Replayed  uint64 `json:"replayed"` // by hand, outside L2b
	Ignored   uint64 `json:"ignored"`  // what replaced actors tried that reached nobody
	HighWater int    `json:"high_water"`
	Capacity  int    `json:"capacity"`
}

// SupervisionCounts are the terms of L4.
type SupervisionCounts struct {
	Failures    uint64 `json:"failures"`
	Restarts    uint64 `json:"restarts"`
	Replaced    uint64 `json:"replaced"`
	Quarantined uint64 `json:"quarantined"`
	Stopped     uint64 `json:"stopped"`
	Escalated   uint64 `json:"escalated"`
	Abandoned   uint64 `json:"abandoned"`
	Pending     int64  `json:"pending"`
	Siblings    uint64 `json:"siblings"`
	Manual      uint64 `json:"manual"`
	SetAside    uint64 `json:"set_aside"`
	Stuck       uint64 `json:"stuck"`
	Unread      uint64 `json:"unread"`
}

// SymbolCounts say how many symbols are in which state.
type SymbolCounts struct {
	Subscribed int `json:"subscribed"`
	Live       int `json:"live"`
	Stale      int `json:"stale"`
	Unknown    int `json:"unknown"`
	Closed     int `json:"closed"`
	Rejected   int `json:"rejected"`
}

// Quantiles of a distribution, in microseconds.
type Quantiles struct {
	P50  float64 `json:"p50"`
	P95  float64 `json:"p95"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
	Max  float64 `json:"max"`
}

// Process is what the operating system and the runtime say of this process.
type Process struct {
	CPUS          float64 `json:"cpu_s"`
	MaxRSSMiB     float64 `json:"max_rss_mib"`
	GCCPUFraction float64 `json:"gc_cpu_fraction"`
	Goroutines    int     `json:"goroutines"`
}

// TraceCounts say what became of the traces, and below that of the spans they consist of;
// only there when something is traced. chosen = made + lost, spans = exported + failed +
// dropped + waiting.
type TraceCounts struct {
	Chosen     uint64 `json:"chosen"`
	Made       uint64 `json:"made"`
	Lost       uint64 `json:"lost"`
	Suppressed uint64 `json:"suppressed"`

	Spans    uint64 `json:"spans"`
	Exported uint64 `json:"exported"`
	Failed   uint64 `json:"failed"`
	Dropped  uint64 `json:"dropped"`
	Waiting  uint64 `json:"waiting"`
}

// Exchange is what the sandbox exchange says it did; only there with --sandbox.
type Exchange struct {
	Published uint64 `json:"published"`
	Delivered uint64 `json:"delivered"`
}

// Read copies the connection's counters; the state is the caller's to fill in.
func (c *Connection) Read() ConnectionCounts {
	out := ConnectionCounts{Failed: map[string]uint64{}, Violations: map[string]uint64{}}
	// Outcomes are read before what they came from, so that under load the right side
	// of an equation may lag its left side and never lead it.
	out.Lost, out.Closed, out.Open = c.Lost.Load(), c.Closed.Load(), c.Open.Load()
	out.Reconnects, out.Rollovers = c.Reconnects.Load(), c.Rollovers.Load()
	out.Connected = c.Connected.Load()
	for i := range c.Failed {
		out.Failed[FailClass(i).String()] = c.Failed[i].Load()
	}
	for i := range c.Violations {
		out.Violations[Violation(i).String()] = c.Violations[i].Load()
	}
	out.Aborted, out.Pending = c.Aborted.Load(), c.Pending.Load()
	out.Attempts = c.Attempts.Load()
	out.LastConnected, out.LastLost = stamp(c.LastConnected.Load()), stamp(c.LastLost.Load())
	return out
}

// Read copies the feed's counters; what the raw queue counts is the caller's to fill in.
func (f *Feed) Read() FeedCounts {
	out := FeedCounts{DecodeErrors: map[string]uint64{}}
	out.Decoded = f.Decoded.Load()
	for i := range f.DecodeErrors {
		out.DecodeErrors[DecodeClass(i).String()] = f.DecodeErrors[i].Load()
	}
	out.UnknownTopic, out.Oversized = f.UnknownTopic.Load(), f.Oversized.Load()
	out.Stale, out.Superseded = f.Stale.Load(), f.Superseded.Load()
	out.System = f.System.Load()
	out.Received = f.Received.Load()
	return out
}

// Read copies the supervision counters.
func (s *Supervision) Read() SupervisionCounts {
	return SupervisionCounts{
		Restarts: s.Restarts.Load(), Replaced: s.Replaced.Load(), Quarantined: s.Quarantined.Load(),
		Stopped: s.Stopped.Load(), Escalated: s.Escalated.Load(), Abandoned: s.Abandoned.Load(),
		Pending: s.Pending.Load(), Siblings: s.Siblings.Load(), Manual: s.Manual.Load(),
		SetAside: s.SetAside.Load(), Stuck: s.Stuck.Load(), Unread: s.Unread.Load(),
		Failures: s.Failures.Load(),
	}
}

// Read copies the counters of traces, and those of the spans that they consist of; spans may
// be nil: who sends them does not tell.
func (p *Paths) Read(spans *Spans) *TraceCounts {
	t := &TraceCounts{}
	if spans != nil {
		t.Exported, t.Failed, t.Dropped = spans.Exported.Load(), spans.Failed.Load(), spans.Dropped.Load()
		t.Waiting = uint64(max(spans.Waiting.Load(), 0))
		t.Spans = spans.Ended.Load()
	}
	t.Made, t.Lost, t.Suppressed = p.Made.Load(), p.Lost.Load(), p.Suppressed.Load()
	t.Chosen = p.Chosen.Load()
	return t
}

// Check evaluates the ledgers over the snapshot's own terms and stores the result in
// s.Ledgers. The equations are exact when the tree is quiet.
func (s *Snapshot) Check() map[string]bool {
	s.Ledgers = map[string]bool{}
	for name, by := range s.Imbalance() {
		s.Ledgers[name] = by == 0
	}
	return s.Ledgers
}

// Imbalance is by how much both sides of a ledger's equations differ, by the ledger's name:
// the largest difference, and what a gauge or a sum is outside its bounds. While events flow
// it is what passes as the terms are read, one after the other.
func (s *Snapshot) Imbalance() map[string]uint64 {
	return map[string]uint64{"L1": s.l1(), "L2a": s.l2a(), "L2b": s.l2b(), "L3": s.l3(), "L4": s.l4()}
}

// Balanced reports whether every ledger of the last Check holds.
func (s *Snapshot) Balanced() bool {
	for _, ok := range s.Ledgers {
		if !ok {
			return false
		}
	}
	return len(s.Ledgers) > 0
}

func (s *Snapshot) l1() uint64 {
	f := &s.Feed
	sum := f.Decoded + f.UnknownTopic + f.Oversized + f.Stale + f.Superseded + f.Dropped + f.Queued + f.Discarded
	for _, n := range f.DecodeErrors {
		sum += n
	}
	return apart(f.Received, sum)
}

func (s *Snapshot) l2a() uint64 {
	d := &s.Dispatcher
	return max(apart(s.Feed.Decoded, d.Pushed), apart(d.Pushed, d.Dispatched+d.Dropped+d.Failed+d.Queued+d.Discarded))
}

func (s *Snapshot) l2b() (most uint64) {
	var matched uint64
	for _, t := range s.Strategies {
		matched += t.Matched
		most = max(most, apart(t.Matched, t.Pushed),
			apart(t.Pushed, t.Delivered+t.Failed+t.Dropped+t.Conflated+t.Expired+t.Queued+t.Discarded))
	}
	return max(most, apart(matched, s.Dispatcher.Matched))
}

func (s *Snapshot) l3() uint64 {
	c := &s.Connection
	var failed, first uint64
	for _, n := range c.Failed {
		failed += n
	}
	if c.Connected > 0 {
		first = 1
	}
	return max(below(c.Open), below(2-c.Open), below(c.Pending),
		apart(c.Attempts, c.Connected+failed+c.Aborted+uint64(c.Pending)),
		apart(c.Connected, c.Lost+c.Closed+uint64(c.Open)),
		apart(c.Connected, first+c.Reconnects+c.Rollovers))
}

func (s *Snapshot) l4() uint64 {
	v := &s.Supervision
	return max(below(v.Pending), apart(v.Failures, v.Restarts+v.Replaced+v.Quarantined+v.Stopped+v.Escalated+v.Abandoned+uint64(v.Pending)))
}

// apart is the distance between two counts that may have wrapped around 0.
func apart(a, b uint64) uint64 { return min(a-b, b-a) }

// below is how far n is below 0.
func below(n int64) uint64 { return uint64(max(0, -n)) }

func stamp(ns int64) string {
	if ns == 0 {
		return ""
	}
	return time.Unix(0, ns).UTC().Format(time.RFC3339Nano)
}
