package hist

import "time"

// bounds live where the feed does: from a microsecond on, three to a decade.
var bounds = [...]time.Duration{
	time.Microsecond, 2500 * time.Nanosecond, 5 * time.Microsecond,
	10 * time.Microsecond, 25 * time.Microsecond, 50 * time.Microsecond,
	100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
}

// Bounds are the upper edges of the buckets that monitoring is shown, in ascending order.
func Bounds() []time.Duration { return bounds[:] }

// Below counts what was recorded up to each of the bounds, and above the last: one more
// number than there are bounds, each for its own bucket. A duration counts in the first
// bucket that its log-linear one fits into as a whole, so what lies less than a sixteenth
// below a bound may count above it and never the other way round.
func (c *Counts) Below(bounds []time.Duration) []uint64 {
	out := make([]uint64, len(bounds)+1)
	at := 0
	for i, n := range c.counts {
		for at < len(bounds) && upper(i) > uint64(bounds[at]) {
			at++
		}
		out[at] += n
	}
	return out
}

// Each calls f with every bucket that holds something, in ascending order, by the middle of
// what the bucket spans.
func (c *Counts) Each(f func(middle time.Duration, n uint64)) {
	for i, n := range c.counts {
		if n > 0 {
			lower := uint64(0)
			if i > 0 {
				lower = upper(i-1) + 1
			}
			f(time.Duration(lower+(upper(i)-lower)/2), n)
		}
	}
}

// Batch records equal durations that come one after the other in one step. The zero value
// of everything but its Histogram is ready; one goroutine at a time may use it.
type Batch struct {
	Histogram *Histogram
	d         time.Duration
	n         uint64
}

// Record counts one duration, at the latest with Flush.
func (b *Batch) Record(d time.Duration) {
	if d == b.d {
		b.n++
		return
	}
	b.Flush()
	b.d, b.n = d, 1
}

// Flush records what was counted.
func (b *Batch) Flush() {
	if b.n > 0 {
		b.Histogram.RecordN(b.d, b.n)
		b.n = 0
	}
}
