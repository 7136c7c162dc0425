// Package witness holds what a strategy saw to what the feed promises of order, apart from
// all counters: a Journal is shown every message and knows what was wrong with it.
package witness

import (
	"fmt"
	"sync"

	"github.com/feedtree/feedtree/messages"
)

// Journal is what one instance saw. It is to outlive the instance's actors; its methods are
// safe for concurrent use, since an actor that was given up may wake while its successor
// works. The zero value is ready.
type Journal struct {
	// Conflating says that the instance conflates: only the order of each topic is promised.
	// Set it before the first message.
	Conflating bool

	mu      sync.Mutex
	events  uint64
	wrong   []string          // promises that were broken, the first few
	topics  map[string]Place  // by kind and symbol, the last event
	latest  Place             // of the newest event of all
	seqs    map[uint64]uint64 // by epoch, the last event's
	volumes map[string]int64  // by symbol, the day's volume, which only grows
	down    uint64            // the epoch that was lost and has no Gap yet, 0 for none
	gap     uint64            // the epoch that the last Gap began
	outages uint64            // Disconnected notices
	gaps    uint64
	away    bool // no Reconnected came since the last Disconnected
}

// Place is where an event stood: in which epoch, and the how manieth there.
type Place struct{ Epoch, Seq uint64 }

// Before reports whether a stood in front of b.
func (a Place) Before(b Place) bool {
	return a.Epoch < b.Epoch || (a.Epoch == b.Epoch && a.Seq < b.Seq)
}

// See notes a message of the instance's actor and judges its place. What is neither event nor
// notice is passed over.
func (j *Journal) See(message any) {
	switch m := message.(type) {
	case messages.Event:
		j.event(m)
	case messages.Notice:
		j.notice(m)
	}
}

func (j *Journal) fail(format string, args ...any) {
	if len(j.wrong) < 5 {
		j.wrong = append(j.wrong, fmt.Sprintf(format, args...))
	}
}

func (j *Journal) event(e messages.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.topics == nil {
		j.topics, j.seqs, j.volumes = map[string]Place{}, map[uint64]uint64{}, map[string]int64{}
	}
	j.events++
	at := Place{e.Epoch(), e.Seq()}
	topic := e.Kind().String() + " " + e.Symbol()
	if c, ok := e.(*messages.Candlestick); ok {
		topic += " " + c.Interval()
	}
	if last := j.topics[topic]; !last.Before(at) {
		j.fail("%s: event %d of epoch %d came after %d of %d", topic, at.Seq, at.Epoch, last.Seq, last.Epoch)
	}
	j.topics[topic] = at
	if last := j.seqs[at.Epoch]; !j.Conflating && at.Seq <= last {
		j.fail("%s: event %d of epoch %d came after number %d", topic, at.Seq, at.Epoch, last)
	}
	j.seqs[at.Epoch] = max(j.seqs[at.Epoch], at.Seq)
	if j.latest.Before(at) {
		j.latest = at
	}
	switch {
	case at.Epoch < j.gap:
		j.fail("%s: an event of epoch %d came after the gap that began epoch %d", topic, at.Epoch, j.gap)
	case j.down != 0 && at.Epoch > j.down:
		j.fail("%s: an event of epoch %d came after the loss of epoch %d without a gap between", topic, at.Epoch, j.down)
	}
	if p, ok := e.(*messages.PriceInfo); ok {
		if v := p.TotalVolume(); v < j.volumes[p.Symbol()] {
			j.fail("%s: the day's volume fell from %d to %d", topic, j.volumes[p.Symbol()], v)
		} else {
			j.volumes[p.Symbol()] = v
		}
	}
}

func (j *Journal) notice(n messages.Notice) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch n := n.(type) {
	case *messages.Disconnected:
		if n.Epoch < j.gap || n.Epoch < j.down {
			j.fail("disconnected from epoch %d after the gap that began epoch %d", n.Epoch, j.gap)
		}
		j.down, j.away = n.Epoch, true
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
		j.away = false
	case *messages.RolledOver:
		if n.Epoch <= n.From {
			j.fail("rolled over from epoch %d to %d", n.From, n.Epoch)
		}
	}
}

// Anew forgets an outage that the instance was not there for, or not to the end: what was
// told to a strategy in quarantine was told to nobody.
func (j *Journal) Anew() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.down, j.away, j.gaps = 0, false, max(j.gaps, j.outages)
}

// Problems are what was wrong so far; quiet adds what must hold when the tree is ready and
// every queue is empty.
func (j *Journal) Problems(quiet bool) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := append([]string(nil), j.wrong...)
	if !quiet {
		return out
	}
	if j.down != 0 {
		out = append(out, fmt.Sprintf("the loss of epoch %d was followed by no gap", j.down))
	}
	if j.away {
		out = append(out, "the last loss was followed by no reconnected")
	}
	if j.gaps < j.outages {
		out = append(out, fmt.Sprintf("%d losses and %d gaps", j.outages, j.gaps))
	}
	return out
}

// Seen tells how many events there were, and where the newest stood.
func (j *Journal) Seen() (events uint64, newest Place) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.events, j.latest
}

// Differs names the topics of which the other saw another event last.
func (j *Journal) Differs(other *Journal) (topics []string) {
	other.mu.Lock()
	theirs := make(map[string]Place, len(other.topics))
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
