// Command embedded puts the tree into a program with a main of its own: it configures,
// starts, spawns one more strategy while the feed runs, looks at the counters and stops.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/messages"
)

// busiest counts books by symbol, and lets go of a symbol that is quiet.
type busiest struct {
	books map[string]int
}

func newBusiest(struct{}) (actor.Actor, error) { return &busiest{map[string]int{}}, nil }

// Receive is called with one message at a time.
func (b *busiest) Receive(ctx actor.Context) {
	switch e := ctx.Message().(type) {
	case *messages.BidOffer:
		b.books[e.Symbol()]++
	case *messages.SymbolStale:
		// A strategy changes its own subscriptions, from inside Receive.
		if err := feedtree.From(ctx).Unsubscribe(e.Symbol); err != nil {
			log.Print(err)
		}
	}
}

func embed(ctx context.Context, environ []string, out io.Writer) error {
	loaded, err := config.Load(config.Sources{Environ: environ})
	if err != nil {
		return err
	}
	cfg := loaded.Config
	cfg.Symbols = []string{"AOT", "PTT", "KBANK"}
	tree, err := feedtree.Start(ctx, cfg, feedtree.Type("busiest", newBusiest))
	if err != nil {
		return err
	}
	second := config.DefaultStrategy("second", "busiest")
	second.Symbols = []string{"DELTA"}
	if err := tree.Spawn(second); err != nil {
		return err
	}
	for range 3 {
		wait, cancel := context.WithTimeout(ctx, time.Second)
		err := tree.Wait(wait)
		cancel()
		if err == nil || ctx.Err() != nil {
			break // the tree has ended, or we are to
		}
		s := tree.Snapshot()
		fmt.Fprintf(out, "received %d, delivered %d and %d\n", s.Feed.Received,
			s.Strategies["busiest"].Delivered, s.Strategies["second"].Delivered)
	}
	err = tree.Stop(context.Background())
	fmt.Fprintf(out, "every message is accounted for: %v\n", tree.Snapshot().Balanced())
	return err
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := embed(ctx, os.Environ(), os.Stdout); err != nil {
		log.Print(err)
		os.Exit(feedtree.ExitCode(err))
	}
}
