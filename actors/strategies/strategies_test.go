package strategies

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/ctxext"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/internal/mailbox"
	"github.com/feedtree/feedtree/internal/paths"
	"github.com/feedtree/feedtree/internal/poison"
	"github.com/feedtree/feedtree/internal/ratelog"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/supervision"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

type extension struct{}

var extensionID = ctxext.NextContextExtensionID()

func (extension) ExtensionID() ctxext.ContextExtensionID { return extensionID }

// restarting restarts a failed child at once.
type restarting struct{}

func (restarting) HandleFailure(_ *actor.ActorSystem, parent actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, _, _ any) {
	parent.RestartChildren(child)
}

type play struct {
	*Instance
	poison *poison.Store
	system *actor.ActorSystem
	parent *actor.PID
	mu     sync.Mutex
	log    []string
}

func (p *play) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, fmt.Sprintf(format, args...))
}

// newPlay runs an instance whose actor notes what it receives, and then does what is asked.
func newPlay(t *testing.T, also func(c actor.Context), make func(n int) error) *play {
	t.Helper()
	p := &play{system: supervision.NewSystem()}
	var err error
	if p.poison, err = poison.New(poison.Limits{Entries: 1000, Bytes: 16 << 20}); err != nil {
		t.Fatal(err)
	}
	n := 0
	p.Instance, err = New(Config{Name: "x", Type: "t", Extension: func(func() bool) ctxext.ContextExtension { return extension{} },
		Reason: func(r any) error { return fmt.Errorf("%v", r) }, Topic: func(int) *topic.Topic { return nil }, Unread: &ledger.Counter{}, Poison: p.poison,
		Lines: ratelog.New(slog.New(slog.DiscardHandler)),
		Queue: mailbox.Config[flow.Item]{Name: "x", Capacity: 100, IsNotice: flow.IsNotice},
		Snapshot: func() []messages.Notice {
			return []messages.Notice{&messages.Snapshot{Event: messages.NewBidOffer(&messages.BidOfferData{Symbol: "OLD"})}}
		},
		New: func() (actor.Actor, error) {
			n++
			if make != nil {
				if err := make(n); err != nil {
					return nil, err
				}
			}
			return actor.ReceiveFunc(func(c actor.Context) {
				switch m := c.Message().(type) {
				case messages.Event:
					p.note("event %s", m.Symbol())
				case *messages.Restarted:
					p.note("restarted: %s, lost %d", m.Cause, m.Lost)
				case messages.Notice:
					p.note("%s", m.Type())
				default:
					p.note("%T", m)
				}
				if also != nil {
					also(c)
				}
			}), nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	p.parent = p.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*actor.Started); ok {
			c.Spawn(p.Props())
		}
	}, actor.WithSupervisor(restarting{})))
	synctest.Wait()
	return p
}

func (p *play) end() {
	p.system.Root.StopFuture(p.parent).Wait()
	p.system.Shutdown()
	time.Sleep(time.Minute)
}

func (p *play) is(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Equal(p.log, want) {
		t.Errorf("received\n%q, want\n%q", p.log, want)
	}
	p.log = nil
}

func item(symbol string) flow.Item {
	return flow.Item{Msg: messages.NewBidOffer(&messages.BidOfferData{Symbol: symbol})}
}

func TestANewIncarnationIsToldWhyFirstThenShownWhatIsKnownThenGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t, func(c actor.Context) {
			if e, ok := c.Message().(messages.Event); ok && e.Symbol() == "BAD" {
				panic("no good")
			}
			if _, ok := c.Message().(*actor.Started); ok && c.Get(extensionID) == nil {
				t.Error("no handle at the start")
			}
		}, nil)
		defer p.end()
		p.is(t, "*actor.Started", "snapshot")
		p.Q.Push([]flow.Item{item("A"), item("BAD"), item("B")})
		p.is(t, "event A", "event BAD", "*actor.Restarting", "*actor.Started", "restarted: no good, lost 1", "snapshot", "event B")
		if c := p.Counts(3); c.Delivered != 2 || c.Failed != 1 || c.State != "running" {
			t.Errorf("%+v", c)
		}
		kept := p.poison.List()
		if len(kept) != 1 || kept[0].Reason != "no good" || kept[0].Stack == "" || len(kept[0].Payload) == 0 {
			t.Errorf("%+v", kept)
		}
	})
}

func TestOnlyAnActorThatIsStillInThatReceiveIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wake := make(chan struct{})
		p := newPlay(t, func(c actor.Context) {
			if e, ok := c.Message().(messages.Event); ok && e.Symbol() == "LONG" {
				<-wake
			}
		}, nil)
		defer p.end()
		never := func(string) bool { t.Error("nobody was to be given up"); return false }
		if _, ok := p.GiveUp(0, never); ok {
			t.Error("an idle actor was given up")
		}
		p.Q.Push([]flow.Item{item("LONG")})
		time.Sleep(3 * time.Second)
		if _, ok := p.GiveUp(3*time.Second, never); ok {
			t.Error("given up at its limit, not beyond it")
		}
		wake <- struct{}{}
		p.is(t, "*actor.Started", "snapshot", "event LONG")
		p.Q.Push([]flow.Item{item("A")})
		p.is(t, "event A") // the same one goes on

		p.Q.Push([]flow.Item{item("LONG"), item("B")})
		time.Sleep(4 * time.Second)
		name := p.ActorName()
		since, ok := p.GiveUp(3*time.Second, func(cause string) bool {
			if !p.GivenUp() || p.ActorName() != name || cause != "stuck: Receive has not returned for 4s" {
				t.Errorf("while it is decided: given up %v, named %s, %s", p.GivenUp(), p.ActorName(), cause)
			}
			return true
		})
		if !ok || since != 4*time.Second || p.ActorName() == name || p.State() != Starting {
			t.Errorf("%v %v, named %s, %s", ok, since, p.ActorName(), p.State())
		}
		if _, ok := p.GiveUp(0, never); ok {
			t.Error("given up twice")
		}
		wake <- struct{}{}
		p.is(t, "event LONG")
		if c := p.Counts(4); c.Delivered != 2 || c.Failed != 1 || c.Queued != 1 {
			t.Errorf("%+v", c)
		}
	})
}

func TestAConstructorThatFailsIsAFailureOfThatStartAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t, nil, func(n int) error {
			if n < 3 {
				return errors.New("not yet")
			}
			return nil
		})
		defer p.end()
		p.Q.Push([]flow.Item{item("A")})
		p.is(t, "*actor.Started", "restarted: strategy x could not be made: not yet, lost 0", "snapshot", "event A")
	})
}

func TestAFailureOnWhatIsNoEventIsNotTracedToTheEventBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t, func(c actor.Context) {
			switch m := c.Message().(type) {
			case messages.Event:
				panic("no good")
			case *messages.Snapshot:
				if m.Event.Symbol() == "BAD" {
					panic("no event")
				}
			}
		}, nil)
		defer p.end()
		tracer, err := paths.New(paths.Config{Provider: sdktrace.NewTracerProvider(sdktrace.WithIDGenerator(paths.IDs{})),
			PerSecond: 100, Queue: 10, Counts: &ledger.Paths{}, Topics: topic.NewTable(),
			Server: func(uint64) (string, int) { return "", 0 }, Plain: func(s string) string { return s }})
		if err != nil {
			t.Fatal(err)
		}
		defer tracer.Close(t.Context())
		p.Paths = tracer
		bad := item("BAD")
		p.Q.Push([]flow.Item{bad})
		p.is(t, "*actor.Started", "snapshot", "event BAD", "*actor.Restarting", "*actor.Started", "restarted: no good, lost 1", "snapshot")
		if !p.Failure().IsValid() {
			t.Fatal("the event that it failed on has no trace")
		}
		p.Q.Push([]flow.Item{flow.Notice(&messages.Snapshot{Event: bad.Msg.(messages.Event)}, 1)})
		p.is(t, "snapshot", "*actor.Restarting", "*actor.Started", "restarted: no event, lost 0", "snapshot")
		if sc := p.Failure(); sc.IsValid() {
			t.Errorf("it leads to %v", sc)
		}
	})
}

func TestPanicsInTheLastMessagesEndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t, func(c actor.Context) {
			switch c.Message().(type) {
			case *actor.Stopping, *actor.Stopped, *actor.Restarting:
				panic("at the end")
			case messages.Event:
				panic("an event")
			}
		}, nil)
		p.Q.Push([]flow.Item{item("A")})
		synctest.Wait()
		p.end()
		select {
		case <-p.Done():
		default:
			t.Error("its end was not told")
		}
		if p.State() != Stopped {
			t.Error(p.State())
		}
	})
}

func TestAnEventIsHandedOverWithoutAnAllocation(t *testing.T) {
	tracer, err := paths.New(paths.Config{Provider: sdktrace.NewTracerProvider(sdktrace.WithIDGenerator(paths.IDs{})),
		Ratio: 0.0001, Slow: time.Millisecond, PerSecond: 100, Queue: 10, Counts: &ledger.Paths{}})
	if err != nil {
		t.Fatal(err)
	}
	defer tracer.Close(t.Context())
	for name, p := range map[string]*paths.Tracer{"untraced": nil, "not chosen": tracer} {
		t.Run(name, func(t *testing.T) { handOver(t, p) })
	}
}

func handOver(t *testing.T, p *paths.Tracer) {
	q, err := mailbox.New(mailbox.Config[flow.Item]{Name: "x", Capacity: 100, IsNotice: flow.IsNotice})
	if err != nil {
		t.Fatal(err)
	}
	in := &Instance{Config: Config{Times: &Times{}, Paths: p}, Q: q}
	inc := &incarnation{}
	run := []flow.Item{item("A")}
	l := q.Lease(nil)
	if n := testing.AllocsPerRun(1000, func() {
		q.Push(run)
		it, notice, _ := l.Next()
		in.delivered(inc, &run[0], notice, 1, 2)
		_ = it.Msg
	}); n != 0 {
		t.Error(n)
	}
}

func TestAnEventReachesTheUsersActorWithoutAnAllocation(t *testing.T) {
	var got atomic.Int64
	system := supervision.NewSystem()
	defer system.Shutdown()
	in, err := New(Config{Name: "x", Extension: func(func() bool) ctxext.ContextExtension { return extension{} },
		Queue: mailbox.Config[flow.Item]{Name: "x", Capacity: 1000, IsNotice: flow.IsNotice},
		New: func() (actor.Actor, error) {
			return actor.ReceiveFunc(func(c actor.Context) {
				if _, ok := c.Message().(messages.Event); ok {
					got.Add(1)
				}
			}), nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	pid := system.Root.Spawn(in.Props())
	defer func() { system.Root.StopFuture(pid).Wait() }()
	const events = 500
	run := slices.Repeat([]flow.Item{item("A")}, events)
	want := int64(0)
	// A wake-up costs an allocation or two, however many events it is for.
	if n := testing.AllocsPerRun(100, func() {
		in.Q.Push(run)
		for want += events; got.Load() < want; {
			runtime.Gosched()
		}
	}); n > 10 {
		t.Errorf("%v allocations for %d events", n, events)
	}
}
