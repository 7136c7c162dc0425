package decoder

import (
	"time"

	"github.com/feedtree/feedtree/internal/flow"
)

// State is what must survive the decoder: its place in the sequence, and what it gathered
// but did not push yet. One decoder at a time uses it.
type State struct {
	epoch uint64
	seq   uint64
	down  bool // between Disconnected and Gap
	out   *flow.Outbox
}

// NewState makes the state of a tree's decoder; push hands runs to the
// dispatcher's queue.
func NewState(times *flow.Times, push func([]flow.Item)) *State {
	return &State{out: flow.NewOutbox(flow.Decode, times, push)}
}

// nextSeq counts events within an epoch, from 1.
func (s *State) nextSeq(epoch uint64) uint64 {
	if epoch != s.epoch {
		s.epoch, s.seq = epoch, 0
	}
	s.seq++
	return s.seq
}

func wall(ns int64) time.Time { return time.Unix(0, ns).UTC() }
