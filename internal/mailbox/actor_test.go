package mailbox

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.uber.org/goleak"

	"github.com/feedtree/feedtree/supervision"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// at once restarts a failed child without a delay, for ever.
type atOnce struct{ failures atomic.Int64 }

func (s *atOnce) HandleFailure(_ *actor.ActorSystem, parent actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, _, _ any) {
	s.failures.Add(1)
	parent.RestartChildren(child)
}

// stage is an actor on a queue, under a parent that restarts it.
type stage struct {
	t        testing.TB
	system   *actor.ActorSystem
	parent   *actor.PID
	child    atomic.Pointer[actor.PID]
	strategy atOnce
	failed   atomic.Int64
	unread   ledger.Counter
	q        *Queue[elem]
}

type spawn struct{ receive func(actor.Context) }

func newStage(t testing.TB, q *Queue[elem], runs bool, receive func(actor.Context)) *stage {
	s := &stage{t: t, q: q, system: supervision.NewSystem()}
	o := Options[elem]{Runs: runs, Message: func(e *elem) any { return *e }, Unread: &s.unread,
		Failed: func(_ elem, isElement bool, _ any) {
			if isElement {
				s.failed.Add(1)
			}
		}}
	ready := make(chan struct{}, 10)
	s.parent = s.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(spawn); ok {
			s.child.Store(c.Spawn(actor.PropsFromFunc(m.receive, actor.WithMailbox(Producer(q, o)))))
			ready <- struct{}{}
		}
	}, actor.WithSupervisor(&s.strategy)))
	s.system.Root.Send(s.parent, spawn{receive})
	<-ready
	t.Cleanup(func() {
		s.system.Root.StopFuture(s.parent).Wait()
		s.system.Shutdown()
	})
	return s
}

// another puts a further actor on the queue, which takes the lease.
func (s *stage) another(receive func(actor.Context)) {
	before := s.child.Load()
	s.system.Root.Send(s.parent, spawn{receive})
	s.until("the replacement", func() bool { return s.child.Load() != before })
}

func (s *stage) until(what string, is func() bool) {
	s.t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	over := time.After(20 * time.Second)
	for !is() {
		select {
		case <-look.C:
		case <-over:
			s.t.Fatalf("waited in vain for %s; %+v", what, s.q.Counts())
		}
	}
}

func (s *stage) quiet() { s.t.Helper(); s.until("quiet", s.q.Empty) }

func (s *stage) balanced() Counts {
	s.t.Helper()
	c := s.q.Counts()
	if !c.Balanced() {
		s.t.Errorf("%+v", c)
	}
	return c
}

func TestAPanicCostsTheElementInHandAndNoOther(t *testing.T) {
	q := mustQueue(t, config(1000, DropOldest))
	var got []int
	s := newStage(t, q, false, func(c actor.Context) {
		if e, ok := c.Message().(elem); ok {
			if got = append(got, e.V); e.V%10 == 0 {
				panic("on every tenth")
			}
		}
	})
	for i := 1; i <= 100; i++ {
		q.Push(run(i))
	}
	s.quiet()
	s.until("the last restart", func() bool { return s.strategy.failures.Load() == 10 })
	for i, v := range got {
		if v != i+1 {
			t.Fatalf("order: %v", got)
		}
	}
	if c := s.balanced(); c.Failed != 10 || c.Delivered != 90 || s.failed.Load() != 10 || len(got) != 100 {
		t.Errorf("%+v, %d seen", c, len(got))
	}
}

func TestAGoexitIsAFailureToo(t *testing.T) {
	q := mustQueue(t, config(100, DropOldest))
	s := newStage(t, q, false, func(c actor.Context) {
		if e, ok := c.Message().(elem); ok && e.V == 2 {
			runtime.Goexit()
		}
	})
	q.Push(run(1, 2, 3))
	s.quiet()
	if c := s.balanced(); c.Failed != 1 || c.Delivered != 2 {
		t.Errorf("%+v", c)
	}
}

func TestAPanicInARunGoesOnBehindTheElement(t *testing.T) {
	q := mustQueue(t, config(1000, DropOldest))
	var mu sync.Mutex
	var got []int
	s := newStage(t, q, true, func(c actor.Context) {
		r, ok := c.Message().(*Run[elem])
		if !ok {
			return
		}
		for {
			e, ok := r.Next()
			if !ok {
				return
			}
			mu.Lock()
			got = append(got, e.V)
			mu.Unlock()
			if e.V%7 == 0 {
				panic("on every seventh")
			}
		}
	})
	var all []elem
	for i := 1; i <= 100; i++ {
		all = append(all, elem{V: i})
	}
	q.Push(all)
	s.quiet()
	mu.Lock()
	defer mu.Unlock()
	for i, v := range got {
		if v != i+1 {
			t.Fatalf("order: %v", got)
		}
	}
	if c := s.balanced(); c.Failed != 14 || c.Delivered != 86 || len(got) != 100 {
		t.Errorf("%+v, %d seen", c, len(got))
	}
}

func TestAReplacedActorThatWakesUpConsumesAndCountsNothing(t *testing.T) {
	q := mustQueue(t, config(100, DropOldest))
	wake, stuck := make(chan struct{}), make(chan struct{})
	var old, young atomic.Int64
	s := newStage(t, q, false, func(c actor.Context) {
		if _, ok := c.Message().(elem); ok {
			if old.Add(1) == 1 {
				close(stuck)
				<-wake
			}
		}
	})
	q.Push(run(1, 2, 3, 4))
	<-stuck
	s.another(func(c actor.Context) {
		if _, ok := c.Message().(elem); ok {
			young.Add(1)
		}
	})
	s.quiet()
	close(wake)
	q.Push(run(5))
	s.until("the rest", func() bool { return young.Load() == 4 })
	if c := s.balanced(); c.Failed != 1 || c.Delivered != 4 || old.Load() != 1 {
		t.Errorf("%+v, the old one saw %d", c, old.Load())
	}
}

func TestControlMessagesAreNeverDroppedAndTakeTurnsWithTheQueue(t *testing.T) {
	q := mustQueue(t, config(10, DropOldest))
	var control, data atomic.Int64
	s := newStage(t, q, false, func(c actor.Context) {
		switch m := c.Message().(type) {
		case string:
			control.Add(1)
		case elem:
			if m.Notice == "" {
				data.Add(1)
			}
		}
	})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 2000 {
				q.Push(run(1, 2, 3))
				if i%2 == 0 {
					s.system.Root.Send(s.child.Load(), "control")
				}
			}
		})
	}
	wg.Wait()
	s.quiet()
	s.until("every control message", func() bool { return control.Load() == 4000 })
	if c := s.balanced(); c.Pushed != 24_000 || data.Load() != int64(c.Delivered) {
		t.Errorf("%+v, %d seen", c, data.Load())
	}
}

func TestAStopGivesTheQueueBackAndCountsWhatWasNotRead(t *testing.T) {
	q := mustQueue(t, config(100, DropOldest))
	gate, in := make(chan struct{}), make(chan struct{})
	s := newStage(t, q, false, func(c actor.Context) {
		if e, ok := c.Message().(elem); ok && e.V == 1 {
			close(in)
			<-gate
		}
	})
	q.Push(run(1, 2, 3))
	<-in
	stopped := s.system.Root.StopFuture(s.child.Load())
	s.system.Root.Send(s.child.Load(), "too late")
	close(gate)
	stopped.Wait()
	s.until("the count", func() bool { return s.unread.Load() == 1 })
	if c := s.balanced(); c.Delivered != 1 || c.Queued != 2 {
		t.Errorf("%+v", c)
	}
	q.End()
	if c := s.balanced(); c.Discarded != 2 || c.Queued != 0 {
		t.Errorf("%+v", c)
	}
}

func TestAnIdleActorHasNoGoroutineAndWakesForEveryPush(t *testing.T) {
	q := mustQueue(t, config(100, DropOldest))
	got := make(chan int)
	newStage(t, q, false, func(c actor.Context) {
		if e, ok := c.Message().(elem); ok {
			got <- e.V
		}
	})
	for i := range 2000 {
		q.Push(run(i))
		if v := <-got; v != i {
			t.Fatalf("%d, want %d", v, i)
		}
	}
}

// Several producers, panics, Goexits, replacements and discards at once: whatever the
// schedule, every element ends in one counter and the order of each producer is kept.
func TestEveryLedgerIsExactUnderStress(t *testing.T) {
	for _, runs := range []bool{false, true} {
		for seed := range uint64(6) {
			t.Run(fmt.Sprintf("runs=%v seed=%d", runs, seed), func(t *testing.T) { stress(t, runs, seed) })
		}
	}
}

func stress(t *testing.T, runs bool, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 3))
	q := mustQueue(t, config(1+rng.IntN(300), DropOldest))
	var seen, notices atomic.Int64
	last := make([]atomic.Int64, 4)
	one := func(e elem) {
		if e.Notice != "" {
			notices.Add(1)
			return
		}
		n := seen.Add(1)
		producer, v := e.V%4, int64(e.V)
		if before := last[producer].Swap(v); before >= v {
			t.Errorf("%d came after %d", v, before)
		}
		switch {
		case n%97 == 0:
			panic("stress")
		case n%211 == 0:
			runtime.Goexit()
		}
	}
	receive := func(c actor.Context) {
		switch m := c.Message().(type) {
		case elem:
			one(m)
		case *Run[elem]:
			for e, ok := m.Next(); ok; e, ok = m.Next() {
				one(*e)
			}
		}
	}
	s := newStage(t, q, runs, receive)
	var wg sync.WaitGroup
	for p := range 4 {
		r := rand.New(rand.NewPCG(seed, uint64(p)))
		wg.Go(func() {
			v := p + 4
			for range 400 {
				var push []elem
				for range 1 + r.IntN(40) {
					push = append(push, elem{V: v})
					v += 4
				}
				q.Push(push)
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			runtime.Gosched()
			q.Discard()
			s.system.Root.Send(s.child.Load(), "control")
		}
	})
	wg.Wait()
	s.quiet()
	c := s.balanced()
	if c.Queued != 0 || int64(c.Delivered+c.Failed) != seen.Load() || int64(c.Failed) != s.failed.Load() {
		t.Errorf("%+v, %d seen, %d failed", c, seen.Load(), s.failed.Load())
	}
}

func BenchmarkDelivery(b *testing.B) {
	q := mustQueue(b, config(1_000_000, DropOldest))
	done := make(chan struct{})
	n, want := 0, 0
	newStage(b, q, false, func(c actor.Context) {
		if _, ok := c.Message().(elem); ok {
			if n++; n == want {
				done <- struct{}{}
			}
		}
	})
	b.ReportAllocs()
	in := run(1)
	for b.Loop() {
		want += 1000
		for range 1000 {
			q.Push(in)
		}
		<-done
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/delivery")
}
