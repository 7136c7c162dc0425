package sandbox

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// faults are those in force, by kind and, for kinds that name one, topic. What the hot path
// asks is answered by one atomic load while there are none.
type faults struct {
	any    atomic.Bool
	mu     sync.Mutex
	active map[string]*Fault
	timers map[string]*time.Timer
}

func newFaults() *faults {
	return &faults{active: map[string]*Fault{}, timers: map[string]*time.Timer{}}
}

// set puts a fault in force.
func (f *faults) set(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := fault.key()
	if t := f.timers[k]; t != nil {
		t.Stop()
		delete(f.timers, k)
	}
	own := &fault
	f.active[k] = own
	f.any.Store(true)
	if fault.For > 0 {
		f.timers[k] = time.AfterFunc(time.Duration(fault.For), func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			if f.active[k] == own {
				delete(f.active, k)
				delete(f.timers, k)
				f.any.Store(len(f.active) > 0)
			}
		})
	}
}

// heal ends all faults.
func (f *faults) heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.timers {
		t.Stop()
	}
	clear(f.timers)
	clear(f.active)
	f.any.Store(false)
}

func (f *faults) list() (out []Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range slices.Sorted(maps.Keys(f.active)) {
		out = append(out, *f.active[k])
	}
	return out
}

// get finds a fault in force and counts that it strikes.
func (f *faults) get(key string) (Fault, bool) { return f.look(key, 1) }

// look finds a fault in force and adds to how often it struck.
func (f *faults) look(key string, hits uint64) (Fault, bool) {
	if !f.any.Load() {
		return Fault{}, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.active[key]
	if a == nil {
		return Fault{}, false
	}
	a.Hits += hits
	return *a, true
}

func (f *faults) on(kind string) bool {
	_, ok := f.get(kind)
	return ok
}

func (f *faults) ratio(kind string) float64 {
	a, _ := f.look(kind, 0)
	return a.Ratio
}

func (f *faults) delay() time.Duration {
	a, _ := f.get("delay")
	return time.Duration(a.Delay)
}

func (f *faults) rate(normal float64) float64 {
	if a, ok := f.look("rate", 0); ok {
		return a.PerSecond
	}
	return normal
}

func (f *faults) mutes(topic string) bool   { return f.any.Load() && f.on("mute "+topic) }
func (f *faults) rejects(topic string) bool { return f.any.Load() && f.on("reject "+topic) }

func (f *faults) connack() (byte, bool) {
	a, ok := f.get("connack")
	return byte(a.Code), ok
}

// suback is the fault that strikes the answer for a topic. The exchange's own is spared unless
// it is named: a client that waits for it first would never come to ask for another.
func (f *faults) suback(topic string) Fault {
	a, ok := f.get("suback " + topic)
	if !ok && topic != rejections {
		a, _ = f.get("suback")
	}
	return a
}

// pause waits, and reports false if it was ended before its time.
func pause(d time.Duration, end <-chan struct{}) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-end:
		return false
	}
}
