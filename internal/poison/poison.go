// Package poison keeps what could not be worked on, for a person to look at: payloads that
// failed to decode with their exact bytes, events a strategy panicked on with the stack.
// The store is bounded in number and in bytes; the oldest entries make room.
package poison

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/feedtree/feedtree/internal/topic"
)

// Entry is one kept message. Topic is safe to show: an order topic's account is redacted. What
// has no JSON is for working on the message once more.
type Entry struct {
	ID      uint64    `json:"id"`
	At      time.Time `json:"at"`
	Node    string    `json:"node"`  // who failed: "decoder", or a strategy's name
	Class   string    `json:"class"` // a decode error's class, or "panic", "stuck"
	Reason  string    `json:"reason"`
	Topic   string    `json:"topic"`
	Epoch   uint64    `json:"epoch"`
	Seq     uint64    `json:"seq,omitempty"` // of an event; what failed to decode has none
	Payload []byte    `json:"payload"`       // the exact bytes, or a canonical re-encoding of an event
	Stack   string    `json:"stack,omitempty"`

	Mono int64        `json:"-"`
	Of   *topic.Topic `json:"-"` // exact: it may hold an account number
}

// nodePrefix is what the node of a strategy's entries begins with.
const nodePrefix = "strategies/"

// OfStrategy is the node of what a strategy failed on.
func OfStrategy(name string) string { return nodePrefix + name }

// Strategy is the name of the strategy that failed on it; false for what failed to decode.
func (e *Entry) Strategy() (name string, ok bool) { return strings.CutPrefix(e.Node, nodePrefix) }

func (e *Entry) size() int64 { return int64(len(e.Payload) + len(e.Stack) + len(e.Reason)) }

// Limits bound a store: at most Entries entries and Bytes bytes of payloads, stacks and reasons.
type Limits struct {
	Entries int
	Bytes   int64
}

// Store is a bounded collection of entries. All methods are safe for concurrent use.
type Store struct {
	limits Limits

	mu      sync.Mutex
	entries []Entry // oldest first
	bytes   int64
	next    uint64
	evicted uint64
}

// New makes an empty store, or says which limit is impossible.
func New(l Limits) (*Store, error) {
	if l.Entries < 1 || l.Bytes < 1 {
		return nil, fmt.Errorf("poison: limits of %d entries and %d bytes: both must be at least 1", l.Entries, l.Bytes)
	}
	return &Store{limits: l, next: 1}, nil
}

// Keep copies the entry's payload into the store and evicts the oldest entries until the
// limits hold. An entry larger than the whole store is kept without its stack and with its
// payload cut to the limit. It returns the entry's number.
func (s *Store) Keep(e Entry) (id uint64) {
	if e.size() > s.limits.Bytes {
		e.Stack, e.Reason = "", "" // the class remains
		e.Payload = e.Payload[:min(int64(len(e.Payload)), s.limits.Bytes)]
	}
	e.Payload = append([]byte(nil), e.Payload...)
	s.mu.Lock()
	defer s.mu.Unlock()
	e.ID = s.next
	s.next++
	s.entries = append(s.entries, e)
	s.bytes += e.size()
	for len(s.entries) > s.limits.Entries || s.bytes > s.limits.Bytes {
		s.bytes -= s.entries[0].size()
		s.entries[0] = Entry{}
		s.entries = s.entries[1:]
		s.evicted++
	}
	return e.ID
}

// Remove takes an entry out that is dealt with; false says that it is not there any more.
func (s *Store) Remove(id uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.entries, func(e Entry) bool { return e.ID == id })
	if i < 0 {
		return false
	}
	s.bytes -= s.entries[i].size()
	s.entries = slices.Delete(s.entries, i, i+1)
	return true
}

// List copies what is kept, oldest first. The payloads are shared and must not be written to.
func (s *Store) List() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Entry(nil), s.entries...)
}

// Get finds an entry by its ID.
func (s *Store) Get(id uint64) (Entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		if e.ID == id {
			return e, true
		}
	}
	return Entry{}, false
}

// Stats tells how many entries and bytes are kept, and how many entries made room.
func (s *Store) Stats() (entries int, bytes int64, evicted uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.entries), s.bytes, s.evicted
}
