package matrix

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/test/harness"
)

func isEvent(ctx actor.Context) bool { _, ok := ctx.Message().(messages.Event); return ok }

func aSlowStrategy(t *testing.T) {
	const capacity = 50
	slow, gate := &watcher{}, make(chan struct{})
	f := begin(t, nil, func(c *config.Config) {
		for _, name := range []string{"one", "two", "slow"} {
			c.Strategies = append(c.Strategies, config.DefaultStrategy(name, name))
		}
		c.Strategies[2].Mailbox.Capacity = capacity
	}, watching("slow", slow, func(ctx actor.Context) {
		if isEvent(ctx) {
			<-gate
		}
	}))
	f.book(aot, "AOT", 1)
	harness.Eventually(t, "one in its hand", func() bool { n, _ := slow.Seen(); return n == 1 })
	f.book(aot, "AOT", 1000)
	harness.Eventually(t, "all of it at the others", func() bool {
		one, _ := f.one.Seen()
		two, _ := f.two.Seen()
		return one == 1001 && two == 1001 && f.tree.Snapshot().Strategies["slow"].Pushed == 1001
	})
	close(gate)
	harness.Eventually(t, "its backlog's end", func() bool { return f.tree.Snapshot().Strategies["slow"].Queued == 0 })
	var seqs []uint64
	for _, m := range slow.Messages() {
		if e, ok := m.(messages.Event); ok {
			seqs = append(seqs, e.Seq())
		}
	}
	want := []uint64{1}
	for seq := uint64(1001 - capacity + 1); seq <= 1001; seq++ {
		want = append(want, seq)
	}
	if !slices.Equal(seqs, want) {
		t.Errorf("the survivors are %v", seqs)
	}
	const dropped = 1001 - 1 - capacity
	lines := slow.Lines()
	if o, ok := slow.First("overflowed").(*messages.Overflowed); !ok || o.Count != dropped || slices.Index(lines, "overflowed") != len(lines)-capacity-1 {
		t.Errorf("told of %+v, in %v", o, lines)
	}
	if c := f.tree.Snapshot().Strategies["slow"]; c.Dropped != dropped || c.Delivered != capacity+1 {
		t.Errorf("%+v", c)
	}
	f.end(orderly)
}

func aPanickingStrategy(t *testing.T) {
	bad, n := &watcher{}, 0
	f := begin(t, nil, nil, watching("bad", bad, func(ctx actor.Context) {
		if isEvent(ctx) {
			if n++; n%100 == 0 {
				panic("every hundredth")
			}
		}
	}))
	f.book(aot, "AOT", 1000)
	harness.Eventually(t, "ten restarts", func() bool { return bad.Count("restarted") == 10 })
	harness.Eventually(t, "all of it everywhere", func() bool {
		c := f.tree.Snapshot().Strategies
		return c["bad"].Delivered+c["bad"].Failed == 1000 && c["one"].Delivered == 1000 && c["two"].Delivered == 1000
	})
	s := f.tree.Snapshot()
	if c := s.Strategies["bad"]; c.Failed != 10 || c.Restarts != 10 || c.Dropped+c.Discarded != 0 {
		t.Errorf("%+v", c)
	}
	if v := s.Supervision; v.Failures != 10 || v.Restarts != 10 || len(f.tree.Poison()) != 10 {
		t.Errorf("%+v, %d kept", v, len(f.tree.Poison()))
	}
	if seen, _ := bad.Seen(); seen != 1000 {
		t.Errorf("it saw %d events: more was lost than what it failed on", seen)
	}
	if wrong := bad.Problems(false); len(wrong) > 0 {
		t.Error(wrong)
	}
	f.end(orderly)
}

func aBlockedStrategy(t *testing.T) {
	const deadline = 300 * time.Millisecond
	stuck, block, woke := &watcher{}, make(chan struct{}), make(chan struct{})
	second, goOn := make(chan struct{}), make(chan struct{})
	var events, late atomic.Int64
	f := begin(t, nil, func(c *config.Config) { c.Supervision.ReceiveDeadline = deadline }, watching("stuck", stuck, func(ctx actor.Context) {
		if !isEvent(ctx) {
			return
		}
		switch events.Add(1) {
		case 1:
			<-block
			close(woke)
		case 2: // its successor waits, too, but not for too long: the queue is full when the old one wakes
			close(second)
			<-goOn
		default:
			if !strings.HasSuffix(ctx.Self().Id, "~1") {
				late.Add(1)
			}
		}
	}))
	f.book(aot, "AOT", 500)
	<-second
	close(block)
	<-woke
	harness.Eventually(t, "everything at the others", func() bool { n, _ := f.two.Seen(); return n == 500 })
	close(goOn)
	harness.Eventually(t, "the rest through its successor", func() bool { n, _ := stuck.Seen(); return n == 500 })
	s := f.tree.Snapshot()
	if c := s.Strategies["stuck"]; c.Replaced != 1 || c.Failed != 1 || c.Delivered != 499 || s.Supervision.Replaced != 1 {
		t.Errorf("%+v, %+v", c, s.Supervision)
	}
	if at := stuck.First("restarted").(*messages.Restarted); at.Lost != 1 {
		t.Errorf("%+v", at)
	}
	f.book(aot, "AOT", 10)
	f.flows(0)
	harness.Eventually(t, "what comes later", func() bool { n, _ := stuck.Seen(); return n == 510 })
	if c := f.tree.Snapshot().Strategies["stuck"]; c.Delivered != 509 || c.Failed != 1 || late.Load() != 0 {
		t.Errorf("the old one consumed %d events when it woke, or counted some: %+v", late.Load(), c)
	}
	if wrong := stuck.Problems(false); len(wrong) > 0 {
		t.Error(wrong)
	}
	f.end(orderly)
}

// aBlockedEnd is a strategy that does not return while the tree stops.
func aBlockedEnd(t *testing.T) {
	block := make(chan struct{})
	f := begin(t, nil, func(c *config.Config) {
		c.Supervision.ReceiveDeadline, c.Shutdown.Deadline = 0, 500*time.Millisecond
	}, watching("stuck", &watcher{}, func(ctx actor.Context) {
		if isEvent(ctx) {
			<-block
		}
	}))
	f.book(aot, "AOT", 100)
	harness.Eventually(t, "everything at the others", func() bool { n, _ := f.two.Seen(); return n == 100 })
	began := time.Now()
	f.tree.Stop(context.Background())
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the end took %v", took)
	}
	if c := f.tree.Snapshot().Strategies["stuck"]; c.Discarded != 100 || c.Queued != 0 {
		t.Errorf("%+v", c)
	}
	f.end(orderly)
	close(block)
}
