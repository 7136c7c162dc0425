package branch

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/supervision"
)

func TestChildrenFollowTheListAndNoneComesBackDuringTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		system := supervision.NewSystem()
		var mu sync.Mutex
		var wanted, log []string
		note := func(s string) { mu.Lock(); defer mu.Unlock(); log = append(log, s) }
		pids := map[string]*actor.PID{}
		props := actor.PropsFromFunc(func(c actor.Context) {})
		pid := system.Root.Spawn(actor.PropsFromProducer(Producer(Deps{
			Children: func() (out []Child) {
				mu.Lock()
				defer mu.Unlock()
				for _, name := range wanted {
					out = append(out, Child{name, props})
				}
				return out
			},
			Spawned: func(name string, pid *actor.PID) { note("+" + name); pids[name] = pid },
			Ended:   func(name string) { note("-" + name) },
		})))
		list := func(names ...string) {
			mu.Lock()
			wanted = names
			mu.Unlock()
			system.Root.Send(pid, &Refresh{})
			synctest.Wait()
		}
		list("a", "b")
		list("a", "b")
		list("b", "c")
		list("a", "b", "c")
		system.Root.Stop(pids["b"]) // by itself: it is wanted, so it comes back
		synctest.Wait()
		mu.Lock()
		got := slices.Clone(log)
		mu.Unlock()
		if want := "[+a +b +c -a +a -b +b]"; fmt.Sprint(got) != want {
			t.Errorf("%v, want %s", got, want)
		}
		system.Root.StopFuture(pid).Wait()
		synctest.Wait()
		if n := len(log) - len(got); n != 3 || slices.ContainsFunc(log[len(got):], func(s string) bool { return s[0] == '+' }) {
			t.Errorf("during the end: %v", log[len(got):])
		}
		system.Shutdown()
		time.Sleep(time.Minute)
	})
}
