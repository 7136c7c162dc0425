package paths

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/feedtree/feedtree/internal/mailbox"
	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/internal/topic"
)

func TestBeyondTheBoundWhoAsksIsNotSampledNorIsWhatHangsUnderIt(t *testing.T) {
	l := newLab(t, func(c *Config) { c.Slow, c.PerSecond = 0, 1 })
	first, second := event(7), event(8)
	l.Ask(&first, "spread", NotAsked)
	ctx, answer := l.Ask(&second, "spread", NotAsked)
	if sc := trace.SpanContextFromContext(ctx); answer != Refused || sc.IsSampled() || !sc.IsValid() {
		t.Fatalf("%v %v", answer, sc)
	}
	_, user := trace.SpanFromContext(ctx).TracerProvider().Tracer("mine").Start(ctx, "order")
	user.End()
	l.Delivered(&second, "spread", 110*ms, 111*ms, answer)
	if spans := l.done(t); len(spans) != 0 || l.counts.Suppressed.Load() != 1 {
		t.Errorf("%v", spans)
	}
}

func TestAStormOfOneClassIsBoundedAndHidesNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, func(c *Config) { c.PerSecond = 10 })
		for range 3 {
			for seq := range uint64(1000) {
				it := event(seq + 1)
				l.Delivered(&it, "spread", 110*ms, 115*ms, NotAsked)
			}
			it := event(5000)
			l.Failed(it, "spread", 110*ms, 115*ms, NotAsked, "panic", "x", "")
			time.Sleep(time.Second)
			synctest.Wait() // the tracer's own second has passed, too
		}
		l.Close(context.Background())
		if c := l.counts.Read(nil); c.Chosen != 33 || c.Made != 33 || c.Suppressed != 2970 || c.Lost != 0 {
			t.Errorf("%+v", c)
		}
	})
}

func TestWhatWaitedBehindASlowEventDoesNotHideIt(t *testing.T) {
	l := newLab(t, func(c *Config) { c.PerSecond = 3 })
	for seq := range uint64(10) {
		it := event(seq + 1)
		if l.Delivered(&it, "spread", 110*ms, 110*ms+1, NotAsked) != (seq < 3) {
			t.Errorf("the bound on what waited: event %d", seq+1)
		}
	}
	it := event(11)
	if !l.Delivered(&it, "spread", 110*ms, 115*ms, NotAsked) {
		t.Error("the event whose own Receive was slow has no trace")
	}
}

func TestAStormOfDropsDoesNotHideWhatTheDecoderRefused(t *testing.T) {
	l := newLab(t, func(c *Config) { c.PerSecond = 2 })
	m := &raw.Message{Topic: []byte(topic.BidOffer("AOT")), Payload: []byte("x"), Wall: wall, Mono: 100 * ms}
	for i := range 5 {
		it := event(uint64(i) + 1)
		l.Gone(&it, "spread", mailbox.Dropped)
		if got := l.Undecoded(m, 0, "dropped", "dropped").IsValid(); got != (i == 0) {
			t.Errorf("drop %d of the raw queue: a trace %v", i, got)
		}
	}
	for i := range 3 {
		if got := l.Undecoded(m, 101*ms, "malformed", "cut off").IsValid(); got != (i < 2) {
			t.Errorf("refused message %d: a trace %v", i, got)
		}
	}
}

func TestAFullQueueLosesTracesCountedAndHoldsNobodyUp(t *testing.T) {
	block := make(chan struct{})
	l := newLab(t, func(c *Config) {
		c.Ratio, c.Queue = 1, 4
		c.Server = func(uint64) (string, int) { <-block; return "", 0 }
	})
	for seq := range uint64(100) {
		it := event(seq + 1)
		it.Traced = true
		l.Delivered(&it, "spread", 110*ms, 111*ms, NotAsked)
	}
	close(block)
	l.Close(context.Background())
	it := event(101)
	it.Traced = true
	l.Delivered(&it, "spread", 110*ms, 111*ms, NotAsked) // after the end
	if c := l.counts.Read(nil); c.Chosen != 101 || c.Made+c.Lost != 101 || c.Made < 4 || c.Made > 5 {
		t.Errorf("%+v", c)
	}
}

func TestWhatIsNotMadeByTheEndIsCountedLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block := make(chan struct{})
		l := newLab(t, func(c *Config) {
			c.Ratio = 1
			c.Server = func(uint64) (string, int) { <-block; return "", 0 }
		})
		for seq := range uint64(50) {
			it := event(seq + 1)
			it.Traced = true
			l.Delivered(&it, "spread", 110*ms, 111*ms, NotAsked)
		}
		over, cancel := context.WithCancel(context.Background())
		cancel()
		began := time.Now()
		l.Close(over)
		if took := time.Since(began); took != atLeast {
			t.Errorf("the end took %v, want %v", took, atLeast)
		}
		close(block)
		synctest.Wait()
		if c := l.counts.Read(nil); c.Chosen != 50 || c.Made != 1 || c.Lost != 49 {
			t.Errorf("%+v", c)
		}
	})
}

func TestAnEventThatIsNotChosenAllocatesNothing(t *testing.T) {
	for name, l := range map[string]*Tracer{"off": nil, "on": newLab(t, func(c *Config) { c.Ratio = 0.0001 }).Tracer,
		"in a storm": newLab(t, func(c *Config) { c.PerSecond = 0 }).Tracer} {
		it := event(7)
		start, end := 100*ms+1, 100*ms+2
		if name == "in a storm" {
			end = 200 * ms
		}
		if n := testing.AllocsPerRun(1000, func() {
			it.Traced = l.Chosen(1, 2)
			l.Delivered(&it, "spread", start, end, NotAsked)
			if name != "on" { // where a drop is chosen
				l.Gone(&it, "spread", mailbox.Dropped)
			}
		}); n != 0 || it.Traced {
			t.Errorf("%s: %v allocations, chosen %v", name, n, it.Traced)
		}
	}
}
