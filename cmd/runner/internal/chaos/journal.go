package chaos

import (
	"fmt"
	"sync"

	"github.com/feedtree/feedtree/messages"
)

// journal holds what one instance saw to what the feed promises of order. It outlives the
// instance's actors; its methods are safe for concurrent use, since an actor that was given
// up may wake while its successor works.
type journal struct {
	conflating bool // only the order of each topic is promised

	mu       sync.Mutex
	events   uint64
	wrong    []string // promises that were broken, the first few
	topics   map[string]place
	latest   place             // of the newest event of all
	seqs     map[uint64]uint64 // by epoch, the last event's
	volumes  map[string]int64  // by symbol, the day's volume, which only grows
	down     uint64            // the epoch that was lost and has no Gap yet, 0 for none
	gap      uint64            // the epoch that the last Gap began
	outages  uint64            // Disconnected notices
	gaps     uint64
	returned bool // a Reconnected came since the last Disconnected
}

// place is where an event stood: in which epoch, and the how manieth there.
type place struct{ epoch, seq uint64 }

func (a place) before(b place) bool {
	return a.epoch < b.epoch || (a.epoch == b.epoch && a.seq < b.seq)
}

func newJournal(conflating bool) *journal {
	return &journal{conflating: conflating, topics: map[string]place{}, seqs: map[uint64]uint64{}, volumes: map[string]int64{}, returned: true}
}

func (j *journal) fail(format string, args ...any) {
	if len(j.wrong) < 5 {
		j.wrong = append(j.wrong, fmt.Sprintf(format, args...))
	}
}

// event notes an event and judges its place.
func (j *journal) event(e messages.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events++
	at := place{e.Epoch(), e.Seq()}
	topic := e.Kind().String() + " " + e.Symbol()
	if last := j.topics[topic]; !last.before(at) {
		j.fail("%s: event %d of epoch %d came after %d of %d", topic, at.seq, at.epoch, last.seq, last.epoch)
	}
	j.topics[topic] = at
	if last := j.seqs[at.epoch]; !j.conflating && at.seq <= last {
		j.fail("%s: event %d of epoch %d came after number %d", topic, at.seq, at.epoch, last)
	}
	j.seqs[at.epoch] = max(j.seqs[at.epoch], at.seq)
	if j.latest.before(at) {
		j.latest = at
	}
	switch {
	case at.epoch < j.gap:
		j.fail("%s: an event of epoch %d came after the gap that began epoch %d", topic, at.epoch, j.gap)
	case j.down != 0 && at.epoch > j.down:
		j.fail("%s: an event of epoch %d came after the loss of epoch %d without a gap between", topic, at.epoch, j.down)
	}
	if p, ok := e.(*messages.PriceInfo); ok {
		if v := p.TotalVolume(); v < j.volumes[p.Symbol()] {
			j.fail("%s: the day's volume fell from %d to %d", topic, j.volumes[p.Symbol()], v)
		} else {
			j.volumes[p.Symbol()] = v
		}
	}
}

// notice notes a notice and judges its place.
func (j *journal) notice(n messages.Notice) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch n := n.(type) {
	case *messages.Disconnected:
		if n.Epoch < j.gap || n.Epoch < j.down {
			j.fail("disconnected from epoch %d after the gap that began epoch %d", n.Epoch, j.gap)
		}
		j.down, j.returned = n.Epoch, false
		j.outages++
	case *messages.Gap:
		if n.Epoch <= j.gap || n.Epoch <= j.down {
			j.fail("a gap began epoch %d after epoch %d", n.Epoch, max(j.gap, j.down))
		}
		if n.From.After(n.To) || n.Reason == "" {
			j.fail("a gap from %v to %v for the reason %q", n.From, n.To, n.Reason)
		}
		j.gap, j.down = n.Epoch, 0
		j.gaps++
	case *messages.Reconnected:
		if j.down != 0 {
			j.fail("reconnected in epoch %d without a gap after the loss of epoch %d", n.Epoch, j.down)
		}
		j.returned = true
	case *messages.RolledOver:
		if n.Epoch <= n.From {
			j.fail("rolled over from epoch %d to %d", n.From, n.Epoch)
		}
	}
}

// anew forgets an outage that the instance was not there for, or not to the end: what was
// told to a strategy in quarantine was told to nobody.
func (j *journal) anew() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.down, j.returned, j.gaps = 0, true, max(j.gaps, j.outages)
}

// problems are what was wrong so far; quiet adds what must hold when the tree is ready and
// every queue is empty.
func (j *journal) problems(quiet bool) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := append([]string(nil), j.wrong...)
	if !quiet {
		return out
	}
	if j.down != 0 {
		out = append(out, fmt.Sprintf("the loss of epoch %d was followed by no gap", j.down))
	}
	if !j.returned {
		out = append(out, "the last loss was followed by no reconnected")
	}
	if j.gaps < j.outages {
		out = append(out, fmt.Sprintf("%d losses and %d gaps", j.outages, j.gaps))
	}
	return out
}

func (j *journal) seen() (events uint64, latest place) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.events, j.latest
}

// differs names the topics of which the two saw another event last.
func (j *journal) differs(other *journal) (topics []string) {
	other.mu.Lock()
	theirs := make(map[string]place, len(other.topics))
	for t, at := range other.topics {
		theirs[t] = at
	}
	other.mu.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	for t, at := range j.topics {
		if theirs[t] != at {
			topics = append(topics, t)
		}
	}
	return topics
}
