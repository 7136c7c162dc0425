package seam

import (
	"fmt"
	"slices"
	"testing"

	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// play is a roll-over worked by hand; instants are whole numbers.
type play struct {
	*Seam
	all       *Seams
	feed      ledger.Feed
	old, next *raw.Generation
	got       []string
}

func newPlay() *play {
	p := &play{old: raw.NewGeneration(1), next: raw.NewGeneration(2)}
	p.all = &Seams{Feed: &p.feed}
	p.Seam = p.all.Open(p.old, p.next)
	return p
}

// says lets a connection bring payloads on topic t; what is delivered is noted.
func (p *play) says(g *raw.Generation, at int64, payloads ...string) {
	for _, s := range payloads {
		m := raw.Message{Topic: []byte("t"), Payload: []byte(s), Gen: g, Mono: at, Wall: at}
		if p.Judge(&m) == Deliver {
			p.got = append(p.got, s)
		}
	}
}

func (p *play) pass(now int64, cut bool) Lost {
	lost := p.Pass(now, cut)
	for m := p.Deliverable(); m != nil; m = p.Deliverable() {
		p.got = append(p.got, string(m.Payload))
	}
	return lost
}

func (p *play) is(t *testing.T, superseded uint64, want ...string) {
	t.Helper()
	if !slices.Equal(p.got, want) || p.feed.Superseded.Load() != superseded {
		t.Errorf("delivered %v, %d superseded, want %v, %d", p.got, p.feed.Superseded.Load(), want, superseded)
	}
}

func TestTheOldConnectionOwnsATopicUntilItsSeamThenTheNewOneDoes(t *testing.T) {
	p := newPlay()
	p.says(p.old, 1, "a", "b")
	p.says(p.next, 2, "b", "c") // ahead of the old one
	if p.all.Held() != 2 || !p.all.Busy() {
		t.Error("two are held")
	}
	p.Freeze(3)
	p.says(p.old, 3, "c", "d")
	p.says(p.next, 4, "d", "e")
	p.pass(5, false)
	p.says(p.next, 6, "f")
	p.is(t, 3, "a", "b", "c", "d", "e", "f")
	if p.all.Current() != nil || p.all.Held() != 0 || p.all.Busy() {
		t.Error("the seam is not over")
	}
}

func TestANewConnectionThatLagsIsPassedOverBehindTheSeamToo(t *testing.T) {
	p := newPlay()
	p.says(p.next, 1, "a")
	p.says(p.old, 1, "a", "b", "c")
	p.Freeze(2)
	p.pass(3, false)
	if p.all.Current() == nil || p.all.Busy() {
		t.Error("copies are still to come, and hold up no other roll-over")
	}
	p.says(p.next, 4, "b", "c", "d")
	p.is(t, 3, "a", "b", "c", "d")
	if p.all.Current() != nil {
		t.Error("the seam is not over")
	}
}

func TestCopiesThatNeverComeAreNotWaitedForForEver(t *testing.T) {
	for name, then := range map[string]struct {
		at       int64
		payloads []string
	}{
		"the streams differ": {4, []string{"x", "b"}},
		"too late":           {4 + int64(maxTail), []string{"x"}},
	} {
		p := newPlay()
		p.says(p.next, 1, "a")
		p.says(p.old, 1, "a", "b")
		p.Freeze(2)
		p.pass(3, false)
		p.says(p.next, then.at, then.payloads...)
		p.is(t, 1, append([]string{"a", "b"}, then.payloads...)...)
		if p.all.Current() != nil {
			t.Errorf("%s: the seam is not over", name)
		}
	}
}

func TestARollOverThatIsAbandonedCostsNothing(t *testing.T) {
	p := newPlay()
	p.says(p.old, 1, "a")
	p.says(p.next, 1, "a", "b")
	p.Abandon()
	p.Abandon() // twice is safe
	p.says(p.old, 2, "b", "c")
	p.is(t, 2, "a", "b", "c")
	if p.all.Current() != nil {
		t.Error("the seam is not over")
	}
}

func TestAnOldConnectionThatBreaksOffIsPassedWithWhatIsKnown(t *testing.T) {
	p := newPlay()
	p.says(p.old, 1, "a", "b", "c")
	p.says(p.next, 1, "b", "c", "d")
	p.pass(2, true)
	p.says(p.old, 3, "d") // behind its barrier
	p.is(t, 3, "a", "b", "c", "d")
}

func TestWhatIsHeldAtTheTreesEndIsDiscarded(t *testing.T) {
	p := newPlay()
	p.says(p.next, 1, "a", "b")
	p.all.End()
	p.all.End()
	if p.all.Discarded.Load() != 2 || p.all.Held() != 0 {
		t.Errorf("%d discarded, %d held", p.all.Discarded.Load(), p.all.Held())
	}
}

func TestWhatIsHeldIsBoundedAndWhatGoesIsCountedForWhatItIs(t *testing.T) {
	p := newPlay()
	for i := range MaxHeld + 10 {
		p.says(p.next, 1, fmt.Sprint(i))
	}
	if p.all.Held() != MaxHeld || p.feed.Superseded.Load() != 10 {
		t.Errorf("%d held, %d superseded: the old connection brings them", p.all.Held(), p.feed.Superseded.Load())
	}
	p.Freeze(1)
	for i := range MaxHeld + 7 { // all that came before the freeze go first
		p.says(p.next, 2, fmt.Sprint("late", i))
	}
	lost := p.pass(3, false)
	if lost.Count != 7 || lost.From != 2 || p.all.Dropped.Load() != 7 || p.feed.Superseded.Load() != MaxHeld+10 {
		t.Errorf("lost %+v, %d dropped, %d superseded", lost, p.all.Dropped.Load(), p.feed.Superseded.Load())
	}
	if len(p.got) != MaxHeld || p.got[0] != "late7" {
		t.Errorf("%d delivered, %q first", len(p.got), p.got[0])
	}
}

func TestTheMessageInHandIsKnownWhenItsDecodingFails(t *testing.T) {
	p := newPlay()
	p.says(p.next, 1, "a", "b")
	p.Freeze(0)
	p.Pass(2, false)
	if _, ok := p.Failed(); ok {
		t.Error("nothing is in hand")
	}
	p.Deliverable()
	if m, ok := p.Failed(); !ok || string(m.Payload) != "a" {
		t.Errorf("%q in hand", m.Payload)
	}
	if m := p.Deliverable(); m == nil || string(m.Payload) != "b" {
		t.Error("the rest is not delivered")
	}
}

// An old stream that was cut off while it was read to its end holds less than was published
// to it: what it did bring is still not brought twice, nor out of order.
func TestAnOldStreamThatEndsShortOfTheBoundIsPassedWhereItAgrees(t *testing.T) {
	p := newPlay()
	p.says(p.old, 1, "a", "b")
	p.says(p.next, 1, "a", "b", "c", "d")
	p.Freeze(2)
	p.pass(3, false)
	p.is(t, 2, "a", "b", "c", "d")
}

func TestTheRoomOfWhatIsHeldIsUsedAgain(t *testing.T) {
	p := newPlay()
	for i := range 5 * MaxHeld {
		p.says(p.next, 1, fmt.Sprint(i))
	}
	if n := cap(p.held); n > 4*MaxHeld {
		t.Errorf("room for %d messages, %d are held", n, p.all.Held())
	}
	p.Freeze(1)
	p.pass(2, false)
	if len(p.got) != MaxHeld || p.got[0] != fmt.Sprint(4*MaxHeld) {
		t.Errorf("%d delivered, %q first", len(p.got), p.got[0])
	}
}
