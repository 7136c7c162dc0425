// Package chaos breaks a tree and its exchange at random, and holds the feed to its promises
// while it does.
//
// A Plan draws rounds of faults from a seed; Run carries them out against a real tree and a
// sandbox exchange, which is a process of its own. After each round everything is healed. The
// tree must then be ready again within a bound, have every wanted subscription back, and,
// once the market is silent for a moment, balance every ledger exactly. The strategies keep
// journals of what they saw, which prove order and completeness independently of the
// counters. What does not hold ends the run with an *Error.
package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/test/probe"
	"github.com/feedtree/feedtree/test/sandbox/market"
)

// Symbols of the exchange's market, and how many of them every strategy has from the start;
// the others are the wanderer's.
const (
	Symbols = 50
	common  = 20
)

// Options say how to run.
type Options struct {
	Seed     int64
	Duration time.Duration
	Config   config.Config // that connects to the exchange; what chaos needs is set over it
	Admin    string        // the exchange's admin API
	Rate     float64       // the exchange's messages a second
	// Line is told what is done and found, as it happens: the time since the start and the
	// words of the line.
	Line func(at time.Duration, words string)
}

// Error is a promise that was broken.
type Error struct {
	What     string
	Snapshot *ledger.Snapshot // when it was found
}

func (e *Error) Error() string { return e.What }

// run is one run of chaos.
type run struct {
	o     Options
	tree  *feedtree.Tree
	x     *exchange
	cast  *cast
	began time.Time

	wanted map[string]int // topics, and how many want them for a reason that can end
	guest  bool
	quiet  moment // the last one
	base   probe.Resources
	rounds int
}

// Run plays until the duration is over or ctx ends, stops the tree in order and checks it a
// last time. An *Error is a promise that was broken; any other error means that it could not
// be played.
func Run(ctx context.Context, o Options) error {
	r := &run{o: o, x: newExchange(o.Admin), cast: newCast(), began: time.Now(), wanted: map[string]int{}}
	defer r.x.client.CloseIdleConnections()
	all := market.DefaultSymbols(Symbols)
	names := Names{Symbols: all[:common], Others: all[common:]}
	for _, s := range names.Symbols {
		names.Topics = append(names.Topics, topic.BidOffer(s), topic.PriceInfo(s))
	}
	cfg := tune(o.Config, names.Symbols, r.cast)
	for _, s := range cfg.Strategies {
		names.Strategies = append(names.Strategies, s.Name)
	}
	r.want(names.Topics)
	for _, m := range cfg.Market.Markets {
		r.want([]string{topic.EquityExchangeInfo(m)})
	}
	for _, m := range cfg.Market.Derivatives {
		r.want([]string{topic.DerivativesExchangeInfo(m)})
	}
	tree, err := feedtree.Start(context.Background(), cfg, r.cast.types())
	if err != nil {
		return err
	}
	r.tree = tree
	err = r.play(ctx, NewPlan(o.Seed, names))
	if stopErr := r.stop(); err == nil {
		err = stopErr
	}
	return err
}

func (r *run) want(topics []string) {
	for _, t := range topics {
		r.wanted[t]++
	}
}

func (r *run) list() (out []string) {
	for t, n := range r.wanted {
		if n > 0 {
			out = append(out, t)
		}
	}
	slices.Sort(out)
	return out
}

func (r *run) line(format string, args ...any) {
	r.o.Line(time.Since(r.began), fmt.Sprintf(format, args...))
}

func (r *run) broken(format string, args ...any) *Error {
	return &Error{What: fmt.Sprintf(format, args...), Snapshot: r.tree.Snapshot()}
}

// play is round after round. The end of ctx ends it between two actions, without an error.
func (r *run) play(ctx context.Context, plan *Plan) error {
	if err := r.settle(ctx, Round{}); err != nil {
		return notEnd(ctx, err)
	}
	r.base = probe.Take()
	r.line("ready goroutines=%d heap_kib=%d descriptors=%d", r.base.Goroutines, r.base.Heap>>10, r.base.Descriptors)
	for time.Since(r.began) < r.o.Duration && ctx.Err() == nil {
		round := plan.Next()
		r.rounds++
		for _, a := range round.Actions {
			if err := r.act(ctx, a); err != nil {
				return notEnd(ctx, err)
			}
		}
		if err := r.hold(ctx, round.Hold); err != nil {
			return notEnd(ctx, err)
		}
		if err := r.settle(ctx, round); err != nil {
			return notEnd(ctx, err)
		}
	}
	return nil
}

// notEnd drops an error that is only the end of ctx.
func notEnd(ctx context.Context, err error) error {
	var broken *Error
	if ctx.Err() != nil && !errors.As(err, &broken) {
		return nil
	}
	return err
}

// hold lets time pass, and looks that no promise is broken meanwhile that holds at any time.
func (r *run) hold(ctx context.Context, d time.Duration) error {
	return r.until(ctx, d, func() (bool, error) { return false, r.always(ctx) })
}

// until looks every 20 ms whether something is so, for a limited time.
func (r *run) until(ctx context.Context, limit time.Duration, is func() (bool, error)) error {
	over := time.NewTimer(limit)
	defer over.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		if ok, err := is(); ok || err != nil {
			return err
		}
		select {
		case <-look.C:
		case <-over.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// always is what holds at any time: nothing is received that was not written, the tree
// lives, no strategy saw what it must not.
func (r *run) always(ctx context.Context) error {
	select {
	case <-r.tree.Done():
		return r.broken("the tree has ended by itself: %v", r.tree.Err())
	default:
	}
	s := r.tree.Snapshot()
	stats, err := r.x.stats(ctx)
	if err != nil {
		return err
	}
	if err := wireOK(moment{}, moment{s, stats}, false); err != nil {
		return r.broken("%v", err)
	}
	for name := range s.Strategies {
		if wrong := r.cast.journal(name).Problems(false); len(wrong) > 0 {
			return r.broken("%s saw: %s", name, strings.Join(wrong, "; "))
		}
	}
	return nil
}
