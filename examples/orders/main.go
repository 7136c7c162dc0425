// Command orders follows the account's orders and prints what changed about each. The
// account numbers come from SETTRADE_EQUITY_ACCOUNT and SETTRADE_DERIVATIVES_ACCOUNT.
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

// state is what an order looked like when it was last heard of.
type state struct {
	status           string
	matched, balance int64
}

type orders struct {
	out  io.Writer
	seen map[string]state
}

func newOrders(struct{}) (actor.Actor, error) { return &orders{os.Stdout, map[string]state{}}, nil }

// Receive is called with one message at a time.
func (o *orders) Receive(ctx actor.Context) {
	switch e := ctx.Message().(type) {
	case *messages.EquityOrder:
		d := e.Data()
		o.changed(d.OrderNo, d.Symbol, d.Side.String(), d.Price, d.Volume, state{d.Status, d.MatchedVolume, d.BalanceVolume})
	case *messages.DerivativesOrder:
		d := e.Data()
		o.changed(d.OrderNo, d.SeriesID, d.Side.String(), d.Price, d.Volume, state{d.Status, d.MatchedVolume, d.BalanceVolume})
	case *messages.Gap:
		// What happened to the orders meanwhile will not be told again: ask the REST API.
		fmt.Fprintf(o.out, "orders may have changed unseen from %s to %s\n", e.From.Format("15:04:05"), e.To.Format("15:04:05"))
	}
}

func (o *orders) changed(number, symbol, side string, price messages.Price, volume int64, now state) {
	before, known := o.seen[number]
	if known && before == now {
		return
	}
	o.seen[number] = now
	fmt.Fprintf(o.out, "%s %-8s %-5s %d @ %s: %s, %d matched, %d to go\n", number, symbol, side, volume, price,
		now.status, now.matched, now.balance)
}

func main() {
	app.Main(feedtree.Type("orders", newOrders, feedtree.Events("equity_order", "derivatives_order")))
}
