package session

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/feedtree/feedtree/internal/paths"
	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/internal/seam"
	"github.com/feedtree/feedtree/internal/settrade"
	"github.com/feedtree/feedtree/supervision"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// Start begins the first attempt. Stop ends the session in order, whatever it is doing.
// WantedChanged tells it to bring its subscriptions in line with the wanted ones.
type (
	Start         struct{}
	Stop          struct{}
	WantedChanged struct{}
)

// REST is what the session needs of the exchange's REST API.
type REST interface {
	Login(context.Context) (settrade.Token, error)
	Refresh(context.Context, settrade.Token) (settrade.Token, error)
	Dispatcher(context.Context, settrade.Token) (settrade.Dispatch, error)
	BrokerID() string
}

// Config is the session's part of the configuration; it was validated before.
type Config struct {
	KeepAlive, PingTimeout, ConnectTimeout, SubscribeTimeout, CloseTimeout, RenewBefore time.Duration

	Rollover   string        // one of the Rollover constants
	StallAfter time.Duration // the least silence of a busy topic that is suspicious; 0 for none

	Batch    int
	FastLane bool
	FailFast bool // the first attempt that fails ends the session
	Backoff  supervision.BackoffConfig
}

// How a new connection replaces one whose token ends.
const (
	RolloverAuto       = "auto"       // Overlap until the exchange shows that it does not allow it
	RolloverOverlap    = "overlap"    // make before break
	RolloverSequential = "sequential" // break before make, with a Gap
)

// Deps are what the session works with; all of it outlives the actor.
type Deps struct {
	Config  Config
	REST    REST
	TLS     *tls.Config
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error) // nil for the net package's
	Push    func([]raw.Message)                                               // the raw queue
	Feed    *ledger.Feed
	Seams   *seam.Seams
	Counts  *ledger.Connection
	Wanted  *Wanted
	Status  *Status
	Memory  *Memory
	Paths   *paths.Tracer // nil traces nothing
	Log     *slog.Logger
	Rand    func() float64
	// GiveUp is told why no attempt can succeed; the tree then ends.
	GiveUp func(error)
	// Plain takes secrets and account numbers out of what a server says; nil leaves it.
	Plain func(string) string
	// Activity tells how a topic fares; nil if nobody knows.
	Activity func(topic string) Activity
	// Accepted is told of topics that are granted after they had been refused.
	Accepted func(topics []string)
}

// Memory is what must survive the session actor. One actor at a time uses it.
type Memory struct {
	// Stopping is set before Stop is sent: a session that is restarted then begins nothing.
	Stopping atomic.Bool

	generation uint64
	epoch      uint64
	token      settrade.Token
	loggedIn   bool // a login succeeded once: from then on a refusal is a fault, not a mistake
	connected  bool // a connection was accepted once
	backoff    supervision.Reconnect
	rollOvers  supervision.Reconnect // those that failed since there was a new connection
	lastSeen   time.Time             // the last moment the previous connection was known to deliver
	lostAt     time.Time             // when it ended, zero when nothing needs telling
	reason     string
	announced  uint64 // the epoch whose subscriptions were all answered
	allowance  allowance
	rolledAt   int64 // clock.Mono at which the old connection was lost while the new one was made, 0 for not
	watch      stallWatch
	wg         sync.WaitGroup // goroutines of all incarnations
}
