package chaos

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/test/probe"
	"github.com/feedtree/feedtree/test/sandbox"
)

// bound is how long the tree may take to be whole again once a round's faults are healed.
func bound(round Round) time.Duration {
	lag := time.Duration(0)
	for _, a := range round.Actions {
		if a.Verb == Fault {
			lag = max(lag, lagOf(a.Name))
		}
	}
	return lag + longestDelay + dial
}

// settle heals everything, waits until the tree is whole again, and then, in a moment of
// silence, holds it to its promises.
func (r *run) settle(ctx context.Context, round Round) error {
	if err := r.x.heal(ctx); err != nil {
		return err
	}
	healed := time.Now()
	if err := r.whole(ctx, bound(round)); err != nil {
		return err
	}
	recovered := time.Since(healed)
	if err := r.hold(ctx, round.Calm); err != nil {
		return err
	}
	if err := r.x.fault(ctx, "rate", Arg{"per_second", 0}); err != nil {
		return err
	}
	now, err := r.silence(ctx, round)
	if err != nil {
		return err
	}
	if err := r.x.heal(ctx); err != nil {
		return err
	}
	r.quiet = now
	s := now.tree
	r.line("healed recovered_ms=%d epoch=%d lost=%d rollovers=%d received=%d dropped=%d failed=%d quarantined=%d", recovered.Milliseconds(),
		s.Epoch, s.Connection.Lost, s.Connection.Rollovers, s.Feed.Received, s.Feed.Dropped+s.Dispatcher.Dropped, s.Supervision.Failures, s.Supervision.Quarantined)
	return nil
}

// whole waits until the tree is ready, every wanted subscription is back, and events of the
// present epoch arrive. What was refused comes back with the next connection at the latest:
// the wait for that is cut short.
func (r *run) whole(ctx context.Context, limit time.Duration) error {
	why, renewed := "", false
	limit += time.Duration(50 / r.o.Rate * float64(time.Second)) // a slow market takes its time to say something
	_, before := r.cast.journal(recorder).Seen()
	over := time.Now().Add(limit)
	for {
		ok := false
		err := r.until(ctx, time.Until(over), func() (done bool, err error) {
			if err := r.always(ctx); err != nil {
				return false, err
			}
			if ok, why = r.tree.Ready(); !ok {
				return false, nil
			}
			stats, err := r.x.stats(ctx)
			if err != nil {
				return false, err
			}
			missing, err := subscribed(stats, r.list())
			refused := len(r.tree.Connection().Rejected)
			switch {
			case err != nil:
				ok, why = false, err.Error()
			case len(missing) > 0:
				ok, why = false, fmt.Sprintf("%d subscriptions are not back, %s among them", len(missing), missing[0])
			default:
				_, at := r.cast.journal(recorder).Seen()
				ok = before.Before(at) && at.Epoch == r.tree.Snapshot().Epoch
				why = "no event of the present epoch has arrived"
			}
			return ok || (len(missing) > 0 && refused >= len(missing) && !renewed), nil
		})
		if err != nil || ok {
			return err
		}
		refused := r.tree.Connection().Rejected
		if len(refused) == 0 || renewed {
			return r.broken("not whole again within %v: %s", limit, why)
		}
		renewed = true
		r.line("reconnect refused=%d", len(refused))
		if err := r.x.fault(ctx, "cut"); err != nil {
			return err
		}
		over = time.Now().Add(limit)
	}
}

// silence waits until nothing moves, and checks everything that must then be exact.
func (r *run) silence(ctx context.Context, round Round) (now moment, err error) {
	why := "nobody looked"
	var before *ledger.Snapshot
	exact := true
	for _, a := range round.Actions {
		// What a half-open or slow link held when it was ended in order is gone, and not the
		// feed's to give; the packets of hostile are counted written and are none.
		if a.Verb == Fault && (a.Name == "halfopen" || a.Name == "delay" || a.Name == "hostile") {
			exact = false
		}
	}
	err = r.until(ctx, quietWithin, func() (bool, error) {
		now.tree = r.tree.Snapshot()
		why = busy(now.tree, before)
		before = now.tree
		if ok, reason := r.tree.Ready(); why == "" && !ok {
			why = reason
		}
		if why != "" {
			return false, nil
		}
		if now.exchange, err = r.x.stats(ctx); err != nil {
			return false, err
		}
		why = r.exact(now, exact)
		return why == "", nil
	})
	if err == nil && why != "" {
		err = &Error{What: "in silence: " + why, Snapshot: now.tree}
	}
	return now, err
}

// exact is what must hold when nothing moves, "" when it does.
func (r *run) exact(now moment, orderly bool) string {
	var wrong []string
	if err := wireOK(r.quiet, now, orderly); err != nil {
		wrong = append(wrong, err.Error())
	}
	wrong = append(wrong, seenAll(r.cast, now.tree)...)
	for name := range now.tree.Strategies {
		here := now.tree.Strategies[name].State == "running"
		for _, p := range r.cast.journal(name).Problems(here) {
			wrong = append(wrong, name+" saw: "+p)
		}
	}
	if r.base != (probe.Resources{}) {
		if err := probe.Take().Over(r.base, slack); err != nil {
			wrong = append(wrong, "L6: "+err.Error())
		}
	}
	return strings.Join(wrong, "; ")
}

// stop ends the tree in order and checks it a last time.
func (r *run) stop() error {
	r.x.heal(context.Background())
	began := time.Now()
	failure := r.tree.Stop(context.Background())
	took := time.Since(began)
	s := r.tree.Snapshot()
	if failure != nil {
		return &Error{What: fmt.Sprintf("the tree has ended by itself: %v", failure), Snapshot: s}
	}
	var stats sandbox.Stats
	err := r.until(context.Background(), dial, func() (bool, error) { // it may take a moment to see the end
		var err error
		stats, err = r.x.stats(context.Background())
		return stats.OpenConnections == 0, err
	})
	if err != nil {
		return err
	}
	s.Exchange = &ledger.Exchange{Published: stats.Published, Delivered: stats.Delivered}
	if why := busy(s, s); why != "" {
		return &Error{What: "after the end: " + why, Snapshot: s}
	}
	if err := wireOK(r.quiet, moment{s, stats}, r.quiet.tree != nil); err != nil {
		return &Error{What: "after the end: " + err.Error(), Snapshot: s}
	}
	if n := stats.OpenConnections; n > 0 {
		return &Error{What: fmt.Sprintf("after the end %d connections are open", n), Snapshot: s}
	}
	r.line("stopped took_ms=%d rounds=%d attempts=%d connected=%d lost=%d received=%d written=%d", took.Milliseconds(), r.rounds,
		s.Connection.Attempts, s.Connection.Connected, s.Connection.Lost, s.Feed.Received, stats.Delivered)
	return nil
}
