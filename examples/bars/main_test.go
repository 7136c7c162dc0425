package main

import (
	"io"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/examples/internal/run"
	"github.com/feedtree/feedtree/messages"
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

func TestABarsVolumeIsThatOfItsTradesTheFirstOneIncluded(t *testing.T) {
	b := &bars{params{time.Minute}, io.Discard, map[string]*bar{}}
	info := func(second, volume int64) {
		b.onInfo(messages.NewPriceInfo(&messages.PriceInfoData{Meta: messages.Meta{Wall: second * 1e9}, Symbol: "AOT", Last: 1, TotalVolume: volume}))
	}
	info(59, 500) // how much of it was traded in this minute nobody knows
	info(60, 700)
	info(90, 1000)
	if got := b.open["AOT"]; got.volume != 500 || got.doubt != "" {
		t.Errorf("volume %d with doubt %q, want 500 and none", got.volume, got.doubt)
	}
}
