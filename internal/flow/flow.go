// Package flow holds what travels behind the decoder: events and notices in order, with
// the stamps of their way, and the outbox in which an actor gathers them into runs.
package flow

import (
	"math"

	"github.com/feedtree/feedtree/messages"
)

// NoTopic is the topic of a notice.
const NoTopic = -1

// Item is one element of the dispatcher's queue or of a strategy's: an event, or a notice
// that keeps its place between events. The stamps belong to the slot, never to the event,
// which every strategy shares.
type Item struct {
	Msg   any   // messages.Event, or messages.Notice when Topic is NoTopic
	Topic int32 // dense index of the event's topic
	size  uint16
	// Traced says that the event's path is one of those that get a trace whatever happens; the
	// decoder chooses, so that everyone behind it agrees.
	Traced bool

	// The moments of its way, clock.Mono, one reading of the clock for a run: where one stage
	// ends the next begins.
	Received    int64 // the socket read returned
	Decoding    int64 // the decoder began the run that held it
	Decoded     int64 // the decoder pushed that run on
	Dispatching int64 // the dispatcher began the run that held it
	Dispatched  int64 // the dispatcher pushed it to the strategy
}

// SetSize notes how many bytes the event's payload had, 1 to 65,536: what the lane lets
// through and holds a symbol. Kept less one, it leaves the item within a cache line.
func (it *Item) SetSize(n int) { it.size = uint16(min(max(n-1, 0), math.MaxUint16)) }

// Size gives that number back.
func (it *Item) Size() int { return int(it.size) + 1 }

// IsNotice tells notices from events without looking at the message.
func IsNotice(it *Item) bool { return it.Topic == NoTopic }

// Notice wraps a notice; at is the clock.Mono of its making.
func Notice(n messages.Notice, at int64) Item {
	return Item{Msg: n, Topic: NoTopic, Received: at, Decoding: at, Decoded: at, Dispatching: at, Dispatched: at}
}

// Merge joins two notices that stand side by side, if they are alike.
func Merge(older, newer Item) (Item, bool) {
	a, aok := older.Msg.(messages.Notice)
	b, bok := newer.Msg.(messages.Notice)
	if !aok || !bok {
		return Item{}, false
	}
	m, ok := messages.MergeNotices(a, b)
	if !ok {
		return Item{}, false
	}
	newer.Msg = m
	return newer, true
}

// ConflateKey gives events of one topic the same key; notices have none.
func ConflateKey(it *Item) (uint64, bool) {
	return uint64(it.Topic), it.Topic != NoTopic
}

// Received gives the stamp that max_age is measured from.
func Received(it *Item) int64 { return it.Received }

// Wall gives the wall-clock nanoseconds at which the item was received.
func Wall(it *Item) int64 {
	if e, ok := it.Msg.(messages.Event); ok {
		return e.WallNanos()
	}
	return 0
}

// Outbox gathers items into runs for one queue. It lives outside the actor that fills it:
// what an actor gathered before it failed is flushed by its successor, not lost. Only one
// actor at a time may use it.
type Outbox struct {
	push  func([]Item)
	by    Stage
	times *Times
	buf   []Item
}

// Stage says whose outbox it is, and so which stamp its items are given when they go on.
type Stage uint8

// The stages that push runs on.
const (
	Decode Stage = iota
	Dispatch
)

// NewOutbox makes a stage's outbox in front of push, which must copy what it is given. What
// the stage took is recorded in times, unless that is nil.
func NewOutbox(by Stage, times *Times, push func([]Item)) *Outbox {
	return &Outbox{push: push, by: by, times: times}
}

// Add appends an item to the run.
func (o *Outbox) Add(it Item) { o.buf = append(o.buf, it) }

// Flush stamps the run with the clock.Mono at which it goes on, pushes it and forgets it.
func (o *Outbox) Flush(at int64) {
	if len(o.buf) == 0 {
		return
	}
	for i := range o.buf {
		if o.by == Decode {
			o.buf[i].Decoded = at
		} else {
			o.buf[i].Dispatched = at
		}
	}
	if o.times != nil {
		o.times.record(o.by, o.buf)
	}
	o.push(o.buf)
	clear(o.buf) // the events' lifetime is their queue's business, not the outbox's
	o.buf = o.buf[:0]
}
