package session

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/feedtree/feedtree/messages"
)

// Status is what the session shows of itself to people and to /readyz. It belongs to the
// tree. All methods are safe for concurrent use.
type Status struct {
	mu   sync.Mutex
	view View
	done chan struct{}
	once sync.Once
}

// View is a copy of the status at one moment.
type View struct {
	State        State
	Epoch        uint64
	Host         string
	Since        int64 // clock.Mono at which the connection was accepted, 0 without one
	Wanted       int
	Answered     int
	Rejected     map[string]string // by redacted topic, the exchange's reason
	LastError    string            // why the last attempt failed, "" after a success
	RetryAt      time.Time         // when the next attempt begins, while waiting
	TokenExpires time.Time
	TokenRenewAt time.Time      // when its renewal begins
	Mute         []string       // topics that were granted and bring nothing, redacted
	Outages      []messages.Gap // the latest, oldest first
}

// maxOutages is how many outages are remembered for people.
const maxOutages = 20

// outage remembers one.
func (v *View) outage(g messages.Gap) {
	if v.Outages = append(v.Outages, g); len(v.Outages) > maxOutages {
		v.Outages = v.Outages[len(v.Outages)-maxOutages:]
	}
}

// forget takes out what is said of topics that nobody wants any more.
func (v *View) forget(wanted []string) {
	if len(v.Rejected) == 0 && len(v.Mute) == 0 {
		return
	}
	keys := map[string]bool{}
	for _, t := range wanted {
		keys[keyOf(t)] = true
	}
	maps.DeleteFunc(v.Rejected, func(key, _ string) bool { return !keys[key] })
	v.Mute = slices.DeleteFunc(v.Mute, func(key string) bool { return !keys[key] })
}

// NewStatus makes the status of a session that has not begun.
func NewStatus() *Status { return &Status{done: make(chan struct{})} }

// View copies the status.
func (s *Status) View() View {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.view
	v.Rejected = maps.Clone(v.Rejected)
	v.Mute, v.Outages = slices.Clone(v.Mute), slices.Clone(v.Outages)
	return v
}

// Connected tells whether there is a connection, and since when, clock.Mono.
func (s *Status) Connected() (bool, int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.Since != 0, s.view.Since
}

// Done is closed when the session has ended for good.
func (s *Status) Done() <-chan struct{} { return s.done }

func (s *Status) change(f func(v *View)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.view)
}

func (s *Status) end() { s.once.Do(func() { close(s.done) }) }

// Ready reports whether the session is connected and every wanted subscription was
// answered, and if not, why not.
func (v *View) Ready() (bool, string) {
	switch {
	case v.Since == 0 && v.LastError != "":
		return false, fmt.Sprintf("session %s: %s", v.State, v.LastError)
	case v.Since == 0:
		return false, fmt.Sprintf("session %s: not connected yet", v.State)
	case v.Answered < v.Wanted:
		return false, fmt.Sprintf("%d of %d subscriptions answered", v.Answered, v.Wanted)
	}
	return true, ""
}

// Rejections names what the exchange refused, for people.
func (v *View) Rejections() string {
	return strings.Join(slices.Sorted(maps.Keys(v.Rejected)), ", ")
}
