package session

import (
	"strings"
	"testing"
	"time"
)

// market is a make-believe one: each topic has an event every so many seconds.
type market struct {
	every  map[string]int
	muted  map[string]bool
	closed map[string]bool
	counts map[string]uint64
}

func (m *market) play(w *stallWatch, from, seconds int) (again []string, stalls []string) {
	names := []string{}
	for n := range m.every {
		names = append(names, n)
	}
	for s := from; s < from+seconds; s++ {
		for n, every := range m.every {
			if !m.muted[n] && !m.closed[n] && s%every == 0 {
				m.counts[n]++
			}
		}
		v := w.step(time.Second, 10*time.Second, names, func(n string) Activity {
			return Activity{Events: m.counts[n], Judged: !m.closed[n]}
		})
		again = append(again, v.again...)
		if v.stall != "" {
			stalls = append(stalls, v.stall)
		}
	}
	return again, stalls
}

func newMarket() *market {
	return &market{muted: map[string]bool{}, closed: map[string]bool{}, counts: map[string]uint64{},
		every: map[string]int{"proto/topic/bidofferv3/AOT": 1, "proto/topic/bidofferv3/PTT": 1, "proto/topic/bidofferv3/KTB": 2, "proto/topic/bidofferv3/SLOW": 60}}
}

const aot, slow = "proto/topic/bidofferv3/AOT", "proto/topic/bidofferv3/SLOW"

func TestAMuteTopicIsSubscribedAnewThenTheConnectionIsMadeAnewOnce(t *testing.T) {
	m, w := newMarket(), &stallWatch{}
	if again, stalls := m.play(w, 0, 300); len(again)+len(stalls) != 0 {
		t.Fatal("all is well:", again, stalls)
	}
	m.muted[aot] = true
	if again, _ := m.play(w, 300, 29); len(again) != 0 {
		t.Error("30 usual gaps have not passed:", again)
	}
	again, stalls := m.play(w, 329, 200)
	if strings.Join(again, " ") != aot+" "+aot || len(stalls) != 1 || !strings.Contains(stalls[0], "AOT") {
		t.Errorf("subscribed anew: %v, connections anew: %v", again, stalls)
	}
	if mute := w.mute(); len(mute) != 1 || mute[0] != aot {
		t.Errorf("named: %v", mute)
	}
	if again, stalls = m.play(w, 529, 3600); len(again)+len(stalls) != 0 {
		t.Errorf("what did not help is not tried for ever: %v %v", again, stalls)
	}
	delete(m.muted, aot)
	m.play(w, 4129, 10)
	if len(w.mute()) != 0 {
		t.Error("it is back:", w.mute())
	}
}

func TestAQuietTopicIsJudgedByItsOwnGaps(t *testing.T) {
	m, w := newMarket(), &stallWatch{}
	m.play(w, 0, 1200)
	m.muted[slow] = true
	if again, _ := m.play(w, 1200, 1500); len(again) != 0 {
		t.Error("25 of its gaps are not long:", again)
	}
	if again, _ := m.play(w, 2700, 600); len(again) != 1 {
		t.Error("40 are:", again)
	}
}

func TestAQuietMarketAndAClosedOneAreNoTopicsFault(t *testing.T) {
	m, w := newMarket(), &stallWatch{}
	m.play(w, 0, 300)
	for n := range m.every {
		m.muted[n] = true
	}
	if again, stalls := m.play(w, 300, 3600); len(again)+len(stalls) != 0 {
		t.Errorf("the whole market is silent: %v %v", again, stalls)
	}
	m, w = newMarket(), &stallWatch{}
	m.play(w, 0, 300)
	m.closed[aot] = true
	if again, stalls := m.play(w, 300, 3600); len(again)+len(stalls) != 0 {
		t.Errorf("it is halted: %v %v", again, stalls)
	}
}

func TestATopicThatIsHardlyKnownIsNotJudged(t *testing.T) {
	m, w := newMarket(), &stallWatch{}
	m.play(w, 0, 5)
	m.muted[aot] = true
	if again, stalls := m.play(w, 5, 3600); len(again)+len(stalls) != 0 {
		t.Errorf("%v %v", again, stalls)
	}
}

// What a new connection does not help is not tried again for the next topic: one at most in five
// minutes, however many are mute.
func TestSeveralMuteTopicsMakeNoStormOfConnections(t *testing.T) {
	m, w := newMarket(), &stallWatch{}
	m.play(w, 0, 300)
	m.muted[aot], m.muted["proto/topic/bidofferv3/KTB"] = true, true // PTT goes on: the market is not quiet
	if _, stalls := m.play(w, 300, 92); len(stalls) != 1 || !strings.Contains(stalls[0], "AOT") {
		t.Fatalf("%v", stalls)
	}
	if _, stalls := m.play(w, 392, 298); len(stalls) != 0 {
		t.Errorf("within five minutes again: %v", stalls)
	}
	if _, stalls := m.play(w, 690, 10); len(stalls) != 1 || !strings.Contains(stalls[0], "KTB") {
		t.Errorf("after five minutes: %v", stalls)
	}
}
