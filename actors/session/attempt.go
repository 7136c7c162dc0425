package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/internal/settrade"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// outcome is how an attempt ended: with a link or with an error.
type outcome struct {
	gen      uint64
	link     *link
	token    settrade.Token // what is known of tokens now, whatever the outcome
	loggedIn bool           // a login or refresh succeeded on the way
	refused  bool           // the credentials themselves were refused
	err      error
	steps    steps
	traced   trace.SpanContext
}

// try makes one attempt: a token that will last, the dispatcher's hosts, each host in order.
// It runs on a goroutine of its own, never inside a Receive.
func (d *Deps) try(ctx context.Context, gen *raw.Generation, token settrade.Token, events linkEvents) outcome {
	o := outcome{gen: gen.ID, token: token}
	fresh, err := d.ensure(ctx, &o, false)
	if err != nil {
		o.err = err
		return o
	}
	began := clock.Mono()
	dispatch, err := d.REST.Dispatcher(ctx, o.token)
	o.steps.did("dispatcher", began, err)
	if err != nil && ClassOf(err) == ledger.FailAuth && !fresh {
		// The token was good by our clock and the server thinks otherwise: one new login.
		if _, err = d.ensure(ctx, &o, true); err == nil {
			began = clock.Mono()
			dispatch, err = d.REST.Dispatcher(ctx, o.token)
			o.steps.did("dispatcher", began, err)
		}
	}
	if err != nil {
		o.err = err
		if ClassOf(err) == ledger.FailAuth {
			o.token = settrade.Token{}
		}
		return o
	}
	var errs []error
	for _, host := range dispatch.Hosts {
		began = clock.Mono()
		l, err := d.dial(ctx, gen, host, dispatch, events)
		o.steps.did("dial", began, err, server(host))
		if err == nil {
			o.link, o.err = l, nil
			return o
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	o.err = errors.Join(errs...)
	if ClassOf(o.err) == ledger.FailAuth {
		o.token = settrade.Token{} // whatever it was good for, it was not this
	}
	return o
}

// ensure sees to a token that will last: the one at hand, a refreshed one, or a new login.
// fresh says that it was made just now.
func (d *Deps) ensure(ctx context.Context, o *outcome, anew bool) (fresh bool, err error) {
	if !anew && o.token.Valid() {
		now := time.Now()
		if now.Before(o.token.RenewAt(d.Config.RenewBefore)) {
			return false, nil
		}
		if now.Before(o.token.ExpiresAt) {
			t, err := o.steps.refresh(ctx, d.REST, o.token)
			if err == nil {
				o.token, o.loggedIn = t, true
				return true, nil
			} else if ClassOf(err) != ledger.FailAuth {
				return false, err
			}
		}
	}
	t, err := o.steps.login(ctx, d.REST)
	if err != nil {
		c := ClassOf(err)
		o.refused = c == ledger.FailAuth || c == ledger.FailConfiguration
		o.token = settrade.Token{}
		return false, err
	}
	o.token, o.loggedIn = t, true
	return true, nil
}

// renew refreshes the token of a connection that goes on meanwhile, or logs in again: once it
// has ended, or where the refresh is refused.
func (d *Deps) renew(ctx context.Context, token settrade.Token, done *steps) (t settrade.Token, err error) {
	ended := !time.Now().Before(token.ExpiresAt)
	if !ended {
		t, err = done.refresh(ctx, d.REST, token)
	}
	if ended || err != nil && ClassOf(err) == ledger.FailAuth {
		t, err = done.login(ctx, d.REST)
	}
	if err != nil {
		return token, fmt.Errorf("renew the access token: %w", err)
	}
	return t, nil
}
