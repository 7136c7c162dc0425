// Package measure holds what a running tree says of itself at one moment: the ledgers'
// counters, and besides them queues, states, ages and distributions. A Reading is a copy;
// nothing in it changes any more.
package measure

import (
	"time"

	"github.com/feedtree/feedtree/internal/hist"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// Reading is a tree at one moment.
type Reading struct {
	At         time.Time
	Ledger     *ledger.Snapshot
	Raw        Queue
	Dispatcher Queue
	Strategies map[string]*Strategy
	Session    Session
	Health     Health
	Restarts   map[string]uint64 // after failures, of the feed's own parts
	Stages     Stages
	Symbols    []Symbol // empty unless they were asked for
	Poison     Poison
	Telemetry  *ledger.Telemetry // the tree's own, not a copy

	LogSuppressed uint64 // lines not written because they repeat
	LogLost       uint64 // lines that the log's sink did not take, if the log can tell
	Refused       Refused
	Uptime        time.Duration
}

// Refused counts whom the program's door turned away, if it has one.
type Refused struct {
	Token       uint64 // requests without the token, or with a wrong one
	Certificate uint64 // connections without a certificate, or with one that is not accepted
}

// Queue is what waits in a queue.
type Queue struct {
	Length    int // waiting and in hand
	Capacity  int
	HighWater int
	Bytes     int64         // the raw queue's alone
	Oldest    time.Duration // since the oldest waiting element was read from the socket
}

// Strategy is one instance, besides its ledger.
type Strategy struct {
	Queue       Queue
	Utilisation float64 // 0 to 1
	DropRate    float64 // 0 to 1, over about ten seconds
	DropWarning float64
	MaxAge      time.Duration // 0 for none
	Receiving   time.Duration // 0 when idle
	Latency     hist.Counts   // socket read → Receive
	Deliver     hist.Counts   // of that, in its own queue
	Process     hist.Counts   // Receive

	ReceiveDeadline time.Duration // 0 for none
}

// Session is the connection, besides its ledger.
type Session struct {
	State    string
	Epoch    uint64
	Age      time.Duration // 0 without a connection
	Token    *Token        // nil before the first login
	Wanted   int
	Answered int
	Rejected int
	Ready    bool
}

// Token is the access token's life. Remaining is measured when the reading is taken, by the
// monotonic clock: a jump of the wall clock must not look like a token that was not renewed.
type Token struct {
	Remaining time.Duration // below 0 once it has expired
	Renewal   time.Duration // what is left when its renewal begins
}

// Health is what is known of the feed and the market.
type Health struct {
	MarketOpen bool
	Silence    time.Duration // since the last event, -1 if there was none on this connection
	FeedGap    time.Duration
}

// Stages are distributions up to the strategies' queues.
type Stages struct {
	Receive, Decode, Dispatch hist.Counts
	DecodeRuns, DispatchRuns  hist.Counts
}

// Symbol is one wanted symbol.
type Symbol struct {
	Name   string
	Live   bool
	Age    time.Duration // -1 if it had no event on this connection
	Events uint64
}

// Poison is what is kept of messages that could not be processed.
type Poison struct {
	Kept    int
	Evicted uint64
}
