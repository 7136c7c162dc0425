package integration

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/messages"
)

// By hand, at once and again: a resumption must not forget what its own actor does, and the
// late end of an actor, or a second stop, must not pass for the end of its successor.
func TestStrategiesResumedAndRestartedByManyAtOnceAlwaysHaveAnActor(t *testing.T) {
	x := exchange(t, moving)
	tree := start(t, configured(t, x, func(c *config.Config) { c.Supervision.Budget.Restarts = 1 }),
		recording("good", &record{}, nil), recording("bad", &record{}, func(ctx actor.Context) {
			if _, ok := ctx.Message().(messages.Event); ok {
				panic("as ever")
			}
		}))
	stop := make(chan struct{})
	var hands sync.WaitGroup
	for range 2 {
		hands.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					tree.RestartStrategy("good")
				}
			}
		})
	}
	defer hands.Wait()
	defer sync.OnceFunc(func() { close(stop) })()
	for i := range 40 {
		eventually(t, fmt.Sprintf("quarantine %d", i+1), func() bool { return tree.Snapshot().Strategies["bad"].State == "quarantined" })
		var resumed atomic.Int32
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if tree.ResumeStrategy("bad") == nil {
					resumed.Add(1)
				}
			})
		}
		if all.Wait(); resumed.Load() == 0 {
			t.Fatal("nobody could resume it")
		}
	}
	before := tree.Snapshot().Strategies["good"].Delivered
	eventually(t, "the other's events", func() bool { return tree.Snapshot().Strategies["good"].Delivered > before+100 })
}
