package session

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

// reconcile takes one step towards the wanted subscriptions; its answer takes the next.
func (s *Session) reconcile() {
	wanted := s.d.Wanted.List()
	answered := 0
	if s.state == Online {
		answered = s.subs.count(wanted)
	}
	s.d.Status.change(func(v *View) { v.Wanted, v.Answered = len(wanted), answered })
	if s.state != Online {
		return
	}
	add, remove := s.subs.plan(wanted, time.Now(), s.d.Config.Batch)
	switch {
	case len(add) > 0:
		s.subscribe(add)
	case len(remove) > 0:
		s.unsubscribe(remove)
	case answered == len(wanted) && !s.subs.busy:
		s.allAnswered(len(wanted))
	}
}

func (s *Session) subscribe(topics []string) {
	s.subs.asking(topics)
	l, gen, wait := s.link, s.gen.ID, s.d.Config.SubscribeTimeout
	s.spawn(func() { s.send(&subscribedMsg{gen, topics, l.subscribe(topics, wait)}) })
}

func (s *Session) unsubscribe(topics []string) {
	s.subs.busy = true
	l, gen, wait := s.link, s.gen.ID, s.d.Config.SubscribeTimeout
	s.spawn(func() {
		l.unsubscribe(topics, wait)
		s.send(&unsubscribedMsg{gen, topics})
	})
}

func (s *Session) onSubscribed(m *subscribedMsg) {
	refused, missing := s.subs.answered(m.topics, m.codes, time.Now())
	delete(s.subs.topics, rejections) // it is no topic that anyone wants
	for _, t := range refused {
		s.rejectTopic(t, fmt.Sprintf("SUBACK %d", m.codes[t]))
	}
	var granted []string
	for _, t := range m.topics {
		if a := s.subs.topics[t]; a != nil && a.live {
			granted = append(granted, t)
		}
	}
	s.accept(granted)
	if len(missing) > 0 {
		s.d.Log.Warn("subscriptions were not answered", "event", "suback_missing", "topics", len(missing),
			"retry_after", retryMissing.String())
	}
	s.reconcile()
}

// accept clears what was said of topics that had been refused.
func (s *Session) accept(granted []string) {
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

func (s *Session) rejectTopic(name, reason string) {
	n := &messages.SymbolRejected{Epoch: s.d.Memory.epoch, At: time.Now().UTC(), Reason: reason}
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
	s.put(n)
	s.d.Log.Warn("the exchange refused a subscription", "event", "subscription_rejected", "topic", key, "reason", reason)
}

func keyOf(name string) string { return topic.Redact([]byte(name)) }

// onRejected reads what the exchange refused after a good SUBACK.
func (s *Session) onRejected(payload []byte) {
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
		if s.subs.reject(r.Topic) {
			s.rejectTopic(r.Topic, shortened(r.Reason))
		}
	}
	s.reconcile()
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
	m := s.d.Memory
	if !m.lostAt.IsZero() {
		now := time.Now()
		s.put(&messages.Reconnected{Epoch: m.epoch, At: now.UTC(), Outage: now.Sub(m.lostAt)})
		m.lostAt = time.Time{}
	} else if m.announced == m.epoch {
		return
	}
	if m.announced != m.epoch {
		m.announced = m.epoch
		s.d.Log.Info("every subscription is answered", "event", "subscribed", "epoch", m.epoch, "topics", n)
	}
}
