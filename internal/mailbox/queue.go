// Package mailbox is the feed's one queue and the actor mailbox that reads it.
//
// A Queue belongs to the tree and outlives actors. It is bounded by elements and,
// optionally, bytes; when full it drops its oldest elements, exactly as many as must go,
// and never blocks or spins a producer. Notices keep their place between the elements, are
// never dropped, count against no limit, merge with their like where they come to stand
// side by side, and bar conflation. Its counters balance after every operation:
//
//	pushed = delivered + failed + dropped + conflated + expired + queued + discarded
//
// Reading is by lease. A new lease revokes the one before: the holder of a revoked lease
// pops nothing and counts nothing, so an actor that was given up on and wakes up later
// consumes nothing. What an actor has in hand is kept by the queue, not by the actor: a
// panic costs the element in hand and no other.
//
// One mutex guards a queue. It is taken once for a run by producers and by readers of runs,
// and once for an element by a strategy, where it costs about a fifth of the delivery; in
// exchange the newest-N property and every count are exact at any moment.
package mailbox

import (
	"sync"

	"github.com/feedtree/feedtree/internal/clock"
)

// Queue is described in the package comment. All methods are safe for concurrent use.
type Queue[T any] struct {
	cfg Config[T]

	mu     sync.Mutex
	list   deque[T]
	keys   map[uint64]*slot[T] // for Conflate: elements since the last notice
	counts Counts
	closed bool
	lease  *Lease[T]
	hand   hand[T]
}

// hand is what was popped and not settled yet: one element, or the rest of a run.
type hand[T any] struct {
	run     []T  // elements and notices
	next    int  // the first of run that was not given out
	waiting int  // elements in run[next:]
	current bool // an element was given out and is not settled yet
	taken   bool // a run was given out, and neither its holder nor a successor has come back for more
}

func (h *hand[T]) elements() int {
	if h.current {
		return h.waiting + 1
	}
	return h.waiting
}

// New makes an empty queue, or says what is wrong with its configuration.
func New[T any](cfg Config[T]) (*Queue[T], error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	q := &Queue[T]{cfg: cfg}
	q.counts.Capacity = cfg.Capacity
	if cfg.Overflow == Conflate {
		q.keys = map[uint64]*slot[T]{}
	}
	return q, nil
}

// Push appends a run of elements and notices, in order. It copies them, drops what there is
// no room for, and wakes the reader. It never blocks.
func (q *Queue[T]) Push(run []T) {
	if len(run) == 0 {
		return
	}
	q.mu.Lock()
	for i := range run {
		q.push(&run[i])
	}
	if q.list.n > q.counts.HighWater {
		q.counts.HighWater = q.list.n
	}
	l := q.lease
	q.mu.Unlock()
	if l != nil && l.wake != nil {
		l.wake()
	}
}

func (q *Queue[T]) push(e *T) {
	if q.cfg.IsNotice != nil && q.cfg.IsNotice(e) {
		if !q.closed {
			clear(q.keys)
			q.list.notice(*e, q.cfg.Merge)
		}
		return
	}
	q.counts.Pushed++
	if q.closed {
		q.counts.Discarded++
		q.gone(e, Discarded)
		return
	}
	size := q.size(e)
	var key uint64
	var keyed bool
	if q.keys != nil {
		if key, keyed = q.cfg.Key(e); keyed && q.keys[key] != nil {
			s := q.keys[key]
			q.counts.Bytes += size - q.size(&s.elem)
			q.gone(&s.elem, Conflated)
			s.elem = *e
			q.counts.Conflated++
			return
		}
	}
	q.list.push(*e)
	if keyed {
		q.keys[key] = q.list.last()
	}
	q.counts.Bytes += size
	q.shrink()
}

func (q *Queue[T]) gone(e *T, f Fate) {
	if q.cfg.Gone != nil {
		q.cfg.Gone(e, f)
	}
}

func (q *Queue[T]) size(e *T) int64 {
	if q.cfg.Size == nil {
		return 0
	}
	return int64(q.cfg.Size(e))
}

// shrink drops the oldest elements until the limits hold. The newest stays, however large.
func (q *Queue[T]) shrink() {
	for q.list.n > q.cfg.Capacity || (q.cfg.MaxBytes > 0 && q.counts.Bytes > q.cfg.MaxBytes && q.list.n > 1) {
		var notice T
		var told bool
		e := q.list.head()
		q.forget(e)
		if q.cfg.Overflowed != nil {
			var wall int64
			if q.cfg.Wall != nil {
				wall = q.cfg.Wall(&e.elem)
			}
			notice, told = q.cfg.Overflowed(1, wall, wall)
		}
		q.counts.Bytes -= q.size(&e.elem)
		q.counts.Dropped++
		q.gone(&e.elem, Dropped)
		q.list.dropHead(notice, told, q.cfg.Merge)
	}
}

// forget takes an element that leaves the list out of the conflation index.
func (q *Queue[T]) forget(s *slot[T]) {
	if q.keys == nil {
		return
	}
	if k, ok := q.cfg.Key(&s.elem); ok && q.keys[k] == s {
		delete(q.keys, k)
	}
}

// Discard throws the waiting elements away, counted; notices stay, and so does what a
// reader has in hand. It returns how many went.
func (q *Queue[T]) Discard() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.discard()
}

func (q *Queue[T]) discard() int {
	n := q.list.n
	for q.list.n > 0 {
		e := &q.list.head().elem
		q.counts.Bytes -= q.size(e)
		q.gone(e, Discarded)
		var none T
		q.list.dropHead(none, false, q.cfg.Merge)
	}
	q.counts.Discarded += uint64(n)
	clear(q.keys)
	return n
}

// Close makes the queue take nothing more: what is pushed from now on is counted pushed
// and discarded. What waits can still be read. Closing twice is harmless.
func (q *Queue[T]) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}

// Reopen undoes Close. Notices that still wait behind the last element go: between them and
// what comes now others were pushed and lost, so that what they say holds no more. A loss
// whose repair was never told would leave a reader blind for ever.
func (q *Queue[T]) Reopen() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		q.list.clearNotices()
	}
	q.closed = false
}

// End closes the queue, revokes its lease and discards all that is left, in hand or
// waiting. Afterwards nothing is queued.
func (q *Queue[T]) End() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.revoke()
	q.counts.Discarded += uint64(q.hand.elements())
	q.handGone()
	q.hand = hand[T]{}
	q.discard()
	q.list.clearNotices()
}

// handGone tells of the elements in hand that an end discards.
func (q *Queue[T]) handGone() {
	h := &q.hand
	from := h.next
	if h.current {
		from--
	}
	for i := from; i < len(h.run); i++ {
		if q.cfg.IsNotice == nil || !q.cfg.IsNotice(&h.run[i]) {
			q.gone(&h.run[i], Discarded)
		}
	}
}

// Counts reads all counters in one step.
func (q *Queue[T]) Counts() Counts {
	q.mu.Lock()
	defer q.mu.Unlock()
	c := q.counts
	c.Queued = q.list.n + q.hand.elements()
	c.Current = q.hand.elements() - q.hand.waiting
	if q.list.n > 0 && q.cfg.Stamp != nil {
		c.Oldest = q.cfg.Stamp(&q.list.head().elem)
	}
	return c
}

// Empty reports whether nothing is waiting or in hand: no element, no notice, and no run whose
// reader has yet to pass on what it made of it.
func (q *Queue[T]) Empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	h := &q.hand
	return q.list.n == 0 && !q.list.hasNotice() && h.elements() == 0 && h.next >= len(h.run) && !h.taken
}

// expire counts the elements at the head that are too old by now.
func (q *Queue[T]) expire() {
	if q.cfg.MaxAge == 0 {
		return
	}
	oldest := clock.Mono() - q.cfg.MaxAge
	for q.list.n > 0 {
		s := q.list.head()
		if q.cfg.Stamp(&s.elem) >= oldest {
			return
		}
		q.forget(s)
		q.counts.Bytes -= q.size(&s.elem)
		q.counts.Expired++
		q.gone(&s.elem, Expired)
		var none T
		q.list.dropHead(none, false, q.cfg.Merge)
	}
}

// pop takes the next notice or element off the list.
func (q *Queue[T]) pop() (e T, isNotice, ok bool) {
	if n, ok := q.list.popNotice(); ok {
		return n, true, true
	}
	if q.list.n == 0 {
		return e, false, false
	}
	s := q.list.head()
	q.forget(s)
	q.counts.Bytes -= q.size(&s.elem) // in its slot: a pointer to a copy would put the copy on the heap
	e = s.elem
	q.list.pop()
	return e, false, true
}
