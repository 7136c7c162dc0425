package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/internal/settrade"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// attempt begins a generation.
func (s *Session) attempt() {
	m := s.d.Memory
	m.generation++
	gen := raw.NewGeneration(m.generation)
	s.gen = gen
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
		o := s.d.try(ctx, gen, token, events)
		s.send(&o)
	})
}

func (s *Session) countFail() {
	class := ClassOf(s.cause)
	s.d.Counts.Pending.Add(-1)
	s.d.Counts.Failed[class].Inc()
	s.d.Status.change(func(v *View) { v.LastError = s.cause.Error() })
	s.d.Log.Warn("could not connect", "event", "connect_failed", "class", class.String(), "error", s.cause.Error())
}

// open makes the accepted connection the current one. The Gap goes in before anything is
// subscribed, so before the first event of the new epoch.
func (s *Session) open() {
	m, c := s.d.Memory, s.d.Counts
	now := time.Now()
	s.link = s.result.link
	m.epoch++
	s.gen.Accept(m.epoch)
	c.Connected.Inc()
	c.Pending.Add(-1)
	c.Open.Add(1)
	if m.connected {
		c.Reconnects.Inc()
	}
	m.connected = true
	c.LastConnected.Set(now.UnixNano())
	m.backoff.Up(clock.Mono())
	s.subs = newSubs()
	s.d.Status.change(func(v *View) {
		v.Epoch, v.Host, v.Since = m.epoch, s.link.host, clock.Mono()
		v.LastError, v.RetryAt, v.Rejected = "", time.Time{}, nil
		v.TokenExpires = m.token.ExpiresAt
		v.Answered = 0
	})
	if !m.lostAt.IsZero() {
		s.put(&messages.Gap{From: m.lastSeen.UTC(), To: now.UTC(), Epoch: m.epoch, Reason: m.reason})
	}
	s.d.Log.Info("connected", "event", "connected", "host", s.link.host, "epoch", m.epoch,
		"token_expires_in", time.Until(m.token.ExpiresAt).Round(time.Second).String())
	s.armRenewal(time.Until(m.token.RenewAt(s.d.Config.RenewBefore)))
	s.armTick()
	s.subscribe([]string{rejections}) // first, so that no refusal is missed
}

// drop ends a generation that was lost: whatever of it is not decoded yet is stale.
func (s *Session) drop() {
	m := s.d.Memory
	s.gen.Revoke()
	s.d.Counts.Lost.Inc()
	s.d.Counts.LastLost.Set(time.Now().UnixNano())
	m.backoff.Down(clock.Mono())
	s.ended(reasonOf(s.cause))
	l := s.link
	s.link = nil
	s.spawn(l.close)
	s.d.Log.Warn("connection lost", "event", "connection_lost", "epoch", m.epoch, "reason", m.reason)
}

// ended tells the strategies that the connection is over and remembers what the Gap must say.
func (s *Session) ended(reason string) {
	m := s.d.Memory
	s.stopTimers()
	s.d.Counts.Open.Add(-1)
	now := time.Now()
	m.lastSeen = now.Add(-clock.Since(clock.Mono(), s.link.lane.Last()))
	m.lostAt, m.reason = now, reason
	s.d.Status.change(func(v *View) { v.Since, v.Answered, v.LastError = 0, 0, "connection lost: "+reason })
	s.put(&messages.Disconnected{Epoch: m.epoch, At: now.UTC(), Reason: reason})
}

// drain begins the orderly close. The generation is not revoked: what is read until the
// server closes is good.
func (s *Session) drain() {
	s.stopTimers()
	l, gen, topics := s.link, s.gen.ID, append(s.subs.live(), rejections)
	s.spawn(func() {
		l.leave(topics, s.d.Config.Batch, s.d.Config.CloseTimeout)
		s.send(&drainedMsg{gen})
	})
}

// retire counts an orderly close that is through.
func (s *Session) retire() {
	reason := "stopped"
	if s.state == Connecting {
		reason = "token renewal"
	}
	s.d.Counts.Closed.Inc()
	s.ended(reason)
	s.link = nil
	s.d.Log.Info("connection closed in order", "event", "connection_closed", "epoch", s.d.Memory.epoch, "reason", reason)
}

// delay waits before the next attempt: longest after a refusal, so that an expired account
// makes no storm of logins, and never shorter than the server asked for.
func (s *Session) delay() {
	m := s.d.Memory
	d := m.backoff.Failed(s.d.Config.Backoff, s.d.Rand)
	if ClassOf(s.cause) == ledger.FailAuth {
		d = max(d, s.d.Config.Backoff.Max)
	}
	var rest *settrade.Error
	if errors.As(s.cause, &rest) {
		d = max(d, rest.RetryAfter)
	}
	gen := m.generation
	s.timers.retry = time.AfterFunc(d, func() { s.send(&retryMsg{gen}) })
	s.d.Status.change(func(v *View) { v.RetryAt = time.Now().Add(d) })
	s.d.Log.Info("next attempt after a delay", "event", "reconnect_scheduled", "delay", d.Round(time.Millisecond).String())
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
	for _, t := range []*time.Timer{s.timers.retry, s.timers.renew, s.timers.tick} {
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
	if s.link != nil {
		s.cause = errors.New("the session was restarted")
		s.drop()
	}
}

func (s *Session) armRenewal(in time.Duration) {
	gen := s.gen.ID
	s.timers.renew = time.AfterFunc(max(in, time.Second), func() { s.send(&renewMsg{gen}) })
}

// renewToken fetches a new token while the old connection goes on.
func (s *Session) renewToken() {
	gen, token := s.gen.ID, s.d.Memory.token
	var ctx context.Context
	ctx, s.stopRenewal = context.WithTimeout(context.Background(), time.Until(token.ExpiresAt)+time.Second)
	s.spawn(func() {
		t, err := s.d.renew(ctx, token)
		s.send(&renewedMsg{gen, t, err})
	})
}

func (s *Session) onRenewed(m *renewedMsg) {
	s.cancelRenewal()
	if m.err == nil {
		s.d.Memory.token = m.token
	}
	if !s.current(m.gen) || s.state != Online {
		return
	}
	if m.err != nil {
		s.d.Log.Warn("token not renewed, trying again", "event", "renew_failed", "class", ClassOf(m.err).String(), "error", m.err.Error())
		s.armRenewal(s.d.Config.Backoff.Max)
		return
	}
	s.d.Log.Info("token renewed", "event", "token_renewed", "expires_in", time.Until(m.token.ExpiresAt).Round(time.Second).String())
	s.apply(renewed, nil)
}

func (s *Session) armTick() {
	gen := s.gen.ID
	s.timers.tick = time.AfterFunc(time.Second, func() { s.send(&tickMsg{gen}) })
}

// onTick looks after what only time can tell: a link that has gone silent although the
// broker must answer pings, and refused topics whose turn has come again.
func (s *Session) onTick() {
	limit := s.d.Config.KeepAlive + s.d.Config.PingTimeout + 2*time.Second
	if silent := clock.Since(clock.Mono(), s.link.lane.Last()); silent > limit {
		s.apply(lost, fmt.Errorf("silence for %v, not even an answer to a ping", silent.Round(time.Second)))
		return
	}
	s.reconcile()
	s.armTick()
}

// reasonOf names a loss in a few words: they reach the strategies and the log.
func reasonOf(err error) string {
	if err == nil {
		return "closed by the server"
	}
	return err.Error()
}
