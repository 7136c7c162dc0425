package seam

import (
	"hash/maphash"
	"sync/atomic"

	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// Seams is where the session and the decoder find the seam in progress, nil most of the
// time. All methods are safe for concurrent use.
type Seams struct {
	Feed *ledger.Feed
	// Undecided counts messages that may have been delivered twice, outside the ledgers.
	Undecided ledger.Counter
	Dropped   ledger.Counter // held messages that there was no room for
	Discarded ledger.Counter // held when the tree ended

	current atomic.Pointer[Seam]
}

// Current is the seam in progress, nil if there is none.
func (s *Seams) Current() *Seam { return s.current.Load() }

// Busy reports whether a seam is open whose topics have not passed yet: the next roll-over
// must wait for it.
func (s *Seams) Busy() bool {
	c := s.Current()
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.passing || c.waiting() > 0
}

// Held is how many messages wait for their seam, a term of L1.
func (s *Seams) Held() int {
	if c := s.Current(); c != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.waiting()
	}
	return 0
}

// Open begins a roll-over. From now on what arrives on next is held.
func (s *Seams) Open(old, next *raw.Generation) *Seam {
	c := &Seam{all: s, old: old, next: next, seed: maphash.MakeSeed(), topics: map[string]*pass{}}
	s.current.Store(c)
	return c
}

// End counts what is held as discarded: the tree has ended.
func (s *Seams) End() {
	if c := s.Current(); c != nil {
		c.close(&s.Discarded)
	}
}
