package supervision

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/telemetry/ledger"
)

// world is a parent with children that fail when they are told to, in virtual time.
type world struct {
	counts   ledger.Supervision
	strategy *Strategy
	system   *actor.ActorSystem
	parent   *actor.PID
	kids     map[string]*actor.PID

	mu     sync.Mutex
	log    []string // what children received, "name message"
	events []Event
	root   []Event
	past   History
}

type fail struct{ reason any }

func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, fmt.Sprintf(format, args...))
}

func (w *world) seen() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.log)
}

func newWorld(policy Policy, root bool, names ...string) *world {
	return newWorldOf(func(string) Policy { return policy }, root, names...)
}

func newWorldOf(policy func(string) Policy, root bool, names ...string) *world {
	w := &world{kids: map[string]*actor.PID{}}
	o := Options{Node: "parent", Policy: policy, History: &w.past, Counts: &w.counts, Log: slog.New(slog.DiscardHandler),
		Rand: func() float64 { return 1 }, Happened: func(e Event) { w.mu.Lock(); w.events = append(w.events, e); w.mu.Unlock() }}
	if root {
		o.Root = func(e Event) { w.mu.Lock(); w.root = append(w.root, e); w.mu.Unlock() }
	}
	w.strategy = NewStrategy(o)
	w.system = NewSystem()
	child := func(name string) *actor.Props {
		return actor.PropsFromFunc(func(c actor.Context) {
			switch m := c.Message().(type) {
			case *actor.Started:
				w.note("%s started", name)
			case *actor.Stopped:
				w.note("%s stopped", name)
			case fail:
				panic(m.reason)
			case string:
				w.note("%s %s", name, m)
			}
		})
	}
	w.parent = w.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*actor.Started); ok {
			for _, name := range names {
				w.kids[name], _ = c.SpawnNamed(child(name), name)
			}
		}
	}, actor.WithSupervisor(w.strategy)))
	synctest.Wait()
	return w
}

// end stops all there is, so that the bubble can end.
func (w *world) end() {
	w.strategy.Close()
	StopTree(w.system, w.parent, time.Minute)
	synctest.Wait()
	time.Sleep(time.Minute) // virtual: what the engine's futures still wait for
}

func (w *world) balanced(t *testing.T) {
	t.Helper()
	s := ledger.Snapshot{Supervision: w.counts.Read()}
	if s.Check(); !s.Ledgers["L4"] {
		t.Errorf("L4 is false: %+v", s.Supervision)
	}
}

func TestAFailedChildRestartsWithGrowingDelaysAndNothingThatWaitedIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(DefaultPolicy(), true, "a")
		defer w.end()
		for i := range 3 {
			w.system.Root.Send(w.kids["a"], fail{"boom"})
			w.system.Root.Send(w.kids["a"], fmt.Sprint("message ", i))
			synctest.Wait()
			if s := w.strategy.Status("a"); s.State != "backoff" || s.Cause != "boom" || w.counts.Pending.Load() != 1 {
				t.Errorf("%+v", s)
			}
			delay := 400 * time.Millisecond << i
			time.Sleep(delay - time.Millisecond)
			synctest.Wait()
			if n := len(w.seen()); n != 1+2*i {
				t.Fatalf("restarted before its delay: %v", w.seen())
			}
			time.Sleep(time.Millisecond)
			synctest.Wait()
		}
		want := []string{"a started", "a started", "a message 0", "a started", "a message 1", "a started", "a message 2"}
		if !slices.Equal(w.seen(), want) {
			t.Errorf("%v", w.seen())
		}
		if s := w.strategy.Status("a"); s.State != "running" || s.Restarts != 3 {
			t.Errorf("%+v", s)
		}
		w.balanced(t)
	})
}

func TestWhatWasStableIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(DefaultPolicy(), true, "a")
		defer w.end()
		for range 5 {
			w.system.Root.Send(w.kids["a"], fail{"boom"})
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		for _, e := range w.events {
			if e.Attempt != 1 || e.Delay != 400*time.Millisecond {
				t.Errorf("%+v", e)
			}
		}
	})
}

func TestAfterTheBudgetComesWhatThePolicySays(t *testing.T) {
	for after, kind := range map[After]Kind{Quarantine: Quarantined, Stop: Stopped, Escalate: Escalated} {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := DefaultPolicy()
				p.Budget.Restarts, p.After = 2, after
				w := newWorld(p, true, "a", "b")
				defer w.end()
				for range 3 {
					w.system.Root.Send(w.kids["a"], fail{"boom"})
					time.Sleep(10 * time.Second)
					synctest.Wait()
				}
				w.system.Root.Send(w.kids["b"], "hello")
				synctest.Wait()
				if last := w.events[len(w.events)-1]; last.Kind != kind || last.Child != "a" {
					t.Errorf("%+v", last)
				}
				if stopped := slices.Contains(w.seen(), "a stopped"); stopped != (after != Escalate) {
					t.Errorf("stopped %v: %v", stopped, w.seen())
				}
				if (len(w.root) == 1) != (after == Escalate) || !slices.Contains(w.seen(), "b hello") {
					t.Errorf("%v %v", w.root, w.seen())
				}
				w.balanced(t)
			})
		})
	}
}

func TestOneChildsDelayHoldsNoSiblingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := DefaultPolicy()
		p.Backoff.Min, p.Backoff.Max = time.Hour, time.Hour
		w := newWorld(p, true, "a", "b")
		defer w.end()
		w.system.Root.Send(w.kids["a"], fail{"boom"})
		synctest.Wait()
		w.system.Root.Send(w.kids["b"], "hello")
		synctest.Wait()
		if !slices.Contains(w.seen(), "b hello") {
			t.Error(w.seen())
		}
	})
}

func TestTheScopeSaysWhoIsRestartedToo(t *testing.T) {
	for scope, siblings := range map[Scope][]string{OneForOne: nil, OneForAll: {"a started", "c started"}, RestForOne: {"c started"}} {
		synctest.Test(t, func(t *testing.T) {
			p := DefaultPolicy()
			p.Scope = scope
			w := newWorld(p, true, "a", "b", "c")
			defer w.end()
			w.system.Root.Send(w.kids["b"], fail{"boom"})
			time.Sleep(time.Second)
			synctest.Wait()
			got := w.seen()[3:]
			slices.Sort(got)
			want := append([]string{"b started"}, siblings...)
			slices.Sort(want)
			if !slices.Equal(got, want) || int(w.counts.Siblings.Load()) != len(siblings) {
				t.Errorf("scope %d: %v, want %v", scope, got, want)
			}
			w.balanced(t)
		})
	}
}

func TestASiblingThatWaitsForItsOwnRestartHasItWithTheScopes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorldOf(func(child string) Policy {
			p := DefaultPolicy()
			switch child {
			case "b":
				p.Scope, p.Backoff.Min, p.Backoff.Max = RestForOne, time.Second, time.Second
			case "c":
				p.Scope, p.Backoff.Min, p.Backoff.Max = OneForAll, time.Hour, time.Hour
			}
			return p
		}, true, "a", "b", "c", "d")
		defer w.end()
		w.system.Root.Send(w.kids["c"], fail{"boom"})
		w.system.Root.Send(w.kids["b"], fail{"boom"})
		time.Sleep(2 * time.Second)
		synctest.Wait()
		// b takes c and d along, and c, whose own turn would have come in an hour, all others.
		got := w.seen()[4:]
		slices.Sort(got)
		if !slices.Equal(got, []string{"a started", "b started", "c started", "d started"}) {
			t.Errorf("%v", got)
		}
		if c := w.counts.Read(); c.Restarts != 2 || c.Siblings != 2 || c.Pending != 0 {
			t.Errorf("%+v", c)
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if n := len(w.seen()); n != 8 {
			t.Errorf("restarted again: %v", w.seen())
		}
		w.balanced(t)
	})
}

func TestARestartThatWaitsCanBeHastened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := DefaultPolicy()
		p.Backoff.Min, p.Backoff.Max = time.Hour, time.Hour
		w := newWorld(p, true, "a")
		defer w.end()
		if w.strategy.Hasten("a") || w.strategy.Hasten("b") {
			t.Error("hastened nothing")
		}
		w.system.Root.Send(w.kids["a"], fail{"boom"})
		synctest.Wait()
		time.Sleep(time.Minute)
		if !w.strategy.Hasten("a") || w.strategy.Hasten("a") {
			t.Error("want it hastened once")
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if c := w.counts.Read(); c.Restarts != 1 || c.Pending != 0 || len(w.seen()) != 2 {
			t.Errorf("%+v %v", c, w.seen())
		}
		if e := w.past.Events(); e[0].Delay != time.Hour || e[1].Kind != Restarted || e[1].Delay != time.Minute {
			t.Errorf("it waited a minute of an hour: %+v", e)
		}
		w.balanced(t)
	})
}

func TestABadMessageIsSetAsideAndItsActorGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(DefaultPolicy(), true, "a")
		defer w.end()
		for range 1000 {
			w.system.Root.Send(w.kids["a"], fail{As(Poison, errors.New("garbage"))})
		}
		w.system.Root.Send(w.kids["a"], "hello")
		synctest.Wait()
		if !slices.Equal(w.seen(), []string{"a started", "a hello"}) {
			t.Errorf("%v", w.seen())
		}
		if c := w.counts.Read(); c.SetAside != 1000 || c.Failures != 0 {
			t.Errorf("%+v", c)
		}
		if e := w.past.Events(); len(e) != 1 || e[0].Count != 1000 || e[0].Kind != SetAside || e[0].Class != Poison {
			t.Errorf("%+v", e)
		}
		w.balanced(t)
	})
}

// Children that fail at random: each is restarted exactly when its own delay is over,
// whatever the others do, and nothing that was sent to it is lost.
func TestInRandomHistoriesOneChildsBackoffNeverDelaysAnother(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e"}
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 2))
			p := DefaultPolicy()
			p.Budget.Restarts = 1000
			w := newWorld(p, true, names...)
			defer w.end()
			w.strategy.o.Rand = rand.New(rand.NewPCG(seed, 3)).Float64 // its calls are serialised by the strategy's lock
			for i := range 40 {
				name := names[r.IntN(len(names))]
				w.system.Root.Send(w.kids[name], fail{"boom"})
				w.system.Root.Send(w.kids[name], fmt.Sprint("message ", i))
				synctest.Wait()
				time.Sleep(time.Duration(r.Int64N(int64(5 * time.Second))))
			}
			time.Sleep(time.Hour)
			synctest.Wait()
			due := map[string]time.Time{}
			for _, e := range w.events {
				switch e.Kind {
				case RestartScheduled:
					due[e.Child] = e.At.Add(e.Delay)
				case Restarted:
					if !e.At.Equal(due[e.Child]) {
						t.Errorf("seed %d: %s was restarted at %v, due at %v", seed, e.Child, e.At, due[e.Child])
					}
				default:
					t.Errorf("seed %d: %+v", seed, e)
				}
			}
			delivered := 0
			for _, line := range w.seen() {
				if strings.Contains(line, "message") {
					delivered++
				}
			}
			if c := w.counts.Read(); delivered != 40 || c.Failures != 40 || c.Restarts != 40 {
				t.Errorf("seed %d: %d delivered, %+v", seed, delivered, c)
			}
			w.balanced(t)
		})
	}
}

func TestAHistoryIsBounded(t *testing.T) {
	var h History
	for i := range 10_000 {
		h.add(Event{Child: "a", Attempt: i, Kind: RestartScheduled, Count: 1})
		h.add(Event{Child: "a", Attempt: i, Kind: Restarted, Count: 1})
	}
	if e := h.Events(); len(e) != historyLimit || e[historyLimit-1].Attempt != 9999 {
		t.Errorf("%d events", len(e))
	}
}

func TestAnEndAbandonsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(DefaultPolicy(), true, "a", "b")
		defer w.end()
		w.system.Root.Send(w.kids["a"], fail{"boom"})
		w.system.Root.Send(w.kids["b"], fail{"boom"})
		synctest.Wait()
		w.strategy.Forget("b")
		w.strategy.Close()
		time.Sleep(time.Hour)
		synctest.Wait()
		if c := w.counts.Read(); c.Abandoned != 2 || c.Restarts != 0 || c.Pending != 0 || len(w.seen()) != 2 {
			t.Errorf("%+v %v", c, w.seen())
		}
		w.balanced(t)
	})
}

// A timer that fires while its restart is dropped cannot be stopped any more: it has nothing to do.
func TestARestartThatWasDroppedAsItCameDueIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(DefaultPolicy(), true, "a")
		defer w.end()
		w.system.Root.Send(w.kids["a"], fail{"boom"})
		synctest.Wait()
		w.strategy.mu.Lock()
		k := w.strategy.kids["a"]
		due := k.pending.timer
		w.strategy.drop(k)
		w.strategy.mu.Unlock()
		due.Reset(0)
		time.Sleep(time.Second)
		synctest.Wait()
		if c := w.counts.Read(); c.Abandoned != 1 || c.Restarts+c.Siblings != 0 || len(w.seen()) != 1 {
			t.Errorf("%+v %v", c, w.seen())
		}
		w.balanced(t)
	})
}

// A parent that is restarted has its children made anew: whoever waited for that has it, and none
// comes later, which would be the new one's.
func TestAParentsRestartIsThatOfWhoWaitedForOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(DefaultPolicy(), true, "a", "b")
		defer w.end()
		w.system.Root.Send(w.kids["a"], fail{"boom"})
		synctest.Wait()
		w.strategy.ParentRestarts()
		if st := w.strategy.Status("a"); st.State != Running || !st.Next.IsZero() || st.Restarts != 1 {
			t.Errorf("%+v", st)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if c := w.counts.Read(); c.Restarts != 1 || c.Pending != 0 || c.Siblings != 0 || len(w.seen()) != 2 {
			t.Errorf("%+v %v", c, w.seen())
		}
		w.balanced(t)
	})
}

func TestAPanicInTheLastMessagesOfALifeIsContained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		system := NewSystem()
		var mu sync.Mutex
		var caught []string
		started := 0
		props := actor.PropsFromFunc(func(c actor.Context) {
			switch c.Message().(type) {
			case *actor.Started:
				started++
			case *actor.Stopping, *actor.Stopped:
				panic("at the end")
			}
		}, actor.WithReceiverMiddleware(Guard(func(_ *actor.PID, message, _ any) {
			mu.Lock()
			defer mu.Unlock()
			caught = append(caught, fmt.Sprintf("%T", message))
		})))
		pid := system.Root.Spawn(props)
		synctest.Wait()
		if !StopTree(system, pid, time.Minute) {
			t.Error("it did not stop")
		}
		synctest.Wait()
		if started != 1 || fmt.Sprint(caught) != "[*actor.Stopping *actor.Stopped]" {
			t.Errorf("started %d times, caught %v", started, caught)
		}
		time.Sleep(time.Minute)
	})
}

func TestAnActorThatNeverReturnsIsAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		system := NewSystem()
		release := make(chan struct{})
		pid := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
			if c.Message() == "block" {
				<-release
			}
		}))
		system.Root.Send(pid, "block")
		synctest.Wait()
		if StopTree(system, pid, time.Second) {
			t.Error("it stopped")
		}
		close(release)
		time.Sleep(time.Minute)
	})
}

func TestNobodyIsSentNothing(t *testing.T) {
	if Send(NewSystem().Root, nil, "hello") {
		t.Error("sent to nobody")
	}
}
