package mailbox

import "fmt"

// Overflow says what a queue does to make room.
type Overflow uint8

// DropOldest drops the oldest element. Conflate keeps one element a key, the newest, in the
// place of the first; when even that is too many it drops the oldest.
const (
	DropOldest Overflow = iota
	Conflate
)

// Config describes a queue. The functions must be pure; they run under the queue's lock.
type Config[T any] struct {
	Name     string
	Capacity int   // elements, at least 1
	MaxBytes int64 // 0 for no limit; needs Size
	Overflow Overflow
	MaxAge   int64 // ns; elements older than that when their turn comes are expired; 0 for none; needs Stamp

	Size       func(*T) int                                     // bytes an element counts for
	Key        func(*T) (uint64, bool)                          // for Conflate; false for an element that is never conflated
	Stamp      func(*T) int64                                   // clock.Mono at which an element was received
	Wall       func(*T) int64                                   // its wall clock, ns, for Overflowed
	IsNotice   func(*T) bool                                    // nil if there are none
	Merge      func(older, newer T) (T, bool)                   // joins two notices; neither is written to
	Overflowed func(n uint64, fromWall, toWall int64) (T, bool) // makes the notice that stands before the first survivor
	// Gone is told of every element that leaves unread, when it is counted; nil if nobody
	// asks. An overflow calls it at line rate, under the lock.
	Gone func(*T, Fate)
}

// Fate is what became of an element that nobody was given.
type Fate string

// The fates, by the counters they are counted in.
const (
	Dropped   Fate = "dropped"
	Conflated Fate = "conflated"
	Expired   Fate = "expired"
	Discarded Fate = "discarded"
)

func (c *Config[T]) validate() error {
	switch {
	case c.Capacity < 1:
		return fmt.Errorf("mailbox %s: capacity %d: expected at least 1", c.Name, c.Capacity)
	case c.MaxBytes < 0 || (c.MaxBytes > 0 && c.Size == nil):
		return fmt.Errorf("mailbox %s: max bytes %d: expected a positive number and a Size function", c.Name, c.MaxBytes)
	case c.MaxAge < 0 || (c.MaxAge > 0 && c.Stamp == nil):
		return fmt.Errorf("mailbox %s: max age %d ns: expected a positive time and a Stamp function", c.Name, c.MaxAge)
	case c.Overflow == Conflate && c.Key == nil:
		return fmt.Errorf("mailbox %s: conflate needs a Key function", c.Name)
	case c.Overflow > Conflate:
		return fmt.Errorf("mailbox %s: overflow %d is none of drop_oldest and conflate", c.Name, c.Overflow)
	}
	return nil
}

// Counts are a queue's counters at one moment.
type Counts struct {
	Pushed, Delivered, Failed, Dropped, Conflated, Expired, Discarded uint64

	Queued    int // waiting and in hand
	Current   int // of these, the one being worked on, 0 or 1
	Bytes     int64
	Notices   uint64 // delivered, outside the equation
	HighWater int
	Capacity  int
	Oldest    int64 // Stamp of the oldest waiting element, 0 for none
}

// Balanced reports whether the equation of the package comment holds.
func (c *Counts) Balanced() bool {
	return c.Pushed == c.Delivered+c.Failed+c.Dropped+c.Conflated+c.Expired+c.Discarded+uint64(c.Queued)
}
