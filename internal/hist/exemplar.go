package hist

import (
	"sync/atomic"
	"time"
)

// Exemplar is one recorded duration that has a trace.
type Exemplar struct {
	Value   time.Duration
	Wall    int64 // nanoseconds since the Unix epoch
	TraceID [16]byte
	SpanID  [8]byte
}

// Exemplars are the newest exemplar of each bucket that monitoring is shown. The zero value
// is ready; all methods are safe for concurrent use.
type Exemplars struct {
	tips [len(bounds) + 1]atomic.Pointer[Exemplar]
}

// Exemplify leaves word of a trace for the bucket that e.Value falls into, in the place of
// the one before. It records nothing. It is for the few events that have a trace: it
// allocates.
func (x *Exemplars) Exemplify(e Exemplar) {
	at := 0
	for at < len(bounds) && upper(index(uint64(max(e.Value, 0)))) > uint64(bounds[at]) {
		at++
	}
	x.tips[at].Store(&e)
}

// AddTo hands the exemplars to a copy of the histogram that they belong to.
func (x *Exemplars) AddTo(c *Counts) {
	for i := range x.tips {
		if e := x.tips[i].Load(); e != nil {
			c.exemplars = append(c.exemplars, *e)
		}
	}
}

// Exemplars are the newest of each bucket of each histogram that was added.
func (c *Counts) Exemplars() []Exemplar { return c.exemplars }
