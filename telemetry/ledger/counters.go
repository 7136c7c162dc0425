// Package ledger holds the feed's counters and the equations that prove nothing was lost
// in silence. Each term is counted where it happens; a Snapshot reads them all, and
// Snapshot.Check tells which equations hold. Counters are plain atomics: no lock, no label
// look-up, nothing allocated. They belong to the tree and outlive every actor.
package ledger

import "sync/atomic"

// Counter only grows. The zero value is ready; all methods are safe for concurrent use.
type Counter struct{ n atomic.Uint64 }

// Add adds n.
func (c *Counter) Add(n uint64) { c.n.Add(n) }

// Inc adds one.
func (c *Counter) Inc() { c.n.Add(1) }

// Load reads the count.
func (c *Counter) Load() uint64 { return c.n.Load() }

// Gauge goes up and down. The zero value is ready; all methods are safe for concurrent use.
type Gauge struct{ n atomic.Int64 }

// Add adds n, which may be negative, and returns the new value.
func (g *Gauge) Add(n int64) int64 { return g.n.Add(n) }

// Set replaces the value.
func (g *Gauge) Set(n int64) { g.n.Store(n) }

// Load reads the value.
func (g *Gauge) Load() int64 { return g.n.Load() }

// DecodeClass says why a payload was refused.
type DecodeClass uint8

// The classes of decode errors. Panic is a fault of the decoder itself, contained.
const (
	Malformed DecodeClass = iota
	Missing
	Mismatch
	OutOfRange
	Panic
	numDecodeClasses
)

var decodeClassNames = [numDecodeClasses]string{"malformed", "missing", "mismatch", "out_of_range", "panic"}

func (c DecodeClass) String() string { return decodeClassNames[c] }

// FailClass says why an attempt to connect failed.
type FailClass uint8

// The classes of failed connection attempts; each chooses a policy.
const (
	FailAuth          FailClass = iota // credentials or tokens refused
	FailTransport                      // DNS, dial, TCP, time-out
	FailTLS                            // certificate or handshake
	FailRateLimit                      // 429
	FailServer                         // 5xx
	FailProtocol                       // an answer that is not what the protocol says
	FailRefused                        // CONNACK with a code other than 0
	FailConfiguration                  // can not succeed as configured
	numFailClasses
)

var failClassNames = [numFailClasses]string{"auth", "transport", "tls", "rate_limit", "server", "protocol", "refused", "configuration"}

func (c FailClass) String() string { return failClassNames[c] }

// Feed counts messages from the socket to the decoder: ledger L1. What was dropped, is
// queued or was discarded is counted by the raw queue.
type Feed struct {
	Received     Counter // PUBLISH packets read, but for those on $sys/…
	Decoded      Counter
	DecodeErrors [numDecodeClasses]Counter
	UnknownTopic Counter
	Oversized    Counter
	Stale        Counter
	Superseded   Counter
	System       Counter // PUBLISH packets on $sys/…, outside L1
}

// Connection counts connection attempts: ledger L3.
type Connection struct {
	Attempts   Counter
	Connected  Counter
	Failed     [numFailClasses]Counter
	Aborted    Counter // given up by us before an outcome: a stop, a newer attempt
	Pending    Gauge   // attempts under way
	Lost       Counter // accepted connections that ended without our asking
	Closed     Counter // accepted connections that we ended
	Open       Gauge
	Reconnects Counter // accepted connections after the first, roll-overs not counted
	Rollovers  Counter
	// Violations are packets that no broker may send, outside L3: each ends its connection,
	// which is counted as lost, or its attempt, counted as failed.
	Violations [numViolations]Counter
	// LastConnected and LastLost are wall-clock nanoseconds, 0 for never.
	LastConnected Gauge
	LastLost      Gauge
}

// Supervision counts failures and what was decided about each: ledger L4.
type Supervision struct {
	Failures    Counter
	Restarts    Counter
	Replaced    Counter
	Quarantined Counter
	Stopped     Counter
	Escalated   Counter
	Abandoned   Counter // decisions not carried out because the tree was stopping
	Pending     Gauge   // restarts decided and waiting for their delay
	Siblings    Counter // restarts by scope, outside L4
	Manual      Counter // restarts by hand, outside L4
	SetAside    Counter // bad messages that their actor panicked on and went on from, outside L4
	Stuck       Counter // Receives of the feed's own actors that did not return in time, outside L4
	Unread      Counter // messages sent to an actor, past its queue, that its end left unread, outside L4
}

// Signal is a kind of telemetry.
type Signal uint8

// The signals.
const (
	Metrics Signal = iota
	Traces
	Logs
	numSignals
)

var signalNames = [numSignals]string{"metrics", "traces", "logs"}

func (s Signal) String() string { return signalNames[s] }

// Signals lists them.
func Signals() []Signal { return []Signal{Metrics, Traces, Logs} }

// Telemetry counts what telemetry itself loses. Nothing of it is in a ledger: losing sight
// of an event is not losing the event.
type Telemetry struct {
	ExportFailed [numSignals]Counter // exports that a collector did not take
	Dropped      [numSignals]Counter // traces, spans, log records, collections of metrics
	// Spans are counted by who sends them away, if it is one that can tell.
	Spans atomic.Pointer[Spans]
}

// Spans counts what became of spans: Ended = Exported + Failed + Dropped + Waiting.
type Spans struct {
	Ended    Counter
	Exported Counter // taken by the collector
	Failed   Counter // sent and not taken
	Dropped  Counter // the queue was full, or the end came first
	Waiting  Gauge
}

// Paths counts the traces of events' paths and of the feed's rare operations:
// Chosen = Made + Lost + those that wait.
type Paths struct {
	Chosen     Counter // handed to the tracer
	Made       Counter // its spans were made
	Lost       Counter // the tracer's queue was full, or it had ended
	Suppressed Counter // slow, failed or asked for, beyond the bound of their class
}
