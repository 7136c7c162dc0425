package soak

import (
	"context"
	"time"

	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/probe"
	"github.com/feedtree/feedtree/test/sandbox"
	"github.com/feedtree/feedtree/test/sandbox/market"
)

var sandboxSymbols = market.DefaultSymbols(50)

// sample looks at what the process holds in the middle of it all, and tells of a minute's turn.
func (r *run) sample() {
	now := probe.Take()
	r.samples = append(r.samples, now)
	if len(r.samples) == 1 {
		r.first = now
	}
	// Goroutines: two connections of a roll-over, idle ones of HTTP, sleepers and the blocked.
	if err := now.Over(r.first, probe.Slack{Goroutines: 60, Heap: maxHeap, Descriptors: 12}); err != nil {
		r.Errorf("after %d outages: %v", r.least, err)
	}
	if len(r.samples)%10 == 0 {
		s := r.tree.Snapshot()
		r.Logf("%.0fs: %d received, epoch %d, %d roll-overs, %d failures, %d goroutines, %.1f MiB, %d descriptors", s.DurationS, s.Feed.Received,
			s.Epoch, s.Connection.Rollovers, s.Supervision.Failures, now.Goroutines, float64(now.Heap)/(1<<20), now.Descriptors)
	}
}

// await waits longer than the harness does: a backoff and an attempt made in vain may lie between.
func (r *run) await(what string, is func() bool) {
	r.Helper()
	for over := time.Now().Add(time.Minute); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(over) {
			_, why := r.tree.Ready()
			r.Fatalf("waited a minute for %s: %s", what, why)
		}
	}
}

// end lets everyone come to rest, looks at what that costs, stops in order and judges.
func (r *run) end(d time.Duration) {
	r.cast.Behave()
	time.Sleep(3 * receiveDeadline)
	r.cast.Release(0)
	r.cast.Wait()
	harness.Break(r, r.x, sandbox.Fault{Kind: "rate", PerSecond: 0})
	time.Sleep(time.Second)
	if cpu := probe.CPU(context.Background(), 3*time.Second); cpu > maxIdle {
		r.Errorf("idle, tree and exchange use %.1f %% of a core", 100*cpu)
	} else if d == *duration {
		r.Logf("idle: %.2f %% of a core", 100*cpu)
	}
	began := time.Now()
	if err := r.tree.Stop(context.Background()); err != nil {
		r.Errorf("the end: %v", err)
	}
	if took := time.Since(began); took > 3*time.Second {
		r.Errorf("the end took %v", took)
	}
	s, did := r.tree.Snapshot(), r.x.Stats()
	if err := r.x.Close(); err != nil {
		r.Error(err)
	}
	if s.Feed.Received > did.Delivered {
		r.Errorf("received %d of %d written", s.Feed.Received, did.Delivered)
	}
	if d != *duration {
		return // the warm-up: too short for everyone to have misbehaved
	}
	if err := r.cast.Verdict(s, r.least); err != nil {
		r.Error(err)
	}
	if want := uint64(d / (10 * tokenTTL)); s.Connection.Rollovers < want {
		r.Errorf("%d roll-overs, want %d at least", s.Connection.Rollovers, want)
	}
	r.Logf("%d of %d written were received, %d connections, %d lost, %d roll-overs, %d failures",
		s.Feed.Received, did.Delivered, s.Connection.Connected, s.Connection.Lost, s.Connection.Rollovers, s.Supervision.Failures)
	r.Logf("held: first %+v, last %+v", r.first, r.samples[len(r.samples)-1])
}
