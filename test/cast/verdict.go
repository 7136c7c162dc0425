package cast

import (
	"errors"
	"fmt"
	"time"

	"github.com/feedtree/feedtree/telemetry/ledger"
)

// Verdict holds a run that has ended in order, after the cast behaved, to what everyone saw
// and knows that they did: every ledger, every notice, every term of every strategy. least is
// how many outages there were at least.
func (c *Cast) Verdict(s *ledger.Snapshot, least uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for name, ok := range s.Ledgers {
		if !ok {
			errs = append(errs, fmt.Errorf("%s is false", name))
		}
	}
	if n := s.Connection; s.Epoch != n.Connected || n.Lost < least || n.Open != 0 || n.Pending != 0 {
		errs = append(errs, fmt.Errorf("epoch %d, %+v after %d outages", s.Epoch, n, least))
	}
	for name, w := range c.witnesses {
		errs = append(errs, w.testify(s.Connection, s.Strategies[name], least))
	}
	return errors.Join(append(errs, c.confess(s))...)
}

// unheard is how many connections may have been lost before they took over in a roll-over:
// when an outage falls into that moment they are announced by whatever follows.
const unheard = 2

// testify holds what a strategy saw to what the session counted: each connection after the
// first was announced by one Gap or one RolledOver, each Gap was preceded by one Disconnected,
// and the last Disconnected is the end's. Who lags may be told of several outages as one.
func (w *Witness) testify(conn ledger.ConnectionCounts, c ledger.Strategy, least uint64) error {
	var errs []error
	for _, complaint := range w.Complaints() {
		errs = append(errs, errors.New(complaint))
	}
	if w.deaf {
		return errors.Join(errs...)
	}
	n, down := w.Counts()
	announced, later := n.Gaps+n.RolledOver, conn.Connected-1
	exact := n.Disconnected == n.Gaps+1 && announced <= later && announced+unheard >= later
	lagging := w.lags && announced <= later && n.Disconnected <= later+1 && n.Gaps >= least/2
	if !down || n.Reconnected > n.Gaps || !(exact || lagging) {
		errs = append(errs, fmt.Errorf("%s was told %+v of %+v", w.name, n, conn))
	}
	if n.Events != c.Delivered+c.Failed || n.Dropped != c.Dropped {
		errs = append(errs, fmt.Errorf("%s was given %+v, its ledger says %+v", w.name, n, c))
	}
	return errors.Join(errs...)
}

// confess holds the ledgers' terms to what the strategies know they did.
func (c *Cast) confess(s *ledger.Snapshot) error {
	var errs []error
	wrong := func(what string, n uint64, c any) { errs = append(errs, fmt.Errorf("%s: %d, %+v", what, n, c)) }
	by := s.Strategies
	if c := by["steady"]; c.Delivered != c.Matched || c.Delivered == 0 || c.Restarts != 0 {
		wrong("the steady one lost something of", c.Matched, c)
	}
	if n := c.panics["panicky"]; by["panicky"].Failed != n || n == 0 || by["panicky"].Restarts != n {
		wrong("panics", n, by["panicky"])
	}
	if n := c.blocks; by["blocking"].Failed != n || n == 0 || by["blocking"].Replaced != n {
		wrong("blocks", n, by["blocking"])
	}
	if n := c.panics["hopeless"]; by["hopeless"].Failed != n || s.Supervision.Quarantined < 2 {
		wrong("panics of the hopeless", n, by["hopeless"])
	}
	if n := c.panics["panicky"] + c.panics["hopeless"] + c.blocks; s.Supervision.Failures != n {
		wrong("failures", n, s.Supervision)
	}
	if by["slow"].Dropped == 0 || by["conflating"].Conflated == 0 || by["aging"].Expired == 0 {
		wrong("nobody was slow enough", 0, by)
	}
	return errors.Join(errs...)
}

// StaleBetween counts how often a strategy was told that a symbol is stale, by the time of the
// day in a zone.
func (c *Cast) StaleBetween(zone *time.Location, from, to time.Duration) (n int) {
	for _, w := range c.witnesses {
		for _, at := range w.Stale() {
			at = at.In(zone)
			d := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
			if d >= from && d < to {
				n++
			}
		}
	}
	return n
}
