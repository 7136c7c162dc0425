// Package seen is where the decoder leaves word that something arrived, and where health
// looks: an event costs this branch of the tree one store and one load, not a message.
//
// A Symbol has a slot with the instant it was last seen, its state and its market status;
// so has the whole feed, and each market whose exchange info is subscribed. The decoder
// alone makes a slot live or stale, because both are notices that need a place in the
// order of events; health makes it closed, or unknown again. Slots are never taken away,
// only marked as not wanted, so a pointer to one stays good.
package seen

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/feedtree/feedtree/messages"
)

// State says what is known of a symbol's or the feed's life.
type State int32

// The states. Dead is the feed's word for Stale; Rejected is a symbol's alone.
const (
	Unknown State = iota
	Live
	Stale
	Closed
	Rejected
)

var stateNames = [...]string{"unknown", "live", "stale", "closed", "rejected"}

func (s State) String() string { return stateNames[s] }

// Life is a state and the instant of the last event. All methods are safe for concurrent use.
type Life struct {
	last  atomic.Int64
	state atomic.Int32
}

// Touch notes an event received at mono and reports whether it is what made the slot live:
// it does so from Unknown and from Stale. A closed or rejected slot stays what it is.
func (l *Life) Touch(mono int64) (nowLive bool) {
	l.last.Store(mono)
	s := State(l.state.Load())
	if s == Live || s == Closed || s == Rejected {
		return false
	}
	return l.state.CompareAndSwap(int32(s), int32(Live))
}

// Last is the clock.Mono of the last event, 0 for none since the connection began.
func (l *Life) Last() int64 { return l.last.Load() }

// State reads the state.
func (l *Life) State() State { return State(l.state.Load()) }

// Move changes the state from one to another and reports whether it was the one.
func (l *Life) Move(from, to State) bool {
	return l.state.CompareAndSwap(int32(from), int32(to))
}

// Reset forgets all: the connection that told it is gone.
func (l *Life) Reset() {
	l.state.Store(int32(Unknown))
	l.last.Store(0)
}

// Symbol is the slot of one symbol.
type Symbol struct {
	Life
	Name   string
	wanted atomic.Bool
	status atomic.Int32 // messages.MarketStatus of its last price info, 0 for none
}

// Wanted reports whether anyone wants the symbol now.
func (s *Symbol) Wanted() bool { return s.wanted.Load() }

// Status is the market status of the symbol's last price info, 0 for none.
func (s *Symbol) Status() messages.MarketStatus { return messages.MarketStatus(s.status.Load()) }

// SetStatus notes the market status of a price info.
func (s *Symbol) SetStatus(m messages.MarketStatus) {
	if s.status.Load() != int32(m) {
		s.status.Store(int32(m))
	}
}

// Reject marks the symbol as refused by the exchange, until its connection ends or Unreject.
func (s *Symbol) Reject() {
	s.state.Store(int32(Rejected))
}

// Unreject lets it live again with its next event.
func (s *Symbol) Unreject() { s.Move(Rejected, Unknown) }

// Market is the slot of one market's exchange info.
type Market struct {
	Name        string
	Derivatives bool
	status      atomic.Int32
}

// SetStatus notes the status an exchange info carried.
func (m *Market) SetStatus(status int32) {
	if m.status.Load() != status {
		m.status.Store(status)
	}
}

// Open reports whether the market is open, and whether that is known.
func (m *Market) Open() (open, known bool) {
	if m.Derivatives {
		return messages.DerivativesMarketStatus(m.status.Load()).Open()
	}
	return messages.EquityMarketStatus(m.status.Load()).Open()
}

// Status names the market's status as the exchange does.
func (m *Market) Status() string {
	if m.Derivatives {
		return messages.DerivativesMarketStatus(m.status.Load()).String()
	}
	return messages.EquityMarketStatus(m.status.Load()).String()
}

// Entry is what the store knows of a topic: the slot of its symbol, or of its market, or
// neither for orders.
type Entry struct {
	Symbol *Symbol
	Market *Market
}

// Store holds the slots. All methods are safe for concurrent use; At and Feed take no lock.
type Store struct {
	Feed Life
	// Open says that a market is open, as far as health can tell.
	Open atomic.Bool

	mu      sync.Mutex
	entries atomic.Pointer[[]Entry] // by topic index; never written to once published
	symbols map[string]*Symbol
	markets map[string]*Market
}

// New makes an empty store.
func New() *Store {
	s := &Store{symbols: map[string]*Symbol{}, markets: map[string]*Market{}}
	s.entries.Store(&[]Entry{})
	return s
}

// At finds what belongs to a topic by its dense index.
func (s *Store) At(topic int) Entry {
	if e := *s.entries.Load(); topic < len(e) {
		return e[topic]
	}
	return Entry{}
}

// Symbol gives the slot of a symbol, a new one if need be, and ties the topics to it.
func (s *Store) Symbol(name string, topics ...int) *Symbol {
	s.mu.Lock()
	defer s.mu.Unlock()
	slot := s.symbols[name]
	if slot == nil {
		slot = &Symbol{Name: name}
		s.symbols[name] = slot
	}
	s.tie(Entry{Symbol: slot}, topics)
	return slot
}

// Market gives the slot of a market, a new one if need be, and ties its topic to it.
func (s *Store) Market(name string, derivatives bool, topic int) *Market {
	s.mu.Lock()
	defer s.mu.Unlock()
	slot := s.markets[name]
	if slot == nil {
		slot = &Market{Name: name, Derivatives: derivatives}
		s.markets[name] = slot
	}
	s.tie(Entry{Market: slot}, []int{topic})
	return slot
}

func (s *Store) tie(e Entry, topics []int) {
	next := slices.Clone(*s.entries.Load())
	for _, t := range topics {
		if t >= len(next) {
			next = append(next, make([]Entry, t+1-len(next))...)
		}
		next[t] = e
	}
	s.entries.Store(&next)
}

// Want marks a symbol as wanted or not. One that is no longer wanted is forgotten but for
// its slot, so that it begins anew when it is wanted again.
func (s *Store) Want(slot *Symbol, wanted bool) {
	if slot.wanted.Swap(wanted) && !wanted {
		slot.Reset()
		slot.status.Store(0)
	}
}

// Symbols lists the wanted symbols by name.
func (s *Store) Symbols() []*Symbol {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*Symbol
	for _, name := range slices.Sorted(maps.Keys(s.symbols)) {
		if slot := s.symbols[name]; slot.Wanted() {
			out = append(out, slot)
		}
	}
	return out
}

// Find gives a symbol's slot if it is wanted, else nil.
func (s *Store) Find(name string) *Symbol {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slot := s.symbols[name]; slot != nil && slot.Wanted() {
		return slot
	}
	return nil
}

// Markets lists the markets by name.
func (s *Store) Markets() []*Market {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*Market
	for _, name := range slices.Sorted(maps.Keys(s.markets)) {
		out = append(out, s.markets[name])
	}
	return out
}

// Reset makes everything unknown: the connection was lost.
func (s *Store) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Feed.Reset()
	for _, slot := range s.symbols {
		slot.Reset()
		slot.status.Store(0)
	}
	for _, m := range s.markets {
		m.status.Store(0)
	}
}
