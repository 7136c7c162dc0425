package main

import (
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/examples/internal/run"
)

func TestItFollowsOrdersThroughTheirLife(t *testing.T) {
	out := &run.Buffer{}
	typ := feedtree.Type("orders", func(struct{}) (actor.Actor, error) {
		return &orders{out, map[string]state{}}, nil
	}, feedtree.Events("equity_order", "derivatives_order"))
	run.Strategy(t, typ, out, nil, ": Queuing", " matched")
}
