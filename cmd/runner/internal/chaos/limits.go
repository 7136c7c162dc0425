package chaos

import (
	"time"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/test/probe"
)

// How the tree is set up: quicker to notice than by default, as polite to the REST API, and
// with a budget that a strategy can use up within a run and earn back.
const (
	keepAlive        = 2 * time.Second
	pingTimeout      = time.Second
	connectTimeout   = 2 * time.Second
	restTimeout      = 2 * time.Second
	subscribeTimeout = time.Second
	receiveDeadline  = 500 * time.Millisecond
	stuckFor         = 1500 * time.Millisecond // what a stuck strategy takes to wake
	longestDelay     = 4 * time.Second
)

// TokenTTL is how long tokens live: long enough to be used, short enough for several
// roll-overs in a minute.
const TokenTTL = 20 * time.Second

// What must hold.
const (
	// dial is a login, a dispatcher, a handshake and all subscriptions on a machine that has
	// other things to do.
	dial = 2 * time.Second
	// quietWithin is how long the queues may take to run empty: the slow ones' backlogs, a
	// stuck strategy's deadline, a restart's delay.
	quietWithin = 15 * time.Second
)

// slack is what may be held over the baseline: a keep-alive connection or two, timers under
// way, the poison store, what queues keep of what they once needed.
var slack = probe.Slack{Goroutines: 25, Descriptors: 10, Heap: 24 << 20}

// Tune makes a configuration that connects to an exchange into one for chaos.
func tune(c config.Config, symbols []string, cast *cast) config.Config {
	c.Symbols = symbols
	c.Strategies = cast.strategies()
	s := &c.Session
	s.KeepAlive, s.PingTimeout, s.ConnectTimeout = keepAlive, pingTimeout, connectTimeout
	s.RESTTimeout, s.SubscribeTimeout = restTimeout, subscribeTimeout
	s.Backoff = config.Backoff{Min: time.Second, Max: longestDelay, Factor: 2, Jitter: 1}
	v := &c.Supervision
	v.Backoff = config.Backoff{Min: 20 * time.Millisecond, Max: 500 * time.Millisecond, Factor: 2, Jitter: 1}
	v.Budget = config.Budget{Restarts: 10, Window: 10 * time.Second}
	v.Stable = time.Second
	v.ReceiveDeadline = receiveDeadline
	c.Poison = config.Poison{Entries: 500, Bytes: 1 << 20}
	return c
}
