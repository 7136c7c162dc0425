package session

import (
	"context"
	"errors"
	"time"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/paths"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/supervision"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// How a roll-over looks whether it can go on.
const (
	lookEvery = 20 * time.Millisecond
	// settleFor is how long, after every subscription was answered, the new connection is given
	// to bring what the old one had brought before. Topics that have been quiet since then are
	// not waited for any longer; the others are for half of the time that the old one has.
	settleFor = time.Second
	// soon is how quickly an exchange that allows one connection ends the first of two.
	soon      = 2 * time.Second
	busyRetry = time.Second
	// renewPatience is the least time that a renewal has, the wait for the API's limits
	// included: one that begins as the token ends has no less than any other.
	renewPatience = time.Minute
)

func (s *Session) doRollOver(f effect) {
	switch f {
	case join:
		s.join()
	case later:
		s.later()
	case fallBack:
		s.fallBack()
	case takeOver:
		s.takeOver()
	case part:
		s.part()
	case pass:
		s.pass()
	}
}

func (s *Session) armRenewal(in time.Duration) {
	gen := s.cur.gen.ID
	s.timers.renew = time.AfterFunc(max(in, time.Second), func() { s.send(&renewMsg{gen}) })
}

// renewToken fetches a new token while the connection goes on, or uses one that an earlier
// try has left.
func (s *Session) renewToken() {
	gen, token := s.cur.gen.ID, s.d.Memory.token
	if !token.Valid() || time.Now().Before(token.RenewAt(s.d.Config.RenewBefore)) {
		s.replace()
		return
	}
	var ctx context.Context
	ctx, s.stopRenewal = context.WithTimeout(context.Background(), max(time.Until(token.ExpiresAt), renewPatience))
	s.spawn(func() {
		var done steps
		began := clock.Mono()
		t, err := s.d.renew(ctx, token, &done)
		s.send(&renewedMsg{gen, t, err, s.d.whole("renew token", began, err, done)})
	})
}

func (s *Session) onRenewed(m *renewedMsg) {
	s.cancelRenewal()
	if m.err == nil {
		s.d.Memory.token = m.token
	}
	if s.state != Online || s.cur.gen.ID != m.gen {
		return
	}
	if m.err != nil {
		s.d.Log.WarnContext(paths.In(m.traced), "token not renewed, trying again", "event", "renew_failed", "class", ClassOf(m.err).String(), "error", s.said(m.err.Error()))
		s.armRenewal(renewAgain(time.Until(m.token.ExpiresAt), m.err, s.d.Config.Backoff))
		return
	}
	s.d.Log.InfoContext(paths.In(m.traced), "token renewed", "event", "token_renewed", "expires_in", time.Until(m.token.ExpiresAt).Round(time.Second).String())
	s.replace()
}

// renewAgain is the delay before the next try to renew a token that ends in left: ever
// shorter, so that an API that comes back late is not missed, but no shorter than it asks for.
// The longest where haste is of no use: after a refusal, which only people can see to, and
// once the token has ended.
func renewAgain(left time.Duration, err error, b supervision.BackoffConfig) time.Duration {
	d := min(b.Max, max(b.Min, left/3))
	if left <= 0 || ClassOf(err) == ledger.FailAuth {
		d = b.Max
	}
	return max(d, retryAfter(err))
}

// replace begins to put a connection with a new token in the place of the current one.
func (s *Session) replace() {
	switch {
	case s.sequential():
		s.apply(replaced, nil)
	case s.d.Seams.Busy():
		s.armRenewal(busyRetry) // the last one's topics have not passed: the decoder is behind
	default:
		s.rollBegan = clock.Mono()
		s.apply(renewed, nil)
	}
}

// sequential reports whether the old connection is to be closed first this time.
func (s *Session) sequential() bool {
	m := s.d.Memory
	switch s.d.Config.Rollover {
	case RolloverSequential:
		return true
	case RolloverOverlap:
		return false
	}
	if s.cur.evictor {
		s.cur.evictor = false
		s.learn(m.allowance.evicted)
	}
	if !m.allowance.one {
		return false
	}
	if !m.allowance.closes() {
		s.d.Log.Info("trying again whether the exchange allows two connections", "event", "rollover_retried")
	}
	return m.allowance.one
}

// learn takes note of what speaks for one connection at a time, and tells it once.
func (s *Session) learn(note func()) {
	a := &s.d.Memory.allowance
	before := a.one
	note()
	if a.one && !before && s.d.Config.Rollover == RolloverAuto {
		s.d.Log.Warn("the exchange allows one connection at a time: from now on roll-overs close the old one first",
			"event", "rollover_sequential")
	}
}

// evicts reports whether a connection that was accepted now may have ended the one that was
// lost at, or the other way round.
func evicts(at int64) bool { return clock.Since(clock.Mono(), at) <= soon }

// join begins to let the new connection take over.
func (s *Session) join() {
	s.next = s.accept()
	s.d.Counts.Rollovers.Inc()
	s.next.seam = s.d.Seams.Open(s.cur.gen, s.next.gen)
	s.d.Log.DebugContext(paths.In(s.next.traced), "rolling over", "event", "rolling_over", "from", s.cur.epoch, "epoch", s.next.epoch, "host", s.next.host)
	s.subscribe(s.next, []string{rejections})
	s.armLook()
}

func (s *Session) armLook() {
	gen := s.next.gen.ID
	s.timers.look = time.AfterFunc(lookEvery, func() { s.send(&lookMsg{gen}) })
}

// onLook lets the old connection go when the new one has all that is wanted, and brings what
// the old one brings.
func (s *Session) onLook() {
	c, wanted, now := s.next, s.d.Wanted.List(), clock.Mono()
	if c.subs.busy || c.subs.count(wanted) < len(wanted) {
		c.settled = 0
	} else {
		if c.settled == 0 {
			c.settled = now
		}
		if s.levelled(clock.Since(now, c.settled)) {
			s.apply(passed, nil)
			return
		}
	}
	s.armLook()
}

// levelled reports whether the new connection brings what the old one brings, waited after
// every subscription was answered.
func (s *Session) levelled(waited time.Duration) bool {
	c, left := s.next, time.Until(s.cur.expires)/2
	return c.seam.Lag(0) == 0 ||
		waited > min(settleFor, left) && c.seam.Lag(c.settled) == 0 ||
		left < waited
}

// part tells the old connection to go, and reads it to its end.
func (s *Session) part() {
	s.stopTimers()
	s.armTick()
	s.ending = nil
	s.partBegan = clock.Mono()
	s.next.seam.Freeze(s.partBegan)
	old, batch, wait := s.cur, s.d.Config.Batch, s.d.Config.CloseTimeout
	topics := append(old.subs.live(), rejections)
	s.spawn(func() {
		old.leave(topics, batch, wait)
		s.send(&drainedMsg{old.gen.ID})
	})
}

// pass is the barrier: all that the old connection brought is in the raw queue, and behind
// it the topics pass to the new one.
func (s *Session) pass() {
	old, m := s.cur, s.d.Memory
	s.cur, s.next = s.next, nil
	s.d.Counts.Closed.Inc()
	s.d.Counts.Open.Add(-1)
	traced := s.rolled(old, s.cur, nil)
	m.allowance.passed()
	m.announced = s.cur.epoch
	s.put(s.cur.gen, &messages.RolledOver{From: old.epoch, Epoch: s.cur.epoch, At: time.Now().UTC()})
	s.goOn()
	s.d.Log.InfoContext(paths.In(traced), "rolled over", "event", "rolled_over", "from", old.epoch, "epoch", s.cur.epoch, "host", s.cur.host,
		"token_expires_in", time.Until(s.cur.expires).Round(time.Second).String())
	s.reconcile(s.cur)
}

// takeOver lets the new connection go on alone, behind a gap: the old one broke off before
// its topics had passed.
func (s *Session) takeOver() {
	old := s.cur
	s.stopTimers()
	s.cur, s.next = s.next, nil
	s.lose(old)
	reason := s.reason()
	s.tellEnd(old, reason)
	traced := s.rolled(old, s.cur, errLostOld)
	s.cur.evictor = evicts(s.cur.since)
	s.gap()
	s.spawn(old.close)
	s.d.Log.WarnContext(paths.In(traced), "the old connection was lost during the roll-over", "event", "connection_lost", "epoch", old.epoch, "reason", reason)
	s.goOn()
	s.armTick()
	s.reconcile(s.cur)
}

// fallBack gives the new connection up, which was lost before it had taken over.
func (s *Session) fallBack() {
	c := s.next
	s.next = nil
	s.lose(c)
	c.seam.Abandon()
	s.d.Counts.Open.Add(-1)
	s.spawn(c.close)
	s.d.Log.WarnContext(paths.In(s.rolled(s.cur, c, errLostNew)), "the new connection was lost during the roll-over, the old one goes on", "event", "rollover_failed",
		"epoch", c.epoch, "reason", s.reason())
}

// later makes the roll-over wait for its next try. An exchange that refuses a second
// connection again and again, while the first one is well, allows one.
func (s *Session) later() {
	s.rolled(s.cur, nil, s.cause)
	switch ClassOf(s.cause) {
	case ledger.FailRefused, ledger.FailAuth, ledger.FailProtocol:
		if own := (*Error)(nil); errors.As(s.cause, &own) {
			s.learn(s.d.Memory.allowance.refused)
		}
	}
	s.armRenewal(max(s.d.Memory.rollOvers.Failed(paceOf(s.cause), s.d.Config.Backoff, s.d.Rand), retryAfter(s.cause)))
}
