package cast

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/feedtree/feedtree/messages"
)

// Witness watches what one strategy is given, over all its incarnations, and complains of
// what must not be. It keeps no message, so that it may watch for hours.
type Witness struct {
	name      string
	conflates bool // order holds by symbol and kind alone
	lags      bool // several outages may wait in its queue, and then are told as one
	deaf      bool // it is in quarantine at times, and then misses notices

	mu          sync.Mutex
	incarnation int
	down        bool   // between Disconnected and Gap
	reason      string // of the last Disconnected
	epoch       uint64
	seam        bool                // the epoch began with a roll-over
	last        map[string]position // by symbol and kind, "" for all
	stale       []time.Time
	complaints  []string
	n           Counts
}

// Counts are what a strategy was given.
type Counts struct {
	Events, Disconnected, Gaps, Reconnected, RolledOver, Restarted, Overflows uint64

	Dropped uint64 // that its own Overflowed notices told of
}

// overlap is how far apart two connections of a roll-over may have read what they deliver: a
// topic's first messages on the new one wait for the old one's last.
const overlap = time.Second

type position struct {
	seq, epoch uint64
	mono, wall int64
}

func newWitness(name string) *Witness {
	return &Witness{name: name, epoch: 1, last: map[string]position{}}
}

// begin numbers an incarnation.
func (w *Witness) begin() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.incarnation++
	return w.incarnation
}

func (w *Witness) complain(format string, args ...any) {
	if len(w.complaints) < 10 {
		w.complaints = append(w.complaints, w.name+" at "+time.Now().UTC().Format(time.TimeOnly)+": "+fmt.Sprintf(format, args...))
	}
}

// see takes note of a message that an incarnation was given.
func (w *Witness) see(incarnation int, message any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch m := message.(type) {
	case messages.Event:
		w.event(m)
	case messages.Notice:
		w.notice(m)
	default:
		return
	}
	if incarnation != w.incarnation {
		w.complain("incarnation %d was given %T after incarnation %d had begun", incarnation, message, w.incarnation)
	}
}

func (w *Witness) event(e messages.Event) {
	w.n.Events++
	key := ""
	if w.conflates {
		key = e.Kind().String() + " " + e.Symbol()
	}
	now, before := position{e.Seq(), e.Epoch(), e.MonoNanos(), e.WallNanos()}, w.last[key]
	inOrder := now.epoch > before.epoch || now.epoch == before.epoch && now.seq > before.seq
	// Around a roll-over two sockets are read at once, and each stamps what it reads.
	slack := int64(0)
	if w.seam {
		slack = int64(overlap)
	}
	if !inOrder || now.mono+slack < before.mono || now.wall+slack < before.wall || now.mono <= 0 {
		w.complain("%+v follows %+v", now, before)
	}
	if age := time.Since(e.Time()); age < 0 {
		w.complain("an event is %v old", age)
	}
	if w.down && !w.deaf {
		w.complain("an event of epoch %d between Disconnected and Gap", e.Epoch())
	}
	if e.Epoch() != w.epoch && !w.deaf {
		w.complain("an event of epoch %d, and the last that was announced is %d", e.Epoch(), w.epoch)
	}
	w.last[key] = now
}

func (w *Witness) notice(n messages.Notice) {
	switch m := n.(type) {
	case *messages.Disconnected:
		w.n.Disconnected++
		if w.down && !w.deaf && !w.lags {
			w.complain("Disconnected (%s) again without a Gap since the last (%s)", m.Reason, w.reason)
		}
		w.down, w.reason = true, m.Reason
	case *messages.Gap:
		w.n.Gaps++
		if !w.deaf && !w.lags && (!w.down || m.Reason != w.reason) {
			w.complain("Gap (%s) does not answer Disconnected (%s)", m.Reason, w.reason)
		}
		if m.Epoch <= w.epoch || m.From.After(m.To) || m.To.After(time.Now()) {
			w.complain("%+v after epoch %d", *m, w.epoch)
		}
		w.down, w.epoch, w.seam = false, m.Epoch, false
	case *messages.Reconnected:
		w.n.Reconnected++
		if (w.down && !w.deaf && !w.lags) || m.Outage < 0 {
			w.complain("%+v before the Gap", *m)
		}
	case *messages.RolledOver:
		w.n.RolledOver++
		if m.From != w.epoch && !w.deaf && !w.lags {
			w.complain("%+v, and the last that was announced is %d", *m, w.epoch)
		}
		w.epoch, w.seam = m.Epoch, true
	case *messages.SymbolStale:
		w.stale = append(w.stale, time.Now())
	case *messages.Restarted:
		w.n.Restarted++
	case *messages.Overflowed:
		if m.Where == w.name {
			w.n.Overflows++
			w.n.Dropped += m.Count
		}
	}
}

// Counts reads the counts, and whether the last it was told is that the connection ended.
func (w *Witness) Counts() (n Counts, down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.n, w.down
}

// Complaints lists what must not be and was, the first ten.
func (w *Witness) Complaints() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.complaints)
}

// Stale lists when the strategy was told that a symbol is stale.
func (w *Witness) Stale() []time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.stale)
}
