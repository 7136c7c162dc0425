package dispatcher

import (
	"sync"

	"github.com/feedtree/feedtree/messages"
)

// Latest keeps the newest event of each topic, for snapshots to starting strategies and
// for people. The dispatcher holds its lock for a run at a time, so an event costs two
// stores; a reader waits for one run at most.
type Latest struct {
	mu     sync.RWMutex
	events []messages.Event // by topic index
	counts []uint64
}

// NewLatest makes an empty store.
func NewLatest() *Latest { return &Latest{} }

func (l *Latest) begin() { l.mu.Lock() }
func (l *Latest) end()   { l.mu.Unlock() }

func (l *Latest) put(topic int32, e messages.Event) {
	if n := int(topic) + 1 - len(l.events); n > 0 {
		l.events = append(l.events, make([]messages.Event, n)...)
		l.counts = append(l.counts, make([]uint64, n)...)
	}
	l.events[topic] = e
	l.counts[topic]++
}

// Get returns the newest event of a topic and how many there were; nil and 0 for none.
func (l *Latest) Get(topic int) (messages.Event, uint64) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if topic < 0 || topic >= len(l.events) {
		return nil, 0
	}
	return l.events[topic], l.counts[topic]
}
