package chaos

import (
	"context"
	"time"

	"github.com/feedtree/feedtree/internal/topic"
)

// act carries one action out and says so.
func (r *run) act(ctx context.Context, a Action) error {
	if err := r.hold(ctx, a.After); err != nil {
		return err
	}
	r.line("%s", a)
	switch a.Verb {
	case Fault:
		return r.x.fault(ctx, a.Name, a.Args...)
	case Publish:
		return r.x.publish(ctx, a.Name, a.Args)
	case Await:
		return r.renewal(ctx)
	default:
		return r.strategy(ctx, a)
	}
}

// renewal waits until the exchange is asked for a new token, or as long as a token lives.
func (r *run) renewal(ctx context.Context) error {
	before, err := r.x.stats(ctx)
	if err != nil {
		return err
	}
	return r.until(ctx, TokenTTL, func() (bool, error) {
		now, err := r.x.stats(ctx)
		if err != nil {
			return false, err
		}
		return now.Refreshes+now.Logins > before.Refreshes+before.Logins, r.always(ctx)
	})
}

// strategy does something to a strategy by hand. A restart of one in quarantine or in a delay
// is refused, and that is no failure of the tree.
func (r *run) strategy(ctx context.Context, a Action) error {
	name, _ := a.Args[0].Value.(string)
	switch a.Name {
	case "restart":
		r.tree.RestartStrategy(name)
	case "resume":
		if r.tree.Snapshot().Strategies[name].State != "quarantined" {
			return nil
		}
		r.cast.journal(name).Anew()
		if err := r.tree.ResumeStrategy(name); err != nil {
			return r.broken("a strategy cannot be resumed: %v", err)
		}
	case "spawn":
		if !r.guest {
			r.cast.journal(guest).Anew()
			if err := r.tree.Spawn(r.cast.member(guest, nil)); err != nil {
				return r.broken("a strategy cannot be spawned: %v", err)
			}
			r.guest = true
		}
	case "stop":
		if r.guest {
			limited, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			if err := r.tree.StopStrategy(limited, guest); err != nil && ctx.Err() == nil {
				return r.broken("a strategy cannot be stopped: %v", err)
			}
			r.guest = false
		}
	default:
		return r.wander(a.Name, a.Args[1].Value.(string))
	}
	return nil
}

// wander lets the wanderer take on a symbol or let go of it.
func (r *run) wander(what, symbol string) error {
	h := r.cast.handle(wanderer)
	if h == nil {
		return r.broken("%s has not started", wanderer)
	}
	do, n := h.Subscribe, 1
	if what == "unsubscribe" {
		do, n = h.Unsubscribe, 0
	}
	if err := do(symbol); err != nil {
		return r.broken("%s %s: %v", what, symbol, err)
	}
	r.wanted[topic.BidOffer(symbol)], r.wanted[topic.PriceInfo(symbol)] = n, n
	return nil
}
