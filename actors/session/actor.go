// Package session holds the actor that owns the way to the exchange: login, tokens, one
// MQTT connection a generation, the subscriptions on it, and the epoch.
//
//	idle ──start──▶ connecting ──accepted──▶ online ──lost──▶ waiting ──retry due──▶ connecting
//	                 │      ▲                 │ │ ▲                                     ▲
//	              failed    └── drained ─ draining│└─ old one drained ── parting        │
//	                 │           (one at a time)  │                        ▲            │
//	                 │                         renewed──▶ rolling ──▶ passing           │
//	                 └──────────────────────────▶ waiting ─────────────────────────────┘
//	   refused▶ closed     any ──stop──▶ closing, aborting ──▶ closed
//
// The table is next (state.go), a pure function; effects.go and rollover.go carry out its
// effects. What to do about silence is decided by stall.go, pure too.
//
// Receives: Start, Stop, WantedChanged; the outcomes of its own goroutines, each with the
// generation it belongs to, since paho's callbacks promise no order. Emits: runs of raw
// messages into the raw queue, from paho's reader and past this actor, and the notices
// Disconnected, Gap, Reconnected, RolledOver and SymbolRejected between them.
// Owns: the connection, and in a roll-over the one that takes over. The wanted topics, tokens,
// epoch and backoff are the tree's and survive a restart, which costs the connections: they
// are counted lost and made anew.
// Overflow: the raw queue's business; the reader never waits for it.
package session

import (
	"context"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.opentelemetry.io/otel/trace"

	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/internal/seam"
	"github.com/feedtree/feedtree/internal/settrade"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// Session is the actor.
type Session struct {
	d     Deps
	state State
	root  *actor.RootContext
	self  *actor.PID

	trying *raw.Generation // the attempt under way, nil without one
	cancel context.CancelFunc
	cur    *conn   // the connection that owns the topics, nil without one
	next   *conn   // the one that is to take over, nil outside of a roll-over
	result outcome // of the attempt that the transition in progress is about
	cause  error   // of the transition in progress
	// unsettled says that result is an outcome that was not acted on yet.
	unsettled bool
	ending    error // why the new connection was lost while the old one was being closed
	timers    struct{ retry, renew, tick, look *time.Timer }
	ticks     uint64 // tells the ticks of this connection from older ones

	rollBegan, partBegan int64 // of the roll-over under way, clock.Mono, for its trace

	stopRenewal context.CancelFunc
}

// conn is an accepted connection with what is subscribed on it.
type conn struct {
	*link
	epoch   uint64
	since   int64      // clock.Mono of its CONNACK
	evictor bool       // its predecessor ended as it came
	deaf    bool       // the topic of rejections was not granted
	askedAt int64      // clock.Mono at which it was last asked for
	settled int64      // clock.Mono at which everything was answered, in a roll-over
	seam    *seam.Seam // nil but in a roll-over
	expires time.Time  // the end of the token it was made with
	renewAt time.Time  // when the renewal of that token begins
	subs    subs
	traced  trace.SpanContext // of how it was made
}

type (
	lostMsg struct {
		gen uint64
		err error
	}
	drainedMsg struct{ gen uint64 }
	retryMsg   struct{ gen uint64 }
	renewMsg   struct{ gen uint64 }
	lookMsg    struct{ gen uint64 }
	tickMsg    struct{ n uint64 }
	renewedMsg struct {
		gen    uint64
		token  settrade.Token
		err    error
		traced trace.SpanContext
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
		switch {
		case s.d.Memory.Stopping.Load():
			s.apply(stop, nil) // its Stop waits behind this, or was lost with its predecessor
		case s.d.Memory.generation > 0:
			s.apply(start, nil) // a restart goes on by itself
		}
	case *Start:
		s.apply(start, nil)
	case *Stop:
		s.apply(stop, nil)
	case *WantedChanged:
		s.reconcileAll()
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
		s.onLost(m)
	case *drainedMsg:
		if s.cur != nil && s.cur.gen.ID == m.gen {
			s.apply(drained, s.ending)
		}
	case *retryMsg:
		if m.gen == s.d.Memory.generation {
			s.apply(retryDue, nil)
		}
	case *renewMsg:
		if s.state == Online && s.cur.gen.ID == m.gen {
			s.renewToken()
		}
	case *renewedMsg:
		s.onRenewed(m)
	case *lookMsg:
		if s.state == Passing && s.next.gen.ID == m.gen {
			s.onLook()
		}
	case *tickMsg:
		if s.cur != nil && m.n == s.ticks {
			s.onTick()
		}
	default:
		s.onAnswer(m)
	}
}

// onAnswer takes what the broker said of subscriptions.
func (s *Session) onAnswer(message any) {
	switch m := message.(type) {
	case *subscribedMsg:
		if c := s.conn(m.gen); c != nil {
			s.onSubscribed(c, m)
		}
	case *unsubscribedMsg:
		if c := s.conn(m.gen); c != nil {
			c.subs.removed(m.topics)
			s.reconcile(c)
		}
	case *rejectedMsg:
		if c := s.conn(m.gen); c != nil {
			s.onRejected(c, m.payload)
		}
	}
}

// conn finds the connection of a generation, nil for one that is over.
func (s *Session) conn(gen uint64) *conn {
	for _, c := range []*conn{s.cur, s.next} {
		if c != nil && c.gen.ID == gen {
			return c
		}
	}
	return nil
}

func (s *Session) onLost(m *lostMsg) {
	switch c := s.conn(m.gen); {
	case c == nil:
	case c == s.next:
		s.ending = m.err
		s.apply(newLost, m.err)
	default:
		s.apply(lost, m.err)
	}
}

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
		s.unsettled = false
		s.d.Counts.Pending.Add(-1)
		s.d.Counts.Aborted.Inc()
	case discard:
		l := s.result.link
		s.result.link = nil
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
	default:
		s.doRollOver(f)
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
	s.cancel, s.trying, s.result, s.unsettled = nil, nil, *o, true
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

// put sends a notice on its way between the raw messages, as one of a generation's.
func (s *Session) put(gen *raw.Generation, n messages.Notice) {
	s.d.Push([]raw.Message{{Notice: n, Gen: gen, Wall: time.Now().UnixNano()}})
}
