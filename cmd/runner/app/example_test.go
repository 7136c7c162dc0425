package app_test

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/cmd/runner/app"
	"github.com/feedtree/feedtree/messages"
)

type spread struct{}

func newSpread(struct{}) (actor.Actor, error) { return &spread{}, nil }

func (s *spread) Receive(ctx actor.Context) {
	switch e := ctx.Message().(type) {
	case *messages.BidOffer:
		fmt.Println(e.Symbol(), e.BestBid().Price, e.BestAsk().Price)
	case *messages.Gap:
		fmt.Println("nothing is known from", e.From, "to", e.To)
	}
}

func main() { app.Main(feedtree.Type("spread", newSpread)) }

// A program with every sub-command of the runner and a strategy of its own.
func Example() { main() }
