package virtual

import (
	"context"
	"time"

	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/test/probe"
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
	d.cast.behave()
	began := time.Now()
	if err := d.tree.Stop(context.Background()); err != nil {
		d.Errorf("the end: %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		d.Errorf("the end took %v", took)
	}
	d.cast.woke.Wait()
	s, did := d.tree.Snapshot(), d.x.Stats()
	d.x.Close()
	for name, ok := range s.Ledgers {
		if !ok {
			d.Errorf("%s is false", name)
		}
	}
	if s.Feed.Received > did.Delivered || s.Feed.Received < did.Delivered*95/100 {
		d.Errorf("received %d of %d written", s.Feed.Received, did.Delivered)
	}
	d.connections(s)
	for name, w := range d.cast.witnesses {
		d.testify(s, w, s.Strategies[name])
	}
	d.misbehaved(s)
	d.Logf("%s: %d of %d written were received, %d attempts, %d connections, %d lost, %d roll-overs, %d refreshes, %d failures",
		clockOf(time.Now()), s.Feed.Received, did.Delivered, s.Connection.Attempts, s.Connection.Connected, s.Connection.Lost,
		s.Connection.Rollovers, did.Refreshes, s.Supervision.Failures)
	for name, c := range s.Strategies {
		d.Logf("%-10s %+v", name, c)
	}
	d.Logf("feed %+v", s.Feed)
	d.Logf("held: first %+v, last %+v", d.samples[0], d.samples[len(d.samples)-1])
	if d.Failed() {
		d.Logf("again with: go test ./test/virtual -run %s -virtual.seed=%d -virtual.full=%v", d.Name(), *seed, *full)
	}
}

// connections holds what the session counted to what was done to it.
func (d *day) connections(s *ledger.Snapshot) {
	c := s.Connection
	if s.Epoch != c.Connected || c.Lost < uint64(d.outages) || c.Open != 0 {
		d.Errorf("epoch %d, %+v after %d outages", s.Epoch, c, d.outages)
	}
	did := d.x.Stats()
	if c.Rollovers < 10 || did.Refreshes < c.Rollovers {
		d.Errorf("%d roll-overs and %d renewals in %v, want 10 at least", c.Rollovers, did.Refreshes, d.length)
	}
	if did.RateLimited > 0 {
		d.Errorf("the REST API's limits were passed %d times", did.RateLimited)
	}
}

// testify holds what a strategy saw to what the session counted: each connection after the
// first was announced by one Gap or one RolledOver, each Gap was preceded by one Disconnected,
// and the last Disconnected is the end's. A connection that is lost while it takes over in a
// roll-over is announced by whatever follows, if the outage fell into that moment.
func (d *day) testify(s *ledger.Snapshot, w *witness, c ledger.Strategy) {
	for _, complaint := range w.complaints {
		d.Error(complaint)
	}
	if stale := w.staleBetween(13*time.Hour+30*time.Minute, 14*time.Hour+15*time.Minute); stale > 0 {
		d.Errorf("%s: %d symbols were called stale around the afternoon's opening", w.name, stale)
	}
	if w.deaf {
		return
	}
	n, conn := w.n, s.Connection
	announced, later := n.gaps+n.rolled, conn.Connected-1
	exact := n.disconnected == n.gaps+1 && announced <= later && announced+unheard >= later
	lagging := w.lags && announced <= later && n.disconnected <= later+1 && n.gaps >= uint64(d.outages)/2
	if !w.down || n.reconnected > n.gaps || !(exact || lagging) {
		d.Errorf("%s saw %+v of %+v", w.name, n, conn)
	}
	if n.events != c.Delivered+c.Failed || n.dropped != c.Dropped {
		d.Errorf("%s saw %+v, its ledger says %+v", w.name, n, c)
	}
}

// unheard is how many connections may have been lost before they took over.
const unheard = 2

// misbehaved holds the ledgers' terms to what the strategies know they did.
func (d *day) misbehaved(s *ledger.Snapshot) {
	by := s.Strategies
	if c := by["steady"]; c.Delivered != c.Matched || c.Delivered == 0 || c.Restarts != 0 {
		d.Errorf("the steady one lost something: %+v", c)
	}
	if n := d.cast.panics["panicky"]; by["panicky"].Failed != n || n == 0 || by["panicky"].Restarts != n {
		d.Errorf("%d panics, %+v", n, by["panicky"])
	}
	if n := d.cast.blocks; by["blocking"].Failed != n || n == 0 || by["blocking"].Replaced != n {
		d.Errorf("%d blocks, %+v", n, by["blocking"])
	}
	if n := d.cast.panics["hopeless"]; by["hopeless"].Failed != n || s.Supervision.Quarantined < 2 {
		d.Errorf("%d panics, %+v, %+v", n, by["hopeless"], s.Supervision)
	}
	if want := d.cast.panics["panicky"] + d.cast.panics["hopeless"] + d.cast.blocks; s.Supervision.Failures != want {
		d.Errorf("%d failures, want %d", s.Supervision.Failures, want)
	}
	if by["slow"].Dropped == 0 || by["conflating"].Conflated == 0 || by["aging"].Expired == 0 {
		d.Errorf("nobody was slow enough: %+v", by)
	}
}
