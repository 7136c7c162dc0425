package main

import (
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/examples/internal/run"
	"github.com/feedtree/feedtree/test/sandbox"
)

func TestItTellsOfWideSpreadsAndOfBlindness(t *testing.T) {
	out := &run.Buffer{}
	typ := feedtree.Type("spread", func(p params) (actor.Actor, error) {
		return &spread{p, out, map[string]bool{}}, nil
	}, feedtree.Defaults(params{Ticks: 1}), feedtree.Events("bid_offer"))
	cut := func(x *sandbox.Exchange) { x.Break(sandbox.Fault{Kind: "cut"}) }
	run.Strategy(t, typ, out, cut, "wide=true", "blind: ", "nothing is known from ")
}
