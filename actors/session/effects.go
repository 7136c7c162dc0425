package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/paths"
	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/internal/settrade"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/supervision"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// attempt begins a generation.
func (s *Session) attempt() {
	m := s.d.Memory
	m.generation++
	gen := raw.NewGeneration(m.generation)
	s.trying = gen
	s.d.Counts.Pending.Add(1)
	s.d.Counts.Attempts.Inc()
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	token := m.token
	s.d.Log.Debug("connecting", "event", "connecting", "generation", gen.ID)
	events := linkEvents{
		lost:     func(err error) { s.send(&lostMsg{gen.ID, err}) },
		rejected: func(p []byte) { s.send(&rejectedMsg{gen.ID, append([]byte(nil), p...)}) },
	}
	s.spawn(func() {
		began := clock.Mono()
		o := s.d.try(ctx, gen, token, events)
		o.traced = s.d.whole("connect", began, o.err, o.steps, generation(gen.ID))
		s.send(&o)
	})
}

func (s *Session) countFail() {
	s.d.Memory.rolledAt, s.unsettled = 0, false
	class := ClassOf(s.cause)
	s.d.Counts.Pending.Add(-1)
	s.d.Counts.Failed[class].Inc()
	said := s.said(s.cause.Error())
	s.d.Status.change(func(v *View) { v.LastError = said })
	s.d.Log.WarnContext(paths.In(s.result.traced), "could not connect", "event", "connect_failed", "class", class.String(), "error", said)
}

// accept gives the accepted connection its epoch.
func (s *Session) accept() *conn {
	m, c := s.d.Memory, s.d.Counts
	m.epoch++
	n := &conn{link: s.result.link, epoch: m.epoch, since: clock.Mono(), expires: m.token.ExpiresAt,
		renewAt: m.token.RenewAt(s.d.Config.RenewBefore), subs: newSubs(), traced: s.result.traced}
	s.result.link, s.unsettled = nil, false
	n.gen.Accept(m.epoch)
	select {
	case <-n.ended: // its loss was told before the attempt's success, when nobody knew of it
		s.send(&lostMsg{n.gen.ID, n.cause})
	default:
	}
	c.Connected.Inc()
	c.Pending.Add(-1)
	c.Open.Add(1)
	c.LastConnected.Set(time.Now().UnixNano())
	return n
}

// open makes the accepted connection the current one. The Gap goes in before anything is
// subscribed, so before the first event of the new epoch.
func (s *Session) open() {
	m := s.d.Memory
	if m.connected {
		s.d.Counts.Reconnects.Inc()
	}
	m.connected = true
	s.cur = s.accept()
	m.backoff.Up(s.cur.since)
	if m.rolledAt != 0 {
		s.cur.evictor = evicts(m.rolledAt)
		m.rolledAt = 0
	}
	s.d.Status.change(func(v *View) { v.Rejected, v.Answered = nil, 0 })
	s.gap()
	s.d.Log.InfoContext(paths.In(s.cur.traced), "connected", "event", "connected", "host", s.cur.host, "epoch", m.epoch,
		"token_expires_in", time.Until(m.token.ExpiresAt).Round(time.Second).String())
	s.goOn()
	s.armTick()
	s.subscribe(s.cur, []string{rejections}) // first, so that no refusal is missed
}

// gap tells of the outage that the current connection ends.
func (s *Session) gap() {
	m := s.d.Memory
	if m.lostAt.IsZero() {
		return
	}
	g := &messages.Gap{From: m.lastSeen.UTC(), To: time.Now().UTC(), Epoch: s.cur.epoch, Reason: m.reason}
	s.put(s.cur.gen, g)
	s.d.Status.change(func(v *View) { v.outage(*g) })
}

// goOn shows the current connection, and renews its token in time. What kept its predecessors
// from being replaced is forgotten.
func (s *Session) goOn() {
	c := s.cur
	s.d.Memory.rollOvers = supervision.Reconnect{}
	s.d.Status.change(func(v *View) {
		v.Epoch, v.Host, v.Since = c.epoch, c.host, c.since
		v.LastError, v.RetryAt = "", time.Time{}
		v.TokenExpires, v.TokenRenewAt = c.expires, c.renewAt
	})
	s.armRenewal(time.Until(s.d.Memory.token.RenewAt(s.d.Config.RenewBefore)))
}

// lose counts a connection that ended without our asking: whatever of it is not decoded yet
// is stale.
func (s *Session) lose(c *conn) {
	c.gen.Revoke()
	s.d.Counts.Lost.Inc()
	s.d.Counts.LastLost.Set(time.Now().UnixNano())
}

// drop ends the connection that was lost.
func (s *Session) drop() {
	m := s.d.Memory
	c := s.cur
	s.lose(c)
	if s.state == Connecting { // from a roll-over whose attempt is under way
		m.rolledAt = clock.Mono()
	}
	m.backoff.Down(clock.Mono())
	s.ended(s.reason())
	s.spawn(c.close)
	s.d.Log.WarnContext(paths.In(c.traced), "connection lost", "event", "connection_lost", "epoch", c.epoch, "reason", m.reason)
}

// ended tells the strategies that the connection is over and remembers what the Gap must say.
func (s *Session) ended(reason string) {
	s.stopTimers()
	c := s.cur
	s.cur = nil
	s.tellEnd(c, reason)
	s.d.Status.change(func(v *View) { v.Since, v.Answered, v.LastError = 0, 0, "connection lost: "+reason })
}

func (s *Session) tellEnd(c *conn, reason string) {
	m := s.d.Memory
	s.d.Counts.Open.Add(-1)
	now := time.Now()
	m.lastSeen = now.Add(-clock.Since(clock.Mono(), c.lane.Last()))
	m.lostAt, m.reason = now, reason
	s.put(c.gen, &messages.Disconnected{Epoch: c.epoch, At: now.UTC(), Reason: reason})
}

// drain begins the orderly close. The generation is not revoked: what is read until the
// server closes is good.
func (s *Session) drain() {
	s.stopTimers()
	c, batch, wait := s.cur, s.d.Config.Batch, s.d.Config.CloseTimeout
	topics := append(c.subs.live(), rejections)
	s.spawn(func() {
		c.leave(topics, batch, wait)
		s.send(&drainedMsg{c.gen.ID})
	})
}

// retire counts an orderly close that is through.
func (s *Session) retire() {
	reason, c := "stopped", s.cur
	if s.state == Connecting {
		reason = "token renewal, one connection at a time"
	}
	s.d.Counts.Closed.Inc()
	s.ended(reason)
	s.d.Log.InfoContext(paths.In(c.traced), "connection closed in order", "event", "connection_closed", "epoch", c.epoch, "reason", reason)
}

// delay waits before the next attempt: longest after a refusal, so that an expired account
// makes no storm of logins, and never shorter than the server asked for.
func (s *Session) delay() {
	d, gen := s.wait(), s.d.Memory.generation
	s.timers.retry = time.AfterFunc(d, func() { s.send(&retryMsg{gen}) })
	s.d.Status.change(func(v *View) { v.RetryAt = time.Now().Add(d) })
	s.d.Log.Info("next attempt after a delay", "event", "reconnect_scheduled", "delay", d.Round(time.Millisecond).String())
}

// wait draws the delay that the failure in hand deserves.
func (s *Session) wait() time.Duration {
	return max(s.d.Memory.backoff.Failed(paceOf(s.cause), s.d.Config.Backoff, s.d.Rand), retryAfter(s.cause))
}

// paceOf is the class in supervision's table that a failed attempt has.
func paceOf(err error) supervision.Class {
	if ClassOf(err) == ledger.FailAuth {
		return supervision.Auth
	}
	return supervision.Transport
}

// retryAfter is the silence that the server asked for, 0 for none.
func retryAfter(err error) time.Duration {
	var rest *settrade.Error
	if errors.As(err, &rest) {
		return rest.RetryAfter
	}
	return 0
}

func (s *Session) finish() {
	s.stopTimers()
	m, status := s.d.Memory, s.d.Status
	go func() {
		m.wg.Wait()
		status.end()
	}()
}

// cancelRenewal ends a renewal under way: a stop does not wait for it.
func (s *Session) cancelRenewal() {
	if s.stopRenewal != nil {
		s.stopRenewal()
		s.stopRenewal = nil
	}
}

func (s *Session) stopTimers() {
	s.cancelRenewal()
	for _, t := range []*time.Timer{s.timers.retry, s.timers.renew, s.timers.tick, s.timers.look} {
		if t != nil {
			t.Stop()
		}
	}
}

// abandonAll is for an incarnation that ends without an orderly close: nothing it began
// goes on or stays uncounted.
func (s *Session) abandonAll() {
	s.stopTimers()
	if s.cancel != nil {
		s.cancel()
		s.cancel = nil
		s.d.Counts.Pending.Add(-1)
		s.d.Counts.Aborted.Inc()
	}
	if s.unsettled { // an attempt had ended, and its outcome was not acted on
		s.unsettled = false
		s.d.Counts.Pending.Add(-1)
		s.d.Counts.Aborted.Inc()
		if l := s.result.link; l != nil {
			s.spawn(l.close)
		}
	}
	s.cause = errors.New("the session was restarted")
	if s.next != nil {
		s.fallBack()
	}
	if s.cur != nil {
		s.drop()
	}
}

func (s *Session) armTick() {
	s.ticks++
	n := s.ticks
	s.timers.tick = time.AfterFunc(tickEvery, func() { s.send(&tickMsg{n}) })
}

const tickEvery = time.Second

// onTick looks after what only time can tell: a link that has gone silent although the
// broker must answer pings, topics whose turn has come again, and those that are mute.
func (s *Session) onTick() {
	s.armTick()
	limit := s.d.Config.KeepAlive + s.d.Config.PingTimeout + 2*time.Second
	for _, c := range []*conn{s.next, s.cur} {
		if c == nil {
			continue
		}
		if silent := clock.Since(clock.Mono(), c.lane.Last()); silent > limit {
			s.onLost(&lostMsg{c.gen.ID, fmt.Errorf("silence for %v, not even an answer to a ping", silent.Round(time.Second))})
			return
		}
	}
	for _, c := range []*conn{s.cur, s.next} {
		if c != nil && c.deaf && !c.subs.busy && clock.Since(clock.Mono(), c.askedAt) > retryRefused {
			s.subscribe(c, []string{rejections})
		}
	}
	s.watchSilence()
	if s.cur != nil {
		s.granted(s.cur.subs.released(time.Now()))
	}
	s.reconcileAll()
}

// reason names the loss in hand in a few words: they reach the strategies and the log.
func (s *Session) reason() string {
	if s.cause == nil {
		return "closed by the server"
	}
	return s.said(s.cause.Error())
}

// said makes a server's words fit to be shown: without secrets and account numbers, which it
// may echo, on one line, and short.
func (s *Session) said(text string) string {
	if s.d.Plain != nil {
		text = s.d.Plain(text)
	}
	return shortened(text)
}
