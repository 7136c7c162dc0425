package health

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/internal/seen"
)

// look asks a symbol's actor to judge its state by what the parent saw.
type look struct{ in input }

// symbol is the actor of one symbol, named after it.
type symbol struct {
	d    *Deps
	slot *seen.Symbol
}

// Receive implements actor.Actor.
func (a *symbol) Receive(ctx actor.Context) {
	if m, ok := ctx.Message().(*look); ok {
		a.onLook(m.in)
	}
}

func (a *symbol) onLook(in input) {
	in.Last = a.slot.Last() // it may have been seen since the parent looked
	s := a.slot.State()
	switch to := nextSymbol(s, in); {
	case to == s:
	case to == seen.Stale:
		a.d.Stale(a.slot, in.Since, in.Threshold)
	default:
		a.slot.Move(s, to)
	}
}
