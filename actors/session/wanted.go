package session

import (
	"maps"
	"slices"
	"sync"
)

// Wanted is the set of topics that somebody wants, by who wants them. It belongs to the
// tree, survives the session and may be changed in any state of the connection: the session
// brings the broker's subscriptions in line with it. All methods are safe for concurrent use.
type Wanted struct {
	mu     sync.Mutex
	topics map[string]map[string]bool // topic → owners
}

// NewWanted makes an empty set.
func NewWanted() *Wanted { return &Wanted{topics: map[string]map[string]bool{}} }

// Add notes that the owner wants the topics, and returns those that nobody wanted before.
// Adding twice is harmless.
func (w *Wanted) Add(owner string, topics ...string) (first []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range topics {
		owners := w.topics[t]
		if owners == nil {
			owners = map[string]bool{}
			w.topics[t] = owners
			first = append(first, t)
		}
		owners[owner] = true
	}
	return first
}

// Remove notes that the owner does not want the topics any more, and returns those that now
// nobody wants.
func (w *Wanted) Remove(owner string, topics ...string) (last []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range topics {
		owners := w.topics[t]
		if !owners[owner] {
			continue
		}
		if delete(owners, owner); len(owners) == 0 {
			delete(w.topics, t)
			last = append(last, t)
		}
	}
	return last
}

// List gives the wanted topics in order.
func (w *Wanted) List() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.topics))
}

// Len is how many topics are wanted.
func (w *Wanted) Len() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.topics)
}

// Has reports whether anyone wants the topic.
func (w *Wanted) Has(topic string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.topics[topic] != nil
}
