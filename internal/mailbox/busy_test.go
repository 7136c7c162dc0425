package mailbox

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/supervision"
)

// busyActor is an actor on a queue whose Receive in progress is watched. It lives in a bubble,
// where a Receive takes exactly as long as it sleeps.
func busyActor(t *testing.T, q *Queue[elem], o Options[elem], receive func(c actor.Context, current *atomic.Int64)) (stop func()) {
	t.Helper()
	system := supervision.NewSystem()
	var current atomic.Int64
	o.Current = &current
	pid := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) { receive(c, &current) }, actor.WithMailbox(Producer(q, o))))
	return func() {
		system.Root.StopFuture(pid).Wait()
		system.Shutdown()
	}
}

// An actor whose queue never runs empty is busy. Whoever looks for one that is stuck must see
// each Receive begin.
func TestOneThatIsNeverIdleIsNotTakenForStuck(t *testing.T) {
	for _, runs := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			q := mustQueue(t, config(1000, DropOldest))
			var begun []time.Duration // before the Receive, when it is looked at
			stop := busyActor(t, q, Options[elem]{Runs: runs, Message: func(e *elem) any { return *e }}, func(c actor.Context, current *atomic.Int64) {
				switch c.Message().(type) {
				case elem, *Run[elem]:
					begun = append(begun, clock.Since(clock.Mono(), current.Load()))
					q.Push(run(len(begun))) // the next one is there already
					time.Sleep(time.Second)
				}
			})
			q.Push(run(0))
			time.Sleep(20*time.Second + time.Millisecond)
			q.Close()
			stop()
			if len(begun) < 20 {
				t.Fatalf("runs=%v: %d Receives in 20 s of one second each", runs, len(begun))
			}
			for i, d := range begun {
				if d != 0 {
					t.Errorf("runs=%v: the %d. Receive had been going on for %v when it began", runs, i+1, d)
				}
			}
		})
	}
}

// What a start takes is not the first event's time.
func TestALongStartIsNotTheFirstElementsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := mustQueue(t, config(1000, DropOldest))
		var watched time.Duration
		took := time.Duration(-1)
		stop := busyActor(t, q, Options[elem]{Message: func(e *elem) any { return *e },
			Delivered: func(_ *elem, _ bool, start, end int64) { took = clock.Since(end, start) },
		}, func(c actor.Context, current *atomic.Int64) {
			switch c.Message().(type) {
			case *actor.Started:
				q.Push(run(1))
				time.Sleep(3 * time.Second)
			case elem:
				watched = clock.Since(clock.Mono(), current.Load())
				time.Sleep(time.Second)
			}
		})
		time.Sleep(time.Minute)
		stop()
		if watched != 0 || took != time.Second {
			t.Errorf("the first element's Receive of 1s took %v, and had been going on for %v when it began", took, watched)
		}
	})
}
