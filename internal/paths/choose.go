package paths

import (
	"math"
	"sync/atomic"
)

// class says why a path that the ratio passed over deserves a trace. Each has a bound of its
// own, so that a storm of one hides none of another.
type class uint8

const (
	slow   class = iota // its own Receive took too long
	waited              // late for another reason, such as a slow one before it
	failed
	lost    // dropped or expired in a queue
	refused // by the decoder
	asked
	classes
)

// budget is how many traces of each class may still be made in this second.
type budget struct {
	left [classes]atomic.Int64
}

func (b *budget) refill(n int) {
	for i := range b.left {
		b.left[i].Store(int64(n))
	}
}

// take is two atomic operations at most: under a storm it is asked for every event.
func (b *budget) take(c class) bool {
	return b.left[c].Load() > 0 && b.left[c].Add(-1) >= 0
}

// ratio chooses events by their place: whoever asks of the same event hears the same.
type ratio struct {
	on    bool
	limit uint64
}

func ratioOf(share float64) ratio {
	switch {
	case share <= 0:
		return ratio{}
	case share >= 1:
		return ratio{true, math.MaxUint64}
	}
	return ratio{true, uint64(share * (1 << 63) * 2)}
}

func (r ratio) chosen(epoch, seq uint64) bool {
	return r.on && mix(epoch<<48^seq) <= r.limit
}

// mix is the finaliser of splitmix64: neighbours come out as if drawn at random.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Chosen reports whether the event of that place is one of the ratio's.
func (t *Tracer) Chosen(epoch, seq uint64) bool {
	return t != nil && t.ratio.chosen(epoch, seq)
}

// take asks for a trace beyond the ratio's; what is refused is counted.
func (t *Tracer) take(c class) bool {
	if t.budget.take(c) {
		return true
	}
	t.cfg.Counts.Suppressed.Inc()
	return false
}
