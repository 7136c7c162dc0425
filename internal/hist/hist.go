// Package hist counts durations into log-linear buckets: sixteen to each power of two, so
// a quantile is off by at most one part in sixteen. Recording is two atomic adds and no
// allocation, which is what a delivery can afford; a general-purpose histogram library
// locks or allocates where this one may not. Sizes are counted as so many nanoseconds.
package hist

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

const (
	subBits = 4
	subs    = 1 << subBits
	buckets = (64 - subBits) * subs
)

// Histogram is ready as its zero value. All methods are safe for concurrent use.
type Histogram struct {
	counts [buckets]atomic.Uint64
	sum    atomic.Int64
	max    atomic.Int64
	Exemplars
}

// Record counts one duration; negative ones count as zero.
func (h *Histogram) Record(d time.Duration) { h.RecordN(d, 1) }

// RecordN counts n equal durations at the price of one.
func (h *Histogram) RecordN(d time.Duration, n uint64) {
	ns := max(int64(d), 0)
	h.counts[index(uint64(ns))].Add(n)
	h.sum.Add(ns * int64(n))
	for {
		old := h.max.Load()
		if ns <= old || h.max.CompareAndSwap(old, ns) {
			return
		}
	}
}

// Counts is a copy of a histogram, or the sum of several; or a histogram by itself, for a caller
// that holds a lock already. Its methods are not safe for concurrent use.
type Counts struct {
	counts    [buckets]uint64
	total     uint64
	sum, max  int64
	exemplars []Exemplar
}

// Record counts one duration; negative ones count as zero.
func (c *Counts) Record(d time.Duration) {
	ns := max(int64(d), 0)
	c.counts[index(uint64(ns))]++
	c.total++
	c.sum += ns
	c.max = max(c.max, ns)
}

// AddTo adds what was recorded so far to sum.
func (c *Counts) AddTo(sum *Counts) {
	for i, n := range &c.counts {
		sum.counts[i] += n
	}
	sum.total += c.total
	sum.sum += c.sum
	sum.max = max(sum.max, c.max)
	sum.exemplars = append(sum.exemplars, c.exemplars...)
}

// AddTo adds what was recorded so far to c.
func (h *Histogram) AddTo(c *Counts) {
	for i := range h.counts {
		n := h.counts[i].Load()
		c.counts[i] += n
		c.total += n
	}
	c.sum += h.sum.Load()
	c.max = max(c.max, h.max.Load())
	h.Exemplars.AddTo(c)
}

// Sum is all recorded durations together. Under load it may be ahead of the buckets.
func (c *Counts) Sum() time.Duration { return time.Duration(c.sum) }

// Since is what was recorded after an earlier copy of the same histogram. Its Max is the
// upper edge of the highest bucket.
func (c *Counts) Since(before *Counts) (d Counts) {
	for i, n := range &c.counts {
		if n > before.counts[i] {
			d.counts[i] = n - before.counts[i]
			d.total += d.counts[i]
			d.max = min(int64(upper(i)), c.max)
		}
	}
	d.sum = max(0, c.sum-before.sum)
	return d
}

// Total is how many durations were recorded.
func (c *Counts) Total() uint64 { return c.total }

// Max is the longest duration recorded, exactly.
func (c *Counts) Max() time.Duration { return time.Duration(c.max) }

// Quantile gives the upper edge of the bucket that holds the q-th part of the recorded
// durations (0 < q ≤ 1), never more than Max, and 0 when nothing was recorded.
func (c *Counts) Quantile(q float64) time.Duration {
	rank := uint64(math.Ceil(q * float64(c.total)))
	var seen uint64
	for i, n := range c.counts {
		if seen += n; n > 0 && seen >= rank {
			return min(time.Duration(upper(i)), c.Max())
		}
	}
	return 0
}

// index is the identity below 16; above, the exponent and the four bits after the leading one.
func index(n uint64) int {
	if n < subs {
		return int(n)
	}
	shift := bits.Len64(n) - subBits - 1
	return (shift+1)<<subBits + int(n>>shift) - subs
}

func upper(i int) uint64 {
	if i < subs {
		return uint64(i)
	}
	shift := i>>subBits - 1
	return (uint64(i&(subs-1))+subs+1)<<shift - 1
}
