package feedtree_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/messages"
)

// params are what an instance can be given in the configuration.
type params struct {
	Ticks int           `yaml:"ticks"`
	Every time.Duration `yaml:"every"`
}

// Validate is called before anything starts.
func (p params) Validate() error {
	if p.Ticks < 1 {
		return fmt.Errorf("ticks %d: expected at least 1", p.Ticks)
	}
	return nil
}

type spread struct{ params }

func newSpread(p params) (actor.Actor, error) { return &spread{p}, nil }

// Receive is called with one message at a time.
func (s *spread) Receive(ctx actor.Context) {
	switch e := ctx.Message().(type) {
	case *messages.BidOffer:
		if wide, ok := e.Spread(); ok && wide >= e.BestBid().Price.TickSize()*messages.Price(s.Ticks) {
			fmt.Println(e.Symbol(), wide)
		}
	case *messages.Disconnected:
		fmt.Println("prices are history:", e.Reason)
	}
}

func ExampleType() {
	typ := feedtree.Type("spread", newSpread,
		feedtree.Defaults(params{Ticks: 2, Every: time.Minute}),
		feedtree.Events("bid_offer"))
	fmt.Println(typ.Name())
	// Output: spread
}

func ExampleStart() {
	loaded, err := config.Load(config.Sources{Files: []string{"feedtree.yaml"}, Environ: os.Environ()})
	if err != nil {
		log.Print(err)
		os.Exit(feedtree.ExitCode(err))
	}
	tree, err := feedtree.Start(context.Background(), loaded.Config,
		feedtree.Type("spread", newSpread, feedtree.Defaults(params{Ticks: 2})))
	if err != nil {
		log.Print(err)
		os.Exit(feedtree.ExitCode(err))
	}
	time.Sleep(time.Minute)
	err = tree.Stop(context.Background())
	s := tree.Snapshot()
	fmt.Println("received", s.Feed.Received, "accounted for:", s.Balanced())
	os.Exit(feedtree.ExitCode(err))
}

func ExampleFrom() {
	receive := func(ctx actor.Context) {
		switch e := ctx.Message().(type) {
		case *actor.Started:
			if err := feedtree.From(ctx).Subscribe("KBANK"); err != nil {
				log.Print(err)
			}
		case *messages.SymbolStale:
			if err := feedtree.From(ctx).Unsubscribe(e.Symbol); err != nil {
				log.Print(err)
			}
		case *messages.Overflowed:
			feedtree.From(ctx).Discard() // what still waits is old, too
		}
	}
	feedtree.Type("watcher", func(struct{}) (actor.Actor, error) { return actor.ReceiveFunc(receive), nil })
}

func ExampleExitCode() {
	_, err := config.Load(config.Sources{Set: []string{"dispatcher.capacty=5"}})
	fmt.Println(err)
	fmt.Println(feedtree.ExitCode(err))
	// Output:
	// --set: dispatcher.capacty: unknown key, did you mean dispatcher.capacity?
	// 3
}
