package session

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestSubscriptionsGoInBatchesOneAtATime(t *testing.T) {
	s := newSubs()
	wanted := []string{"a", "b", "c"}
	add, _ := s.plan(wanted, noon, 2)
	if fmt.Sprint(add) != "[a b]" {
		t.Fatal(add)
	}
	s.asking(add)
	if again, _ := s.plan(wanted, noon, 2); again != nil {
		t.Error("a second request while one is under way:", again)
	}
	s.answered(add, map[string]byte{"a": 0, "b": 1}, noon)
	if add, _ = s.plan(wanted, noon, 2); fmt.Sprint(add) != "[c]" || s.count(wanted) != 2 {
		t.Error(add, s.count(wanted))
	}
}

func TestWhatIsRefusedOrMissingIsAskedForAgainInTime(t *testing.T) {
	s := newSubs()
	wanted := []string{"a", "b", "c"}
	s.asking(wanted)
	refused, missing := s.answered(wanted, map[string]byte{"a": 0x80, "b": 0}, noon)
	if fmt.Sprint(refused, missing) != "[a] [c]" || s.count(wanted) != 2 {
		t.Error(refused, missing, s.count(wanted))
	}
	for after, want := range map[time.Duration]string{0: "[]", retryMissing: "[c]", retryRefused: "[c]"} {
		if add, _ := s.plan(wanted, noon.Add(after), 10); fmt.Sprint(add) != want {
			t.Errorf("after %v: %v, want %s", after, add, want)
		}
	}
	s.asking([]string{"c"})
	s.answered([]string{"c"}, map[string]byte{"c": 0}, noon)
	if add, _ := s.plan(wanted, noon.Add(retryRefused), 10); fmt.Sprint(add) != "[a]" {
		t.Error(add)
	}
}

func TestWhatIsAskedForAgainIsAskedForAlone(t *testing.T) {
	s := newSubs()
	wanted := []string{"a", "b", "c"}
	s.asking(wanted)
	s.answered(wanted, nil, noon)
	for i, topic := range wanted {
		add, _ := s.plan(append(wanted, "new"), noon.Add(retryMissing), 10)
		if fmt.Sprint(add) != "[new]" {
			t.Fatal("what is new goes first:", add)
		}
		if add, _ = s.plan(wanted, noon.Add(retryMissing), 10); fmt.Sprint(add) != "["+topic+"]" {
			t.Fatalf("retry %d: %v", i, add)
		}
		s.asking(add)
		s.answered(add, nil, noon.Add(retryMissing))
		if s.unanswered(add) != 2 {
			t.Errorf("%s was missed %d times in a row, want 2", topic, s.unanswered(add))
		}
	}
	s.asking([]string{"a"})
	s.answered([]string{"a"}, map[string]byte{"a": 0}, noon)
	if s.unanswered([]string{"a"}) != 0 {
		t.Error("an answer ends the row")
	}
}

func TestARejectionThatOvertakesItsSUBACKStands(t *testing.T) {
	s := newSubs()
	s.asking([]string{"a"})
	if !s.reject("a", noon) || s.reject("a", noon) || s.reject("b", noon) {
		t.Error("news is news once")
	}
	s.answered([]string{"a"}, map[string]byte{"a": 0}, noon)
	if !s.topics["a"].refused || s.count([]string{"a"}) != 1 {
		t.Errorf("%+v", s.topics["a"])
	}
}

func TestWhatNobodyWantsAnyMoreIsLetGoOf(t *testing.T) {
	s := newSubs()
	s.asking([]string{"a", "b"})
	s.answered([]string{"a", "b"}, map[string]byte{"a": 0, "b": 0x80}, noon)
	_, remove := s.plan(nil, noon, 10)
	if fmt.Sprint(remove) != "[a]" {
		t.Error(remove)
	}
	s.removed(remove)
	if len(s.topics) != 0 {
		t.Errorf("%v", s.topics)
	}
}

// However wanting, answers and removals interleave: when all is quiet the broker has exactly
// what is wanted.
func TestInTheEndTheBrokerHasWhatIsWanted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, w := newSubs(), NewWanted()
		broker := map[string]bool{}
		now := noon
		step := func() bool {
			add, remove := s.plan(w.List(), now, 3)
			switch {
			case len(add) > 0:
				s.asking(add)
				codes := map[string]byte{}
				for _, topic := range add {
					switch rapid.IntRange(0, 9).Draw(t, "answer") {
					case 0:
						codes[topic] = 0x80
					case 1: // none
					default:
						codes[topic], broker[topic] = 0, true
					}
				}
				s.answered(add, codes, now)
			case len(remove) > 0:
				s.subsRemove(remove, broker)
			default:
				return false
			}
			return true
		}
		for range rapid.IntRange(1, 40).Draw(t, "changes") {
			topic, owner := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "topic"), rapid.SampledFrom([]string{"x", "y"}).Draw(t, "owner")
			if rapid.Bool().Draw(t, "want") {
				w.Add(owner, topic)
			} else {
				w.Remove(owner, topic)
			}
			step()
		}
		for range 1000 {
			if !step() {
				now = now.Add(retryRefused)
				if s.count(w.List()) == len(w.List()) && len(broker) == len(w.List()) {
					break
				}
			}
		}
		for _, topic := range w.List() {
			if !broker[topic] {
				t.Fatalf("%s is wanted and not subscribed", topic)
			}
		}
		if len(broker) != len(w.List()) {
			t.Fatalf("the broker has %v, wanted %v", broker, w.List())
		}
	})
}

func (s *subs) subsRemove(topics []string, broker map[string]bool) {
	s.busy = true
	for _, topic := range topics {
		delete(broker, topic)
	}
	s.removed(topics)
}

func TestATopicIsWantedUntilItsLastOwnerGoes(t *testing.T) {
	w := NewWanted()
	if first := w.Add("x", "a", "b"); fmt.Sprint(first) != "[a b]" {
		t.Error(first)
	}
	if first := w.Add("y", "b", "c"); fmt.Sprint(first) != "[c]" {
		t.Error(first)
	}
	w.Add("y", "b")
	if last := w.Remove("x", "a", "b", "zzz"); fmt.Sprint(last) != "[a]" {
		t.Error(last)
	}
	if last := w.Remove("y", "b"); fmt.Sprint(last) != "[b]" || w.Has("b") || w.Len() != 1 {
		t.Error(last)
	}
}

func TestReadyNamesWhatItWaitsFor(t *testing.T) {
	for _, c := range []struct {
		v    View
		ok   bool
		says string
	}{
		{View{}, false, "session idle: not connected yet"},
		{View{State: Waiting, LastError: "login failed"}, false, "session waiting: login failed"},
		{View{State: Online, Since: 1, Wanted: 5, Answered: 3}, false, "3 of 5 subscriptions answered"},
		{View{State: Online, Since: 1, Wanted: 5, Answered: 5}, true, ""},
	} {
		if ok, why := c.v.Ready(); ok != c.ok || why != c.says {
			t.Errorf("%+v: %v %q", c.v, ok, why)
		}
	}
}
