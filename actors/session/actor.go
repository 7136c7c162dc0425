// Package session holds the actor that owns the way to the exchange: login, tokens, one
// MQTT connection a generation, the subscriptions on it, and the epoch.
//
//	idle ──start──▶ connecting ──accepted──▶ online ──lost──▶ waiting ──retry due──▶ connecting
//	                 │   │  ▲                 │    │                                     ▲
//	              failed │  └──── drained ─ draining ◀─renewed                           │
//	                 └───┼──────────────────────────────▶ waiting ───────────────────────┘
//	                     └refused▶ closed         online ──stop──▶ closing ──drained──▶ closed
//	                 connecting ──stop──▶ aborting ──outcome──▶ closed
//
// The table is next (state.go), a pure function; this file carries out its effects.
//
// Receives: Start, Stop, WantedChanged; the outcomes of its own goroutines, each with the
// generation it belongs to, since paho's callbacks promise no order. Emits: runs of raw
// messages into the raw queue, from paho's reader and past this actor, and the notices
// Disconnected, Gap, Reconnected and SymbolRejected between them.
// Owns: the connection. The wanted topics, tokens, epoch and backoff are the tree's and
// survive a restart, which costs the connection: it is counted lost and made anew.
// Overflow: the raw queue's business; the reader never waits for it.
package session

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/internal/settrade"
	"github.com/feedtree/feedtree/messages"
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

	Batch    int
	FastLane bool
	FailFast bool // the first attempt that fails ends the session
	Backoff  supervision.BackoffConfig
}

// Deps are what the session works with; all of it outlives the actor.
type Deps struct {
	Config  Config
	REST    REST
	TLS     *tls.Config
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error) // nil for the net package's
	Push    func([]raw.Message)                                               // the raw queue
	Feed    *ledger.Feed
	Counts  *ledger.Connection
	Wanted  *Wanted
	Status  *Status
	Memory  *Memory
	Log     *slog.Logger
	Rand    func() float64
	// GiveUp is told why no attempt can succeed; the tree then ends.
	GiveUp func(error)
	// Accepted is told of topics that are granted after they had been refused.
	Accepted func(topics []string)
}

// Memory is what must survive the session actor. One actor at a time uses it.
type Memory struct {
	generation uint64
	epoch      uint64
	token      settrade.Token
	loggedIn   bool // a login succeeded once: from then on a refusal is a fault, not a mistake
	connected  bool // a connection was accepted once
	backoff    supervision.Reconnect
	lastSeen   time.Time // the last moment the previous connection was known to deliver
	lostAt     time.Time // when it ended, zero when nothing needs telling
	reason     string
	announced  uint64         // the epoch whose subscriptions were all answered
	wg         sync.WaitGroup // goroutines of all incarnations
}

// Session is the actor.
type Session struct {
	d     Deps
	state State
	root  *actor.RootContext
	self  *actor.PID

	gen    *raw.Generation
	link   *link
	cancel context.CancelFunc
	subs   subs
	result outcome // of the attempt that the transition in progress is about
	cause  error   // of the transition in progress
	timers struct{ retry, renew, tick *time.Timer }

	stopRenewal context.CancelFunc
}

type (
	lostMsg struct {
		gen uint64
		err error
	}
	drainedMsg struct{ gen uint64 }
	retryMsg   struct{ gen uint64 }
	renewMsg   struct{ gen uint64 }
	tickMsg    struct{ gen uint64 }
	renewedMsg struct {
		gen   uint64
		token settrade.Token
		err   error
	}
	subscribedMsg struct {
		gen    uint64
		topics []string
		codes  map[string]byte
	}
	unsubscribedMsg struct {
		gen    uint64
		topics []string
	}
	rejectedMsg struct {
		gen     uint64
		payload []byte
	}
)

// Producer gives the function that makes the actor anew at each start.
func Producer(d Deps) actor.Producer {
	return func() actor.Actor { return &Session{d: d} }
}

// Receive implements actor.Actor.
func (s *Session) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.root, s.self = ctx.ActorSystem().Root, ctx.Self()
		if s.d.Memory.generation > 0 {
			s.apply(start, nil) // a restart goes on by itself
		}
	case *Start:
		s.apply(start, nil)
	case *Stop:
		s.apply(stop, nil)
	case *WantedChanged:
		s.reconcile()
	case *actor.Restarting, *actor.Stopping:
		s.abandonAll()
	default:
		s.onInternal(m)
	}
}

// onInternal takes what the session's own goroutines and timers report. What belongs to a
// generation that is over changes nothing.
func (s *Session) onInternal(message any) {
	switch m := message.(type) {
	case *outcome:
		s.onOutcome(m)
	case *lostMsg:
		if s.current(m.gen) {
			s.apply(lost, m.err)
		}
	case *drainedMsg:
		if s.current(m.gen) {
			s.apply(drained, nil)
		}
	case *retryMsg:
		if m.gen == s.d.Memory.generation {
			s.apply(retryDue, nil)
		}
	case *renewMsg:
		if s.current(m.gen) && s.state == Online {
			s.renewToken()
		}
	case *renewedMsg:
		s.onRenewed(m)
	case *tickMsg:
		if s.current(m.gen) && s.state == Online {
			s.onTick()
		}
	case *subscribedMsg:
		if s.current(m.gen) {
			s.onSubscribed(m)
		}
	case *unsubscribedMsg:
		if s.current(m.gen) {
			s.subs.removed(m.topics)
			s.reconcile()
		}
	case *rejectedMsg:
		if s.current(m.gen) {
			s.onRejected(m.payload)
		}
	}
}

func (s *Session) current(gen uint64) bool { return s.gen != nil && s.gen.ID == gen }

// send reports something to this actor, or to its next incarnation.
func (s *Session) send(message any) { s.root.Send(s.self, message) }

// spawn runs f beside the actor; the session's end waits for it.
func (s *Session) spawn(f func()) { s.d.Memory.wg.Go(f) }

// apply is the only place where the state changes.
func (s *Session) apply(e event, cause error) {
	from := s.state
	to, effects := next(from, e)
	if to == from && len(effects) == 0 {
		return
	}
	s.state, s.cause = to, cause
	s.d.Log.Debug("session "+to.String(), "event", "session_state", "from", from.String(), "on", e.String())
	s.d.Status.change(func(v *View) { v.State = to })
	for _, f := range effects {
		s.do(f)
	}
}

func (s *Session) do(f effect) {
	switch f {
	case attempt:
		s.attempt()
	case abandon:
		s.cancel()
	case countAbort:
		s.d.Counts.Pending.Add(-1)
		s.d.Counts.Aborted.Inc()
	case discard:
		l := s.result.link
		s.spawn(l.close)
	case countFail:
		s.countFail()
	case open:
		s.open()
	case drop:
		s.drop()
	case drain:
		s.drain()
	case retire:
		s.retire()
	case delay:
		s.delay()
	case cancel:
		s.timers.retry.Stop()
	case giveUp:
		s.d.GiveUp(s.cause)
	case finish:
		s.finish()
	}
}

func (s *Session) onOutcome(o *outcome) {
	if o.gen != s.d.Memory.generation || s.cancel == nil {
		if o.link != nil {
			s.spawn(o.link.close) // of an incarnation before this one
		}
		return
	}
	s.cancel()
	s.cancel, s.result = nil, *o
	m := s.d.Memory
	m.token, m.loggedIn = o.token, m.loggedIn || o.loggedIn
	switch {
	case o.err == nil:
		s.apply(accepted, nil)
	case o.refused && !m.loggedIn, s.d.Config.FailFast && !m.connected,
		ClassOf(o.err) == ledger.FailConfiguration && !m.connected:
		s.apply(refused, o.err)
	default:
		s.apply(failed, o.err)
	}
}

// put sends a notice on its way between the raw messages.
func (s *Session) put(n messages.Notice) {
	s.d.Push([]raw.Message{{Notice: n, Gen: s.gen, Wall: time.Now().UnixNano()}})
}
