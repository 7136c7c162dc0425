package virtual

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/internal/dial"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/sandbox"
)

// Deadlines are looked at once a second: a Receive is given up within one second of its own,
// and never before it.
func TestAReceiveIsGivenUpAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := newNetwork()
		x := harness.Exchange(t, func(c *sandbox.Config) { c.Listener, c.Admin = net, "" })
		block := make(chan struct{})
		tree, err := feedtree.Start(dial.With(context.Background(), net.dial), harness.Configured(t, x, func(c *config.Config) {
			c.Supervision.ReceiveDeadline = 5 * time.Second
			c.Supervision.Nodes.Strategies.ReceiveDeadline = new(7 * time.Second)
		}), harness.Recording("r", &harness.Record{}, func(ctx actor.Context) {
			if _, ok := ctx.Message().(messages.Event); ok {
				<-block
			}
		}))
		if err != nil {
			t.Fatal(err)
		}
		h := &hour{x: x, tree: tree}
		h.online(t)
		x.Publish(topic.BidOffer("AOT"), codec.AppendBidOffer(nil, &messages.BidOfferData{Symbol: "AOT"}), 1)
		began := time.Now()
		for tree.Snapshot().Strategies["r"].Replaced == 0 && time.Since(began) < time.Minute {
			time.Sleep(100 * time.Millisecond)
		}
		if took := time.Since(began); took <= 7*time.Second || took > 8*time.Second+100*time.Millisecond {
			t.Errorf("replaced after %v, with a deadline of 7s", took)
		}
		close(block)
		h.stop(t)
	})
}
