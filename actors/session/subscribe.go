package session

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/paths"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

// reconcileAll brings every connection's subscriptions in line with what is wanted.
func (s *Session) reconcileAll() {
	for _, c := range []*conn{s.cur, s.next} {
		if c != nil {
			s.reconcile(c)
		}
	}
	if s.cur == nil {
		wanted := s.d.Wanted.Len()
		s.d.Status.change(func(v *View) { v.Wanted, v.Answered = wanted, 0 })
	}
}

// subscribing reports whether anything more may be asked of a connection.
func (s *Session) subscribing(c *conn) bool {
	switch s.state {
	case Online, Rolling, Passing:
		return true
	case Parting:
		return c == s.next
	}
	return false
}

// reconcile takes one step towards the wanted subscriptions; its answer takes the next.
func (s *Session) reconcile(c *conn) {
	if !s.subscribing(c) {
		return
	}
	wanted := s.d.Wanted.List()
	answered := c.subs.count(wanted)
	if c == s.cur {
		s.d.Status.change(func(v *View) {
			v.Wanted, v.Answered = len(wanted), answered
			v.forget(wanted)
		})
	}
	add, remove := c.subs.plan(wanted, time.Now(), s.d.Config.Batch)
	switch {
	case len(add) > 0:
		s.subscribe(c, add)
	case len(remove) > 0:
		s.unsubscribe(c, remove)
	case answered == len(wanted) && !c.subs.busy && c == s.cur:
		s.allAnswered(len(wanted))
	}
}

func (s *Session) subscribe(c *conn, topics []string) {
	c.subs.asking(topics)
	wait := s.d.Config.SubscribeTimeout
	s.spawn(func() {
		began := clock.Mono()
		codes := c.link.subscribe(topics, wait)
		s.d.subscribed(c, began, len(topics), len(codes))
		s.send(&subscribedMsg{c.gen.ID, topics, codes})
	})
}

func (s *Session) unsubscribe(c *conn, topics []string) {
	c.subs.busy = true
	wait := s.d.Config.SubscribeTimeout
	s.spawn(func() {
		c.link.unsubscribe(topics, wait)
		s.send(&unsubscribedMsg{c.gen.ID, topics})
	})
}

func (s *Session) onSubscribed(c *conn, m *subscribedMsg) {
	refused, missing := c.subs.answered(m.topics, m.codes, time.Now())
	if slices.Contains(m.topics, rejections) {
		code, ok := m.codes[rejections]
		c.deaf, c.askedAt = !ok || code > 2, clock.Mono()
		delete(c.subs.topics, rejections) // it is no topic that anyone wants
		missing = slices.DeleteFunc(missing, func(t string) bool { return t == rejections })
		refused = slices.DeleteFunc(refused, func(t string) bool { return t == rejections })
	}
	for _, t := range refused {
		s.rejectTopic(c, t, fmt.Sprintf("SUBACK %d", m.codes[t]))
	}
	var granted []string
	for _, t := range m.topics {
		if a := c.subs.topics[t]; a != nil && a.live && !a.barred {
			granted = append(granted, t)
		}
	}
	s.granted(granted)
	if len(missing) > 0 {
		s.d.Log.Warn("subscriptions were not answered", "event", "suback_missing", "topics", len(missing),
			"first", keyOf(missing[0]), "retry_after", retryMissing.String())
		if c.subs.unanswered(missing) >= maxMissing {
			s.stall(c, "stall: subscriptions are not answered, "+keyOf(missing[0])+" for one")
			return
		}
	}
	s.reconcile(c)
}

// stall ends the connection that should bring something and does not.
func (s *Session) stall(c *conn, why string) {
	switch {
	case c == s.next:
		s.onLost(&lostMsg{c.gen.ID, errStall(why)})
	case s.state == Passing:
		s.apply(lost, errStall(why)) // the new one goes on
	default:
		s.apply(stalled, errStall(why))
	}
}

// granted clears what was said of topics that had been refused.
func (s *Session) granted(granted []string) {
	var again []string
	s.d.Status.change(func(v *View) {
		for _, t := range granted {
			if key := keyOf(t); v.Rejected[key] != "" {
				delete(v.Rejected, key)
				again = append(again, t)
			}
		}
	})
	if len(again) > 0 {
		s.d.Accepted(again)
	}
}

func (s *Session) rejectTopic(c *conn, name, reason string) {
	n := &messages.SymbolRejected{Epoch: c.epoch, At: time.Now().UTC(), Reason: reason}
	if t, err := topic.Parse(name); err == nil {
		n.Kind = t.Kind.String()
		if t.Account == "" {
			n.Symbol, n.Topic = t.Symbol, name
		}
	}
	key := keyOf(name)
	known := false
	s.d.Status.change(func(v *View) {
		known = v.Rejected[key] != ""
		if v.Rejected == nil {
			v.Rejected = map[string]string{}
		}
		v.Rejected[key] = reason
	})
	if known {
		return // a retry that was refused again is no news
	}
	s.put(c.gen, n)
	s.d.Log.Warn("the exchange refused a subscription", "event", "subscription_rejected", "topic", key, "reason", reason)
}

func keyOf(name string) string { return topic.Redact([]byte(name)) }

// onRejected reads what the exchange refused after a good SUBACK.
func (s *Session) onRejected(c *conn, payload []byte) {
	var m struct {
		Rejected []struct {
			Topic  string `json:"topicFilter"`
			Reason string `json:"errorMessage"`
		} `json:"rejectSubscriptions"`
	}
	if err := json.Unmarshal(payload, &m); err != nil {
		s.d.Log.Warn("the exchange's rejection cannot be read", "event", "rejection_malformed", "bytes", len(payload), "error", err.Error())
		return
	}
	for _, r := range m.Rejected {
		if c.subs.reject(r.Topic, time.Now()) {
			s.rejectTopic(c, r.Topic, s.said(r.Reason))
		}
	}
	s.reconcile(c)
}

func shortened(s string) string {
	out := []rune(s)
	for i, r := range out {
		if r < ' ' {
			out[i] = ' '
		}
	}
	return string(out[:min(len(out), 200)])
}

// allAnswered ends an outage, or says once that the first subscriptions stand.
func (s *Session) allAnswered(n int) {
	m, traced := s.d.Memory, s.cur.traced
	if !m.lostAt.IsZero() {
		now := time.Now()
		s.put(s.cur.gen, &messages.Reconnected{Epoch: s.cur.epoch, At: now.UTC(), Outage: now.Sub(m.lostAt)})
		traced = s.outage(m.lostAt, now, m.reason)
		m.lostAt = time.Time{}
	} else if m.announced == s.cur.epoch {
		return
	}
	if m.announced != s.cur.epoch {
		m.announced = s.cur.epoch
		s.d.Log.InfoContext(paths.In(traced), "every subscription is answered", "event", "subscribed", "epoch", s.cur.epoch, "topics", n)
	}
}
