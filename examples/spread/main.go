// Command spread watches the spread of each symbol and says when it widens. It knows two
// things that a naive one forgets: in an auction there is no price to subtract, and after a
// disconnection the last book is history.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/cmd/runner/app"
	"github.com/feedtree/feedtree/messages"
)

// params can be set in the configuration, under the instance's params.
type params struct {
	Ticks int `yaml:"ticks"` // a spread of so many ticks is wide
}

func (p params) Validate() error {
	if p.Ticks < 1 {
		return fmt.Errorf("ticks %d: expected at least 1", p.Ticks)
	}
	return nil
}

type spread struct {
	params
	out  io.Writer
	wide map[string]bool
}

func newSpread(p params) (actor.Actor, error) {
	return &spread{p, os.Stdout, map[string]bool{}}, nil
}

// Receive is called with one message at a time.
func (s *spread) Receive(ctx actor.Context) {
	switch e := ctx.Message().(type) {
	case *messages.BidOffer:
		s.onBook(e)
	case *messages.Disconnected:
		fmt.Fprintf(s.out, "blind: %s\n", e.Reason)
		clear(s.wide) // whatever was true of the books is no more
	case *messages.Gap:
		fmt.Fprintf(s.out, "nothing is known from %s to %s\n", e.From.Format("15:04:05"), e.To.Format("15:04:05"))
	}
}

func (s *spread) onBook(e *messages.BidOffer) {
	bid, ask := e.BestBid().Price, e.BestAsk().Price
	if e.IsAuction() || bid == 0 || ask == 0 {
		return // price 0 stands for an order at any price: there is no spread
	}
	wide := ask >= bid.AddTicks(s.Ticks)
	if wide != s.wide[e.Symbol()] {
		fmt.Fprintf(s.out, "%-8s %s / %s wide=%v\n", e.Symbol(), bid, ask, wide)
	}
	s.wide[e.Symbol()] = wide
}

func main() {
	app.Main(feedtree.Type("spread", newSpread, feedtree.Defaults(params{Ticks: 2}), feedtree.Events("bid_offer")))
}
