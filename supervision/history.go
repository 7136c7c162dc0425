package supervision

import (
	"slices"
	"sync"
)

// historyLimit is how many events a History keeps: a person looks at the last few, and a
// storm must not cost memory.
const historyLimit = 256

// History keeps the last events of any number of strategies, oldest first. Events alike that
// follow one another, of the same child with the same cause, are kept as one. The zero value
// is ready; it is safe for concurrent use.
type History struct {
	mu     sync.Mutex
	events []Event
}

func (h *History) add(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.events); n > 0 {
		if last := &h.events[n-1]; last.alike(&e) {
			e.Count += last.Count
			*last = e
			return
		}
	}
	if len(h.events) == historyLimit {
		h.events = slices.Delete(h.events, 0, 1)
	}
	h.events = append(h.events, e)
}

func (e *Event) alike(o *Event) bool {
	return e.Node == o.Node && e.Child == o.Child && e.Kind == o.Kind && e.Class == o.Class && e.Cause == o.Cause
}

// Events copies what is kept.
func (h *History) Events() []Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.events)
}
