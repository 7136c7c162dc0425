package main

import (
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/examples/internal/run"
	"github.com/feedtree/feedtree/test/sandbox"
)

func TestItDrawsBarsAndMarksThoseWithAGap(t *testing.T) {
	out := &run.Buffer{}
	typ := feedtree.Type("bars", func(p params) (actor.Actor, error) {
		return &bars{p, out, map[string]*bar{}}, nil
	}, feedtree.Defaults(params{Every: time.Second}), feedtree.Events("price_info"))
	cut := func(x *sandbox.Exchange) { x.Break(sandbox.Fault{Kind: "cut"}) }
	run.Strategy(t, typ, out, cut, " c ", "the feed was away")
}
