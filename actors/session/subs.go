package session

import (
	"slices"
	"time"
)

// retryRefused is how long a topic whose SUBACK refused it, or never came, is left alone.
// Slow enough that a thousand refused topics cost the broker nothing, quick enough that a
// symbol listed during the day is there within the minute.
const (
	retryRefused = 30 * time.Second
	retryMissing = 5 * time.Second
	// maxMissing is how often in a row a topic's SUBACK may fail to come before the connection
	// is made anew.
	maxMissing = 3
	// probation is how long after a good SUBACK a topic that the $sys topic had refused must go
	// without another refusal to be taken as granted.
	probation = 5 * time.Second
)

// answer is what the broker said to one topic of this generation.
type answer struct {
	asked   bool      // a SUBSCRIBE is under way
	live    bool      // granted
	refused bool      // SUBACK 0x80 or the $sys topic: answered, but not live
	retryAt time.Time // when to ask again; zero for never
	missed  int       // how often in a row no answer came
	barred  bool      // the $sys topic refused it: a good SUBACK alone says nothing
	since   time.Time // of the good SUBACK of one that was barred
}

// subs brings a generation's subscriptions in line with what is wanted. It is the actor's
// alone: no lock.
type subs struct {
	topics map[string]*answer
	busy   bool // one request at a time, so that a batch's answer is known before the next
}

func newSubs() subs { return subs{topics: map[string]*answer{}} }

// plan is the next request: topics to subscribe, or else topics to unsubscribe. What was
// asked for before is asked for again one by one, so that a topic that spoils its request
// spoils no other's.
func (s *subs) plan(wanted []string, now time.Time, batch int) (add, remove []string) {
	if s.busy {
		return nil, nil
	}
	retry := ""
	for _, t := range wanted {
		switch a := s.topics[t]; {
		case a == nil:
			add = append(add, t)
		case !a.asked && !a.live && !a.retryAt.IsZero() && !now.Before(a.retryAt):
			if retry == "" || a.retryAt.Before(s.topics[retry].retryAt) {
				retry = t
			}
		}
		if len(add) == batch {
			break
		}
	}
	if len(add) > 0 {
		return add, nil
	}
	if retry != "" {
		return []string{retry}, nil
	}
	for t, a := range s.topics {
		if _, is := slices.BinarySearch(wanted, t); is || a.asked {
			continue
		}
		if !a.live {
			delete(s.topics, t)
			continue
		}
		if remove = append(remove, t); len(remove) == batch {
			break
		}
	}
	slices.Sort(remove)
	return nil, remove
}

func (s *subs) asking(topics []string) {
	s.busy = true
	for _, t := range topics {
		next := &answer{asked: true}
		if a := s.topics[t]; a != nil {
			next.missed, next.barred = a.missed, a.barred
		}
		s.topics[t] = next
	}
}

// answered notes a SUBACK, nil codes for none, and returns which topics were refused.
func (s *subs) answered(topics []string, codes map[string]byte, now time.Time) (refused, missing []string) {
	s.busy = false
	for _, t := range topics {
		code, ok := codes[t]
		a := s.topics[t]
		switch {
		case a != nil && a.refused: // the exchange's rejection overtook the SUBACK
		case !ok:
			s.topics[t] = &answer{retryAt: now.Add(retryMissing)}
			if a != nil {
				s.topics[t].missed, s.topics[t].barred = a.missed+1, a.barred
			}
			missing = append(missing, t)
		case code > 2:
			s.topics[t] = &answer{refused: true, retryAt: now.Add(retryRefused)}
			refused = append(refused, t)
		default:
			s.topics[t] = &answer{live: true, since: now, barred: a != nil && a.barred}
		}
	}
	return refused, missing
}

// removed notes that topics were let go of.
func (s *subs) removed(topics []string) {
	s.busy = false
	for _, t := range topics {
		delete(s.topics, t)
	}
}

// reject notes that the exchange refused a topic after a good SUBACK, and reports whether
// that is news.
func (s *subs) reject(topic string, now time.Time) bool {
	a := s.topics[topic]
	if a == nil || a.refused {
		return false
	}
	*a = answer{refused: true, barred: true, retryAt: now.Add(retryRefused)}
	return true
}

// released lists, once, the topics that passed their probation.
func (s *subs) released(now time.Time) (out []string) {
	for t, a := range s.topics {
		if a.live && a.barred && now.Sub(a.since) >= probation {
			a.barred = false
			out = append(out, t)
		}
	}
	return out
}

// again lets a granted topic be asked for once more; the broker has it meanwhile.
func (s *subs) again(topic string, now time.Time) {
	if a := s.topics[topic]; a != nil && a.live {
		*a = answer{retryAt: now}
	}
}

// unanswered is how often in a row the worst of the topics got no answer.
func (s *subs) unanswered(topics []string) (n int) {
	for _, t := range topics {
		if a := s.topics[t]; a != nil {
			n = max(n, a.missed)
		}
	}
	return n
}

// granted lists the topics that the broker should be publishing.
func (s *subs) granted() (out []string) {
	for t, a := range s.topics {
		if a.live {
			out = append(out, t)
		}
	}
	return out
}

// count says how many of the wanted topics were answered, one way or the other.
func (s *subs) count(wanted []string) (n int) {
	for _, t := range wanted {
		if a := s.topics[t]; a != nil && (a.live || a.refused) {
			n++
		}
	}
	return n
}

// live lists the topics that the broker has granted, or may have.
func (s *subs) live() (out []string) {
	for t, a := range s.topics {
		if a.live || a.asked || a.refused {
			out = append(out, t)
		}
	}
	slices.Sort(out)
	return out
}
