// Package health holds the actors that watch for silence: a parent for the feed and one
// child for each wanted symbol.
//
// An event costs this branch a store in the last-seen slots, made by the decoder. The parent
// looks over the slots at each tick, a few loads a symbol, and sends a child a look only
// when its state should be another one; the decision itself is a pure function with the
// clock passed in (rules.go).
//
// Receives: Refresh when the wanted symbols changed; its own ticks. Emits: requests for
// SymbolStale and FeedDead notices, which the decoder puts in their place after a second look.
// Owns: nothing that matters: states live in the slots, and deadlines begin anew after a
// restart, which can only make a notice late, never false.
package health

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/seen"
	"github.com/feedtree/feedtree/messages"
)

// Refresh tells the parent that the set of wanted symbols changed.
type Refresh struct{}

type tick struct{}

// Deps are what health works with; all of it outlives the actors.
type Deps struct {
	Store *seen.Store
	// Connected tells whether there is a connection and since when, clock.Mono.
	Connected func() (bool, int64)
	Calendar  Calendar
	FeedGap   time.Duration
	SymbolGap func(symbol string) time.Duration
	Sweep     time.Duration
	// Stale and Dead ask the decoder for a notice; they must not block.
	Stale func(s *seen.Symbol, since int64, threshold time.Duration)
	Dead  func(since int64, threshold time.Duration)
	// Child makes the props of a symbol's actor from its producer, with the supervision that
	// the tree gives it.
	Child func(actor.Producer) *actor.Props
	// Forget is told of children that come to an end, so that supervision forgets their history.
	Forget func(child string)
}

// Parent is the actor "health".
type Parent struct {
	d        Deps
	children map[string]*child
	feed     phase
	timer    *time.Timer
}

type child struct {
	slot *seen.Symbol
	pid  *actor.PID
	phase
	gap time.Duration
}

// phase remembers when a deadline began anew.
type phase struct {
	since     int64
	open      bool
	connected bool
}

// step notes the market's and the connection's state and returns since when the deadline runs.
func (p *phase) step(connected bool, connectedAt int64, open bool, now int64) int64 {
	switch {
	case connected && !p.connected:
		p.since = connectedAt
	case open && !p.open:
		p.since = now
	}
	p.connected, p.open = connected, open
	return p.since
}

// Producer gives the function that makes the parent anew at each start.
func Producer(d Deps) actor.Producer {
	return func() actor.Actor { return &Parent{d: d, children: map[string]*child{}} }
}

// Receive implements actor.Actor.
func (p *Parent) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		p.refresh(ctx)
		p.arm(ctx)
	case *Refresh:
		p.refresh(ctx)
	case *tick:
		p.sweep(ctx)
		p.arm(ctx)
	case *actor.Stopping, *actor.Restarting:
		p.timer.Stop()
	}
}

// arm sends the next tick; a timer of our own, because the engine's receive timeout is a
// data race.
func (p *Parent) arm(ctx actor.Context) {
	root, self := ctx.ActorSystem().Root, ctx.Self()
	p.timer = time.AfterFunc(p.d.Sweep, func() { root.Send(self, &tick{}) })
}

func (p *Parent) refresh(ctx actor.Context) {
	wanted := map[string]bool{}
	for _, slot := range p.d.Store.Symbols() {
		wanted[slot.Name] = true
		if p.children[slot.Name] == nil {
			p.spawn(ctx, slot)
		}
	}
	for name, c := range p.children {
		if !wanted[name] {
			ctx.Stop(c.pid)
			p.d.Forget(name)
			delete(p.children, name)
		}
	}
}

func (p *Parent) spawn(ctx actor.Context, slot *seen.Symbol) {
	producer := func() actor.Actor { return &symbol{d: &p.d, slot: slot} }
	pid, err := ctx.SpawnNamed(p.d.Child(producer), slot.Name)
	if err != nil {
		return // its namesake is still ending; the next refresh or sweep finds the name free
	}
	p.children[slot.Name] = &child{slot: slot, pid: pid, gap: p.d.SymbolGap(slot.Name)}
}

func (p *Parent) sweep(ctx actor.Context) {
	if len(p.children) != len(p.d.Store.Symbols()) {
		p.refresh(ctx)
	}
	now := clock.Now()
	connected, at := p.d.Connected()
	markets := p.markets(now.Wall)
	p.d.Store.Open.Store(markets.any)
	if connected && !markets.heard && clock.Since(now.Mono, at) < p.d.FeedGap {
		return // the markets are about to say themselves whether they are open
	}
	p.sweepFeed(now.Mono, connected, at, markets.any)
	for _, c := range p.children {
		open := markets.equity
		status := c.slot.Status()
		if isSeries(c.slot.Name, status) {
			open = markets.derivatives
		}
		if itself, known := status.Open(); known && !itself {
			open = false // a halt or a suspension is the symbol's own
		}
		in := input{Now: now.Mono, Last: c.slot.Last(), Connected: connected, Open: open, Threshold: c.gap}
		in.Since = c.step(connected, at, open, now.Mono)
		if s := c.slot.State(); nextSymbol(s, in) != s {
			ctx.Send(c.pid, &look{in})
		}
	}
}

func (p *Parent) sweepFeed(now int64, connected bool, at int64, open bool) {
	in := input{Now: now, Last: p.d.Store.Feed.Last(), Connected: connected, Open: open, Threshold: p.d.FeedGap}
	in.Since = p.feed.step(connected, at, open, now)
	if in.Last == 0 { // nothing came on this connection, which may have come between two looks
		in.Since = max(in.Since, at)
	}
	s := p.d.Store.Feed.State()
	switch to := nextFeed(s, in); {
	case to == s:
	case to == seen.Stale:
		p.d.Dead(in.Since, in.Threshold)
	default:
		p.d.Store.Feed.Move(s, to)
	}
}

// openMarkets tells which markets are open, and whether all of them have said so.
type openMarkets struct{ equity, derivatives, any, heard bool }

// markets asks the exchange infos, and the calendar for markets that have not said, or whose
// infos nobody configured.
func (p *Parent) markets(wall int64) openMarkets {
	calendar := p.d.Calendar.Open(time.Unix(0, wall))
	out := openMarkets{equity: calendar, derivatives: calendar, heard: true}
	known := false
	for _, derivatives := range []bool{false, true} {
		open, configured, heard := anyOpen(p.d.Store.Markets(), derivatives)
		if !configured {
			continue
		}
		known = true
		if !heard {
			out.heard, open = false, calendar
		}
		out.any = out.any || open
		if derivatives {
			out.derivatives = open
		} else {
			out.equity = open
		}
	}
	if !known {
		out.any = calendar
	}
	return out
}

// anyOpen reports whether a market of a kind is open, whether there is one, and whether one
// has said.
func anyOpen(markets []*seen.Market, derivatives bool) (open, configured, heard bool) {
	for _, m := range markets {
		if m.Derivatives != derivatives {
			continue
		}
		configured = true
		is, known := m.Open()
		open, heard = open || is, heard || known
	}
	return open, configured, heard
}

// isSeries tells derivatives from equities: by the market status if the symbol has sent
// one, else by the form of a series, an underlying with a month's letter and a year.
func isSeries(name string, status messages.MarketStatus) bool {
	if status != 0 {
		return status >= messages.MarketStatusPreOpenD && status <= messages.MarketStatusExpiredD
	}
	for i := 1; i+2 < len(name); i++ {
		if months[name[i]] && digit(name[i+1]) && digit(name[i+2]) && (i+3 == len(name) || name[i+3] == 'C' || name[i+3] == 'P') {
			return true
		}
	}
	return false
}

// months are the letters of the delivery months, January to December.
var months = map[byte]bool{'F': true, 'G': true, 'H': true, 'J': true, 'K': true, 'M': true,
	'N': true, 'Q': true, 'U': true, 'V': true, 'X': true, 'Z': true}

func digit(b byte) bool { return b >= '0' && b <= '9' }
