// Package seam passes topics from a connection to its successor without losing a message,
// giving one twice only where nobody could tell.
//
// In a roll-over two connections deliver the same topics for a while, and messages carry no
// identity. The old one goes on owning every topic: what it brings is delivered at once, and
// remembered by a hash. What the new one brings is held. Then the old one unsubscribes and is
// read to its end, which, unlike an UNSUBACK, is a barrier: behind it nothing of the old
// stream can come. There the topics pass over, each at a seam of its own: the stretch at the
// end of the old stream that begins the new one is counted superseded, and the rest of what
// was held is delivered, then what follows.
//
// Which stretch that is follows from the payloads, and from a bound: what the new connection
// had brought before the old one was told to unsubscribe was published to both. Where equal
// payloads leave several stretches possible, the shortest is taken: a message may be
// delivered twice then, counted undecided, but none is lost.
//
// A Seam is the tree's, not an actor's. The session opens and freezes it, the decoder asks it
// about each message while there is one. What is held is bounded; the oldest go first, which
// is harmless before the freeze (the old connection brings them) and counted dropped after it.
package seam

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// The bounds of what is held for a roll-over, as large as the raw queue's defaults.
const (
	MaxHeld  = 100_000
	MaxBytes = 64 << 20
	// maxPast is how much of the old stream is remembered for each topic.
	maxPast = 1 << 16
	// maxTail is how long copies of the old stream are expected on the new connection behind
	// the seam. No link lags that far behind another to the same broker.
	maxTail = 10 * time.Second
)

// Verdict says what becomes of a message.
type Verdict uint8

// The verdicts. What is Held or Superseded has been counted.
const (
	Deliver Verdict = iota
	Held
	Superseded
)

// Seam is one roll-over.
type Seam struct {
	all       *Seams
	old, next *raw.Generation
	seed      maphash.Seed

	mu      sync.Mutex
	topics  map[string]*pass
	held    []raw.Message // of next, as they came; held[:from] are gone
	from    int
	bytes   int
	frozen  int64 // clock.Mono, 0 while the old connection is subscribed
	passing bool  // the topics have passed; what is held is being delivered
	passed  int64 // clock.Mono of that
	tails   int   // topics with copies still to come
	ended   bool
	hand    *raw.Message // held, being worked on
	lost    Lost
}

// Lost is what a seam had to drop, for an Overflowed notice; times are wall-clock ns.
type Lost struct {
	Count    uint64
	From, To int64
}

// pass is one topic on its way over.
type pass struct {
	past   []uint64 // hashes of what the old connection delivered since the roll-over began
	last   int64    // clock.Mono of the last of them
	held   []uint64 // and of what is held, with the stamps of their reads
	stamps []int64
	skip   []uint64 // after the seam: what the new connection will bring that was delivered
}

// Next is the generation that takes over.
func (c *Seam) Next() *raw.Generation { return c.next }

// Judge says what becomes of a message, and takes it in if it is held.
func (c *Seam) Judge(m *raw.Message) Verdict {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A seam may end while the decoder is about to ask it; what it then says must hold as well.
	abandoned := c.ended && !c.passing
	switch {
	case m.Gen == c.old && abandoned:
		return Deliver
	case m.Gen == c.next && abandoned:
		c.all.Feed.Superseded.Inc()
		return Superseded
	case m.Gen == c.old && !c.passing:
		p := c.pass(m.Topic)
		if len(p.past) == maxPast {
			p.past = append(p.past[:0], p.past[maxPast/2:]...)
		}
		p.past, p.last = append(p.past, c.hash(m)), m.Mono
		return Deliver
	case m.Gen == c.old:
		c.all.Feed.Superseded.Inc() // behind its barrier: it was cut off in the middle of its end
		return Superseded
	case m.Gen != c.next:
		return Deliver
	case c.ended:
		return Deliver
	case c.passing && c.waiting() == 0:
		defer c.finish(m.Mono)
		return c.tail(m)
	}
	c.hold(m)
	return Held
}

func (c *Seam) pass(topic []byte) *pass {
	p := c.topics[string(topic)]
	if p == nil {
		p = &pass{}
		c.topics[string(topic)] = p
	}
	return p
}

func (c *Seam) hash(m *raw.Message) uint64 { return maphash.Bytes(c.seed, m.Payload) }

func (c *Seam) hold(m *raw.Message) {
	c.held = append(c.held, *m)
	c.bytes += m.Size()
	p := c.pass(m.Topic)
	p.held, p.stamps = append(p.held, c.hash(m)), append(p.stamps, m.Mono)
	for c.waiting() > MaxHeld || (c.bytes > MaxBytes && c.waiting() > 1) {
		c.evict()
	}
}

// evict drops the oldest held message: a copy of what the old connection brings, or one that
// came too late for that.
func (c *Seam) evict() {
	m := c.pop()
	p := c.pass(m.Topic)
	p.held, p.stamps = p.held[1:], p.stamps[1:]
	if c.frozen == 0 || m.Mono <= c.frozen {
		c.all.Feed.Superseded.Inc()
		return
	}
	c.all.Dropped.Inc()
	if c.lost.Count++; c.lost.From == 0 {
		c.lost.From = m.Wall
	}
	c.lost.To = m.Wall
}

func (c *Seam) pop() raw.Message {
	m := c.held[c.from]
	c.held[c.from] = raw.Message{}
	c.bytes -= m.Size()
	if c.from++; 2*c.from > len(c.held) { // the room of what is gone is used again
		n := copy(c.held, c.held[c.from:])
		clear(c.held[n:])
		c.held, c.from = c.held[:n], 0
	}
	return m
}

func (c *Seam) waiting() int { return len(c.held) - c.from }

// Lag counts the topics that the old connection has delivered on since an instant, a
// clock.Mono, and the new one has not yet.
func (c *Seam) Lag(since int64) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.topics {
		if p.last > since && len(p.held) == 0 {
			n++
		}
	}
	return n
}

// Freeze notes, as clock.Mono, that the old connection is about to be unsubscribed: all that
// the new one brought before was published to both.
func (c *Seam) Freeze(now int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frozen = now
}

// Abandon ends a roll-over whose new connection is gone: the old one goes on as if nothing
// had been, and what was held are copies of what it brings.
func (c *Seam) Abandon() { c.close(&c.all.Feed.Superseded) }

func (c *Seam) close(as *ledger.Counter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	as.Add(uint64(c.waiting()))
	c.held, c.from = nil, 0
	c.end()
}

func (c *Seam) end() {
	c.ended = true
	c.topics = nil
	c.all.current.CompareAndSwap(c, nil)
}

// Pass lets every topic pass to the new connection; the decoder calls it where the barrier
// stands in its stream, at now, a clock.Mono. cut says that the old stream broke off, so that nothing bounds how
// much of the new one it had brought. What was lost for want of room is returned once.
func (c *Seam) Pass(now int64, cut bool) Lost {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.passing || c.ended {
		return Lost{}
	}
	c.passing, c.passed = true, now
	for _, p := range c.topics {
		least := 0
		for least < len(p.stamps) && p.stamps[least] <= c.frozen {
			least++
		}
		if cut {
			least = 1
		}
		n, undecided := overlap(p.past, p.held, least)
		if n == 0 && least > 1 {
			// The old stream ended short of what was published to it, or lost some on its way here:
			// the bound says nothing then, and what agrees is taken for what it looks like.
			n, undecided = overlap(p.past, p.held, 1)
		}
		c.all.Undecided.Add(uint64(undecided))
		if p.skip = p.past[len(p.past)-n:]; n > 0 {
			c.tails++
		}
		p.past, p.held, p.stamps = nil, nil, nil
	}
	return c.lost
}

// Deliverable gives the next held message that is to be delivered, nil when there is none
// left. What it passes over is counted superseded. The message before it is done with.
func (c *Seam) Deliverable() *raw.Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hand = nil
	for c.passing && c.waiting() > 0 {
		m := c.pop()
		if c.tail(&m) == Deliver {
			c.hand = &m
			return &m
		}
	}
	c.finish(c.passed)
	return nil
}

// Failed takes the message in hand when its decoding failed the decoder.
func (c *Seam) Failed() (m raw.Message, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hand == nil {
		return m, false
	}
	m, c.hand = *c.hand, nil
	return m, true
}

// tail judges a message of the new connection behind its topic's seam.
func (c *Seam) tail(m *raw.Message) Verdict {
	p := c.topics[string(m.Topic)]
	if p == nil || len(p.skip) == 0 {
		return Deliver
	}
	verdict := Superseded
	if c.hash(m) == p.skip[0] {
		p.skip = p.skip[1:]
		c.all.Feed.Superseded.Inc()
	} else {
		p.skip, verdict = nil, Deliver // the streams differ: whatever follows is news
	}
	if len(p.skip) == 0 {
		c.tails--
	}
	return verdict
}

// finish ends the seam when no copy of the old stream is expected any more.
func (c *Seam) finish(now int64) {
	if c.passing && !c.ended && (c.tails == 0 || clock.Since(now, c.passed) > maxTail) {
		c.end()
	}
}
