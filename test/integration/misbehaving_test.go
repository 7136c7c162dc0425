package integration

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/test/sandbox"
)

// spoken is an error whose Error does what it likes.
type spoken func() string

func (s spoken) Error() string { return s() }

// none has no element to index.
var none []int

func TestHoweverAStrategyFailsItCostsOneEvent(t *testing.T) {
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	for name, c := range map[string]struct {
		fail  func()
		cause string
	}{
		"a panic":                 {func() { panic("no good") }, "no good"},
		"a nil panic":             {func() { panic(nil) }, "nil argument"},
		"a runtime error":         {func() { _ = none[len(none)] }, "index out of range"},
		"Goexit":                  {func() { runtime.Goexit() }, "Goexit"},
		"a huge text":             {func() { panic(strings.Repeat("huge ", 1<<20)) }, "huge huge"},
		"control characters":      {func() { panic("\x1b[31m\nred") }, "[31m red"},
		"an Error that panics":    {func() { panic(spoken(func() string { panic("twice") })) }, "twice"},
		"an Error that blocks":    {func() { panic(spoken(func() string { <-never; return "" })) }, "cannot say"},
		"an Error that exits":     {func() { panic(spoken(func() string { runtime.Goexit(); return "" })) }, "cannot say"},
		"an account in its words": {func() { panic("order of 7654321 refused") }, "order of {account} refused"},
	} {
		t.Run(name, func(t *testing.T) {
			x := exchange(t, func(c *sandbox.Config) { c.EquityAccount = "7654321" })
			good, bad := &record{}, &record{}
			n := 0
			tree := start(t, configured(t, x, nil), recording("good", good, nil), recording("bad", bad, func(ctx actor.Context) {
				if _, ok := ctx.Message().(messages.Event); ok {
					if n++; n == 5 {
						c.fail()
					}
				}
			}))
			ready(t, tree)
			x.Publish(topic.BidOffer("AOT"), bookOf("AOT", messages.Baht), 20)
			eventually(t, "the rest after the restart", func() bool { return bad.count("bid_offer AOT 1") == 20 })
			eventually(t, "the sibling's", func() bool { return good.count("bid_offer AOT 1") == 20 })
			told := bad.notice("restarted").(*messages.Restarted)
			if told.Lost != 1 || !strings.Contains(told.Cause, c.cause) || len(told.Cause) > 300 || strings.ContainsAny(told.Cause, "\n\x1b") {
				t.Errorf("told %+v, want a word on %q", told, c.cause)
			}
			eventually(t, "the last delivery", func() bool { return tree.Snapshot().Strategies["bad"].Delivered == 19 })
			s := tree.Snapshot()
			if b := s.Strategies["bad"]; b.Failed != 1 || b.Restarts != 1 || s.Supervision.Failures != 1 {
				t.Errorf("%+v %+v", b, s.Supervision)
			}
			kept := tree.Poison()
			if len(kept) != 1 || kept[0].Reason != told.Cause || !strings.Contains(kept[0].Stack, "misbehaving_test.go") || kept[0].Seq != 5 {
				t.Errorf("kept %+v", kept)
			}
			balanced(t, s)
		})
	}
}

// badly registers a type whose constructor does what its test wants at each start, from 1.
func badly(r *record, make func(start int32) (actor.Actor, error), also func(actor.Context)) feedtree.StrategyType {
	var starts atomic.Int32
	return feedtree.Type("bad", func(struct{}) (actor.Actor, error) {
		n := starts.Add(1)
		if a, err := make(n); a != nil || err != nil || n < 3 {
			return a, err
		}
		return actor.ReceiveFunc(func(ctx actor.Context) {
			if e, ok := ctx.Message().(messages.Event); ok {
				r.Add(e)
			}
			if also != nil {
				also(ctx)
			}
		}), nil
	})
}

func TestAStrategyThatCannotStartLosesNothingOnceItCan(t *testing.T) {
	block := make(chan struct{})
	t.Cleanup(func() { close(block) })
	receive := func(do func()) actor.Actor {
		return actor.ReceiveFunc(func(ctx actor.Context) {
			if _, ok := ctx.Message().(*actor.Started); ok {
				do()
			}
		})
	}
	for name, c := range map[string]struct {
		twice           func() (actor.Actor, error) // its first two starts
		cause           string
		failed, replace uint64
	}{
		"an error":             {func() (actor.Actor, error) { return nil, errors.New("not yet") }, "not yet", 2, 0},
		"a panic":              {func() (actor.Actor, error) { panic("in new") }, "in new", 2, 0},
		"Goexit":               {func() (actor.Actor, error) { runtime.Goexit(); return nil, nil }, "Goexit", 2, 0},
		"no actor, no error":   {func() (actor.Actor, error) { return nil, nil }, "no actor and no error", 2, 0},
		"a panic in Started":   {func() (actor.Actor, error) { return receive(func() { panic("at once") }), nil }, "at once", 2, 0},
		"Goexit in Started":    {func() (actor.Actor, error) { return receive(runtime.Goexit), nil }, "Goexit", 2, 0},
		"a new that blocks":    {func() (actor.Actor, error) { <-block; return nil, nil }, "stuck", 2, 2},
		"a Started that hangs": {func() (actor.Actor, error) { return receive(func() { <-block }), nil }, "stuck", 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := exchange(t, nil)
			r, good := &record{}, &record{}
			cause := make(chan string, 1)
			tree := start(t, configured(t, x, func(c *config.Config) { c.Supervision.ReceiveDeadline = 50 * time.Millisecond }),
				recording("good", good, nil),
				badly(r, func(start int32) (actor.Actor, error) {
					if start < 3 {
						return c.twice()
					}
					return nil, nil
				}, func(ctx actor.Context) {
					if n, ok := ctx.Message().(*messages.Restarted); ok {
						cause <- n.Cause
					}
				}))
			ready(t, tree)
			x.Publish(topic.BidOffer("AOT"), bookOf("AOT", messages.Baht), 10)
			eventually(t, "the sibling's events", func() bool { return good.count("bid_offer AOT 1") == 10 })
			eventually(t, "its own, all of them", func() bool { return r.count("bid_offer AOT 1") == 10 })
			if why := <-cause; !strings.Contains(why, c.cause) {
				t.Errorf("told %q, want a word on %q", why, c.cause)
			}
			s := tree.Snapshot()
			if b := s.Strategies["bad"]; b.Failed != 0 || b.Restarts+b.Replaced != 2 || b.Replaced != c.replace || s.Supervision.Failures != c.failed {
				t.Errorf("%+v %+v", b, s.Supervision)
			}
		})
	}
}

func TestAStrategyThatFailsInItsLastMessagesHoldsUpNoEnd(t *testing.T) {
	for name, fail := range map[string]func(){"a panic": func() { panic("at the end") }, "Goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			x := exchange(t, nil)
			r := &record{}
			tree := start(t, configured(t, x, nil), recording("r", r, func(ctx actor.Context) {
				switch ctx.Message().(type) {
				case *actor.Stopping, *actor.Stopped, *actor.Restarting:
					fail()
				case messages.Event:
					if r.count("bid_offer AOT 1") == 1 {
						panic("for a restart")
					}
				}
			}))
			ready(t, tree)
			x.Publish(topic.BidOffer("AOT"), bookOf("AOT", messages.Baht), 10)
			eventually(t, "the restart", func() bool { return r.count("bid_offer AOT 1") == 10 })
			began := time.Now()
			tree.Stop(context.Background())
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("the end took %v", took)
			}
			s := tree.Snapshot()
			if v := s.Supervision; v.Failures != 1 || v.Restarts != 1 {
				t.Errorf("%+v", v)
			}
		})
	}
}

type touchy struct{ N int }

func (touchy) Validate() error { panic("in Validate") }

type hostileWord string

func (*hostileWord) UnmarshalText([]byte) error { panic("in UnmarshalText") }

func TestParametersWhoseChecksPanicAreAnErrorOfTheConfiguration(t *testing.T) {
	x := exchange(t, nil)
	idle := func() (actor.Actor, error) { return actor.ReceiveFunc(func(actor.Context) {}), nil }
	for want, typ := range map[string]feedtree.StrategyType{
		"in Validate":      feedtree.Type("bad", func(touchy) (actor.Actor, error) { return idle() }),
		"in UnmarshalText": feedtree.Type("bad", func(struct{ Word hostileWord }) (actor.Actor, error) { return idle() }),
	} {
		c := configured(t, x, func(c *config.Config) {
			s := config.DefaultStrategy("bad", "bad")
			if want != "in Validate" {
				s.Params = map[string]any{"word": "x"}
			}
			c.Strategies = []config.Strategy{s}
		})
		_, err := feedtree.Start(context.Background(), c, typ)
		if err == nil || feedtree.ExitCode(err) != 3 || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "strategies.bad.params") {
			t.Errorf("%s: %v", want, err)
		}
	}
}
