package virtual

import (
	"context"
	"time"

	"github.com/feedtree/feedtree/test/probe"
	"github.com/feedtree/feedtree/test/sandbox/market"
)

// sample looks at what the process holds while nothing happens: not before a few slots have
// filled what is filled once, and never more than then.
func (d *day) sample() {
	now := probe.Take()
	d.samples = append(d.samples, now)
	const warm = 4
	if len(d.samples) < warm {
		return
	}
	if len(d.samples) == warm {
		d.base = now
		return
	}
	if err := now.Over(d.base, probe.Slack{Goroutines: idle, Heap: 2 << 20}); err != nil {
		d.Errorf("in slot %d, at %s: %v", len(d.samples), clockOf(time.Now()), err)
	}
}

// idle is what two HTTP connections that a renewal has just used keep on both of their ends,
// and strategies in the middle of an event. A leak of one an outage is found all the same.
const idle = 12

// end stops in order and looks at everything.
func (d *day) end() {
	d.cast.Behave()
	time.Sleep(time.Minute)
	d.cast.Release(0)
	d.cast.Wait()
	began := time.Now()
	if err := d.tree.Stop(context.Background()); err != nil {
		d.Errorf("the end: %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		d.Errorf("the end took %v", took)
	}
	s, did := d.tree.Snapshot(), d.x.Stats()
	d.x.Close()
	if err := d.cast.Verdict(s, uint64(d.outages)); err != nil {
		d.Error(err)
	}
	if s.Feed.Received > did.Delivered || s.Feed.Received < did.Delivered*95/100 {
		d.Errorf("received %d of %d written", s.Feed.Received, did.Delivered)
	}
	if c := s.Connection; c.Rollovers < 10 || did.Refreshes < c.Rollovers {
		d.Errorf("%d roll-overs and %d renewals in %v, want 10 at least", c.Rollovers, did.Refreshes, d.length)
	}
	if did.RateLimited > 0 {
		d.Errorf("the REST API's limits were passed %d times", did.RateLimited)
	}
	if n := d.cast.StaleBetween(market.Bangkok, 13*time.Hour+30*time.Minute, 14*time.Hour+15*time.Minute); n > 0 {
		d.Errorf("symbols were called stale %d times around the afternoon's opening", n)
	}
	d.Logf("%s: %d of %d written were received, %d attempts, %d connections, %d lost, %d roll-overs, %d refreshes, %d failures",
		clockOf(time.Now()), s.Feed.Received, did.Delivered, s.Connection.Attempts, s.Connection.Connected, s.Connection.Lost,
		s.Connection.Rollovers, did.Refreshes, s.Supervision.Failures)
	d.Logf("held: first %+v, last %+v", d.samples[0], d.samples[len(d.samples)-1])
	if d.Failed() {
		d.Logf("again with: go test ./test/virtual -run %s -virtual.seed=%d -virtual.full=%v", d.Name(), *seed, *full)
	}
}
