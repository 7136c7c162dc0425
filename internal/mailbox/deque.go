package mailbox

// chunkLen is how many slots are allocated at once: large enough that a steady queue lives
// in two chunks, small enough that a quiet strategy costs a few kilobytes.
const chunkLen = 64

// slot holds an element and the notices that stand before it.
type slot[T any] struct {
	elem   T
	before []T
}

type chunk[T any] struct {
	slots [chunkLen]slot[T]
	next  *chunk[T]
}

// deque is a list of chunks: pointers to slots stay good, memory grows with the backlog
// and goes with it. One spare chunk is kept, so that a steady flow allocates nothing.
type deque[T any] struct {
	n     int // elements
	first *chunk[T]
	back  *chunk[T]
	from  int // head's slot in first
	to    int // one past the tail's slot in back
	spare *chunk[T]
	tail  []T // notices after the last element
}

func (d *deque[T]) push(e T) {
	if d.back == nil || d.to == chunkLen {
		c := d.spare
		if d.spare = nil; c == nil {
			c = &chunk[T]{}
		}
		if d.back == nil {
			d.first, d.from = c, 0
		} else {
			d.back.next = c
		}
		d.back, d.to = c, 0
	}
	s := &d.back.slots[d.to]
	s.elem, s.before, d.tail = e, d.tail, nil
	d.to++
	d.n++
}

func (d *deque[T]) head() *slot[T] { return &d.first.slots[d.from] }
func (d *deque[T]) last() *slot[T] { return &d.back.slots[d.to-1] }

// pop forgets the head, whose notices must have been taken.
func (d *deque[T]) pop() {
	*d.head() = slot[T]{}
	d.n--
	d.from++
	switch {
	case d.n == 0: // start over in the same chunk
		d.from, d.to = 0, 0
	case d.from == chunkLen:
		c := d.first
		d.first, d.from = c.next, 0
		c.next = nil
		d.spare = c
	}
}

// dropHead forgets the head and hands its notices, and one more if told, to whatever
// stands behind it.
func (d *deque[T]) dropHead(more T, told bool, merge func(a, b T) (T, bool)) {
	block := d.head().before
	if told {
		block = join(block, more, merge)
	}
	d.pop()
	if len(block) == 0 {
		return
	}
	behind := &d.tail
	if d.n > 0 {
		behind = &d.head().before
	}
	for _, n := range *behind {
		block = join(block, n, merge)
	}
	*behind = block
}

// notice puts a notice behind the last element.
func (d *deque[T]) notice(n T, merge func(a, b T) (T, bool)) { d.tail = join(d.tail, n, merge) }

// join appends a notice to a block. If one of its like is in the block, the two become
// one, in the newer's place, so that a block never holds two of a kind and subject.
func join[T any](block []T, n T, merge func(a, b T) (T, bool)) []T {
	if merge != nil {
		for i := len(block) - 1; i >= 0; i-- {
			if m, ok := merge(block[i], n); ok {
				copy(block[i:], block[i+1:])
				block[len(block)-1] = m
				return block
			}
		}
	}
	return append(block, n)
}

// popNotice takes the first notice that stands before the head, or before the end.
func (d *deque[T]) popNotice() (n T, ok bool) {
	block := &d.tail
	if d.n > 0 {
		block = &d.head().before
	}
	if len(*block) == 0 {
		return n, false
	}
	n = (*block)[0]
	if *block = (*block)[1:]; len(*block) == 0 {
		*block = nil
	}
	return n, true
}

func (d *deque[T]) hasNotice() bool {
	if d.n > 0 {
		return len(d.head().before) > 0
	}
	return len(d.tail) > 0
}

func (d *deque[T]) clearNotices() { d.tail = nil }
