package mailbox

import (
	"testing"

	"pgregory.net/rapid"
)

// model is a plain slice that does by the book what the queue does with chunks, leases and
// cursors. Every history must leave both with the same contents, and balanced.
type model struct {
	q        *Queue[elem]
	l        *Lease[elem]
	capacity int

	waiting []int
	inHand  []int // the rest of a run
	current int   // the element being worked on, 0 for none
	pushed  int   // elements are numbered from 1
}

func TestEveryHistoryBalancesAndMatchesTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{capacity: rapid.IntRange(1, 200).Draw(t, "capacity")}
		m.q = mustQueue(t, config(m.capacity, DropOldest))
		m.l = m.q.Lease(nil)
		t.Repeat(map[string]func(*rapid.T){
			"push": m.push, "next": m.next, "run": m.run, "replace": m.replace,
			"fail":    func(*rapid.T) { m.l.Fail(); m.current = 0 },
			"discard": func(*rapid.T) { m.q.Discard(); m.waiting = nil },
			"":        m.check,
		})
		m.q.End()
		if c := m.q.Counts(); !c.Balanced() || c.Queued != 0 {
			t.Fatalf("at the end %+v", c)
		}
	})
}

func (m *model) push(t *rapid.T) {
	var r []elem
	for range rapid.IntRange(1, 300).Draw(t, "n") {
		if rapid.IntRange(0, 20).Draw(t, "notice") == 0 {
			r = append(r, elem{Notice: "gap", Count: 1})
			continue
		}
		m.pushed++
		r = append(r, elem{V: m.pushed})
		m.waiting = append(m.waiting, m.pushed)
	}
	m.q.Push(r)
	if n := len(m.waiting) - m.capacity; n > 0 {
		m.waiting = m.waiting[n:]
	}
}

// take holds what was read to what should have come.
func (m *model) take(t *rapid.T, e *elem) {
	if e.Notice != "" {
		return
	}
	from := &m.waiting
	if len(m.inHand) > 0 {
		from = &m.inHand
	}
	if len(*from) == 0 || (*from)[0] != e.V {
		t.Fatalf("got %d, want the head of %v", e.V, *from)
	}
	*from = (*from)[1:]
	m.current = e.V
}

func (m *model) next(t *rapid.T) {
	if len(m.inHand) > 0 {
		return // a reader of runs does not read single elements
	}
	m.current = 0
	if e, _, ok := m.l.Next(); ok {
		m.take(t, &e)
	} else if len(m.waiting) > 0 {
		t.Fatalf("nothing to read, want %v", m.waiting)
	}
}

func (m *model) run(t *rapid.T) {
	r := m.l.Take(rapid.IntRange(1, 100).Draw(t, "limit"))
	m.current = 0
	if r == nil {
		return
	}
	if len(m.inHand) == 0 {
		n := m.q.Counts().Queued - m.q.list.n
		m.inHand, m.waiting = m.waiting[:n:n], m.waiting[n:]
	}
	for range rapid.IntRange(0, 120).Draw(t, "steps") {
		e, ok := r.Next()
		m.current = 0
		if !ok {
			break
		}
		m.take(t, e)
	}
}

// replace gives the queue to another holder; whatever the old one does counts nothing.
func (m *model) replace(*rapid.T) {
	old := m.l
	m.l = m.q.Lease(nil)
	old.Done()
	old.Fail()
	old.Take(5)
	m.current = 0
}

func (m *model) check(t *rapid.T) {
	c := m.q.Counts()
	if !c.Balanced() {
		t.Fatalf("%+v", c)
	}
	want := len(m.waiting) + len(m.inHand)
	if m.current != 0 {
		want++
	}
	if c.Queued != want || c.HighWater > m.capacity {
		t.Fatalf("%d queued, want %d; high water %d of %d", c.Queued, want, c.HighWater, m.capacity)
	}
}
