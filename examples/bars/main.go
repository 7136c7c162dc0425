// Command bars builds one-minute bars from price infos and prints each when the next one
// begins. A bar that began midway, or during which the feed was away, says so: a strategy
// that trusts bars must know which of them to doubt.
package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/cmd/runner/app"
	"github.com/feedtree/feedtree/messages"
)

type params struct {
	Every time.Duration `yaml:"every"` // a bar's length
}

func (p params) Validate() error {
	if p.Every < time.Second {
		return fmt.Errorf("every %v: expected at least 1s", p.Every)
	}
	return nil
}

type bar struct {
	from                   time.Time
	open, high, low, close messages.Price
	volume                 int64 // traded within the bar
	before                 int64 // the day's volume when it began
	doubt                  string
}

type bars struct {
	params
	out  io.Writer
	open map[string]*bar
}

func newBars(p params) (actor.Actor, error) { return &bars{p, os.Stdout, map[string]*bar{}}, nil }

// Receive is called with one message at a time.
func (b *bars) Receive(ctx actor.Context) {
	switch e := ctx.Message().(type) {
	case *messages.PriceInfo:
		b.onInfo(e)
	case *messages.Gap, *messages.Overflowed:
		// Trades may be missing from every bar that is open. After a restart none is: the actor
		// is a new one, and its first bars begin midway.
		for _, bar := range b.open {
			bar.doubt = "  (the feed was away: trades may be missing)"
		}
	}
}

func (b *bars) onInfo(e *messages.PriceInfo) {
	if e.Last() == 0 {
		return // nothing has been traded today
	}
	from := e.Time().Truncate(b.Every)
	cur := b.open[e.Symbol()]
	if cur == nil || !cur.from.Equal(from) {
		next := &bar{from: from, open: e.Last(), high: e.Last(), low: e.Last(), before: e.TotalVolume(), doubt: "  (begun midway)"}
		if cur != nil {
			b.print(e.Symbol(), cur)
			next.before, next.doubt = cur.before+cur.volume, "" // the trade that begins a bar belongs to it
		}
		cur = next
		b.open[e.Symbol()] = cur
	}
	cur.high, cur.low, cur.close = max(cur.high, e.Last()), min(cur.low, e.Last()), e.Last()
	cur.volume = e.TotalVolume() - cur.before
}

func (b *bars) print(symbol string, c *bar) {
	fmt.Fprintf(b.out, "%s %-8s o %s h %s l %s c %s v %d%s\n", c.from.Format("15:04:05"), symbol,
		c.open, c.high, c.low, c.close, c.volume, c.doubt)
}

func main() {
	app.Main(feedtree.Type("bars", newBars, feedtree.Defaults(params{Every: time.Minute}), feedtree.Events("price_info")))
}
