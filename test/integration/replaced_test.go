package integration

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

// sleeper is a strategy whose first incarnation hangs in its first event, and tries all there
// is when it wakes.
type sleeper struct {
	t                  *testing.T
	system             atomic.Pointer[actor.ActorSystem]
	r                  *record
	block              chan struct{}
	blocked, woke      chan struct{}
	first              atomic.Bool
	ear                atomic.Pointer[actor.PID] // an actor outside the tree
	self               atomic.Pointer[actor.PID] // of the first incarnation
	heard, unwanted    atomic.Int32
	kidStopped, stoped atomic.Int32
}

func (s *sleeper) receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		if s.first.CompareAndSwap(false, true) {
			s.onFirstStart(ctx)
		}
	case messages.Event:
		if s.self.Load().Equal(ctx.Self()) {
			close(s.blocked)
			<-s.block
			s.tryAll(ctx)
		}
	case *actor.Stopped:
		s.stoped.Add(1)
	case string:
		s.t.Errorf("a replaced actor was handed %q", m)
	}
}

func (s *sleeper) onFirstStart(ctx actor.Context) {
	s.self.Store(ctx.Self())
	s.system.Store(ctx.ActorSystem())
	s.ear.Store(ctx.ActorSystem().Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch c.Message().(type) {
		case *actor.Started, *actor.Stopping, *actor.Stopped:
		default:
			s.heard.Add(1)
		}
	})))
	ctx.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*actor.Stopped); ok {
			s.kidStopped.Add(1)
		}
	}))
}

// tryAll does everything that could reach somebody; it makes 23 attempts.
func (s *sleeper) tryAll(ctx actor.Context) {
	defer close(s.woke)
	t, ear, h := s.t, s.ear.Load(), feedtree.From(ctx)
	_, named := ctx.SpawnNamed(actor.PropsFromFunc(func(actor.Context) { s.unwanted.Add(1) }), "late")
	for what, err := range map[string]error{
		"Subscribe": h.Subscribe("KBANK"), "Unsubscribe": h.Unsubscribe("AOT"),
		"SubscribeTo": h.SubscribeTo(messages.KindCandlestick, "KBANK"), "UnsubscribeFrom": h.UnsubscribeFrom(messages.KindCandlestick, "KBANK"),
		"SpawnNamed": named,
	} {
		if !errors.Is(err, feedtree.ErrReplaced) {
			t.Errorf("%s: %v", what, err)
		}
	}
	queued, capacity := h.Backlog()
	if n := h.Discard(); n != 0 || queued != 0 || capacity != 0 || h.Utilisation() != 0 || h.DropRate() != 0 {
		t.Errorf("discarded %d, backlog %d of %d", n, queued, capacity)
	}
	ctx.Send(ear, "x")
	ctx.Request(ear, "x")
	ctx.RequestWithCustomSender(ear, "x", ctx.Self())
	ctx.Respond("x")
	ctx.Forward(ear)
	ctx.Watch(ear)
	ctx.Unwatch(ear)
	ctx.Stop(ear)
	ctx.Poison(ear)
	ctx.Stop(ctx.Parent())
	for what, f := range map[string]*actor.Future{"RequestFuture": ctx.RequestFuture(ear, "x", time.Hour),
		"StopFuture": ctx.StopFuture(ear), "PoisonFuture": ctx.PoisonFuture(ear)} {
		if err := f.Wait(); !errors.Is(err, actor.ErrDeadLetter) {
			t.Errorf("%s: %v", what, err)
		}
		ctx.ReenterAfter(f, func(any, error) { s.unwanted.Add(1) })
	}
	ctx.Spawn(actor.PropsFromFunc(func(actor.Context) { s.unwanted.Add(1) })) // panics
}

func TestAnActorThatWasReplacedReachesNobodyWhenItWakes(t *testing.T) {
	x := exchange(t, nil)
	r := &record{}
	s := &sleeper{t: t, r: r, block: make(chan struct{}), blocked: make(chan struct{}), woke: make(chan struct{})}
	tree := start(t, configured(t, x, func(c *config.Config) { c.Supervision.ReceiveDeadline = 20 * time.Millisecond }),
		recording("r", r, s.receive))
	ready(t, tree)
	aot, kbank := topic.BidOffer("AOT"), topic.BidOffer("KBANK")
	x.Publish(aot, bookOf("AOT", messages.Baht), 100)
	<-s.blocked
	eventually(t, "the rest through its successor", func() bool { return r.count("bid_offer AOT 1") == 100 })
	eventually(t, "its child's end while it is still blocked", func() bool { return s.kidStopped.Load() == 1 })
	s.system.Load().Root.Send(s.self.Load(), "too late")
	close(s.block)
	<-s.woke
	eventually(t, "its own end", func() bool { return s.stoped.Load() == 1 })
	x.Publish(aot, bookOf("AOT", messages.Baht), 10)
	eventually(t, "what comes later", func() bool { return r.count("bid_offer AOT 1") == 110 })
	if s.heard.Load() != 0 || s.unwanted.Load() != 0 {
		t.Errorf("it reached somebody: %d heard, %d spawned or reentered", s.heard.Load(), s.unwanted.Load())
	}
	subs := x.Stats().Subscriptions
	if subs[aot] != 1 || subs[kbank] != 0 {
		t.Errorf("it changed the subscriptions: %v", subs)
	}
	snap := tree.Snapshot()
	if c := snap.Strategies["r"]; c.Failed != 1 || c.Delivered != 109 || c.Replaced != 1 || c.Restarts != 0 || c.Discarded != 0 || c.Ignored != 23 {
		t.Errorf("%+v", c)
	}
	if v := snap.Supervision; v.Failures != 1 || v.Replaced != 1 {
		t.Errorf("%+v", v)
	}
}
