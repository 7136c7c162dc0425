package health

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.uber.org/goleak"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/seen"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/supervision"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAStateFollowsFromWhatWasSeenAndWhen(t *testing.T) {
	s := int64(time.Second)
	base := input{Now: 100 * s, Last: 99 * s, Since: 50 * s, Connected: true, Open: true, Threshold: 5 * time.Second}
	with := func(change func(*input)) input {
		in := base
		change(&in)
		return in
	}
	for _, c := range []struct {
		name         string
		from         seen.State
		in           input
		symbol, feed seen.State
	}{
		{"an event just now", seen.Live, base, seen.Live, seen.Live},
		{"exactly at the threshold", seen.Live, with(func(i *input) { i.Last = 95 * s }), seen.Live, seen.Live},
		{"a nanosecond above it", seen.Live, with(func(i *input) { i.Last = 95*s - 1 }), seen.Stale, seen.Stale},
		{"an age that would be negative", seen.Live, with(func(i *input) { i.Last = 200 * s }), seen.Live, seen.Live},
		{"silent, but the session opened just now", seen.Live, with(func(i *input) { i.Last, i.Since = 1*s, 98*s }), seen.Live, seen.Live},
		{"never seen", seen.Unknown, with(func(i *input) { i.Last, i.Since = 0, 1*s }), seen.Unknown, seen.Stale},
		{"never seen, connected just now", seen.Unknown, with(func(i *input) { i.Last, i.Since = 0, 99*s }), seen.Unknown, seen.Unknown},
		{"seen before the market opened again", seen.Unknown, with(func(i *input) { i.Last, i.Since = 10*s, 50*s }), seen.Stale, seen.Stale},
		{"stale stays stale until an event", seen.Stale, base, seen.Stale, seen.Stale},
		{"the market closed", seen.Live, with(func(i *input) { i.Open = false }), seen.Closed, seen.Closed},
		{"the market closed on a stale one", seen.Stale, with(func(i *input) { i.Open = false }), seen.Closed, seen.Closed},
		{"never seen in a closed market", seen.Unknown, with(func(i *input) { i.Last, i.Open = 0, false }), seen.Closed, seen.Closed},
		{"it opened again", seen.Closed, base, seen.Unknown, seen.Unknown},
		{"disconnected", seen.Live, with(func(i *input) { i.Connected = false }), seen.Unknown, seen.Unknown},
		{"disconnected and closed", seen.Closed, with(func(i *input) { i.Connected, i.Open = false, false }), seen.Unknown, seen.Unknown},
		{"rejected stays rejected", seen.Rejected, with(func(i *input) { i.Open = false }), seen.Rejected, seen.Rejected},
	} {
		if got := nextSymbol(c.from, c.in); got != c.symbol {
			t.Errorf("%s: a symbol that was %v becomes %v, want %v", c.name, c.from, got, c.symbol)
		}
		if got := nextFeed(c.from, c.in); got != c.feed {
			t.Errorf("%s: a feed that was %v becomes %v, want %v", c.name, c.from, got, c.feed)
		}
	}
}

func TestTheCalendarKnowsSessionsWeekendsAndHolidays(t *testing.T) {
	bangkok := time.FixedZone("Asia/Bangkok", 7*3600)
	h := func(hour, minute int) time.Duration {
		return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
	}
	c := Calendar{Zone: bangkok, Sessions: []Session{{h(10, 0), h(12, 30)}, {h(14, 0), h(16, 30)}}, Holidays: map[string]bool{"2026-12-10": true}}
	for _, w := range []struct {
		at   time.Time
		open bool
	}{
		{time.Date(2026, 11, 24, 10, 0, 0, 0, bangkok), true}, {time.Date(2026, 11, 24, 9, 59, 59, 0, bangkok), false},
		{time.Date(2026, 11, 24, 12, 30, 0, 0, bangkok), false}, {time.Date(2026, 11, 24, 16, 29, 59, 0, bangkok), true},
		{time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC), true},   // 10:00 there
		{time.Date(2026, 11, 28, 11, 0, 0, 0, bangkok), false},  // Saturday
		{time.Date(2026, 12, 10, 11, 0, 0, 0, bangkok), false},  // a holiday
		{time.Date(2026, 11, 29, 20, 0, 0, 0, time.UTC), false}, // Monday 03:00 there
	} {
		if got := c.Open(w.at); got != w.open {
			t.Errorf("%v: open %v", w.at, got)
		}
	}
	if !(Calendar{}).Open(time.Time{}) {
		t.Error("without sessions it must be open")
	}
}

func TestSeriesAreToldFromEquities(t *testing.T) {
	for name, want := range map[string]bool{"S50Z26": true, "GFZ26": true, "USDH27": true, "S50Z26C900": true, "AOT": false, "BBL-F": false,
		"COM7": false, "PTTEP": false, "SYM123": false} {
		if got := isSeries(name, 0); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if !isSeries("X", messages.MarketStatusOpen1D) || isSeries("S50Z26", messages.MarketStatusOpen1E) {
		t.Error("its own status must decide")
	}
}

// ward is a parent over a store, in virtual time.
type ward struct {
	store  *seen.Store
	system *actor.ActorSystem
	pid    *actor.PID

	mu        sync.Mutex
	connected int64
	asked     []string
	forgotten []string
}

func newWard(names ...string) *ward {
	w := &ward{store: seen.New(), connected: clock.Mono(), system: supervision.NewSystem()}
	market := w.store.Market("SET", false, 0)
	market.SetStatus(int32(messages.EquityMarketStatusOpen1))
	for i, n := range names {
		w.store.Want(w.store.Symbol(n, i+1), true)
	}
	note := func(s string) { w.mu.Lock(); defer w.mu.Unlock(); w.asked = append(w.asked, s) }
	w.pid = w.system.Root.Spawn(actor.PropsFromProducer(Producer(Deps{
		Store: w.store, Connected: func() (bool, int64) { w.mu.Lock(); defer w.mu.Unlock(); return w.connected != 0, w.connected },
		FeedGap: 5 * time.Second, SymbolGap: func(string) time.Duration { return 10 * time.Second }, Sweep: 250 * time.Millisecond,
		Stale: func(s *seen.Symbol, _ int64, _ time.Duration) {
			note("stale " + s.Name)
			s.Move(seen.Live, seen.Stale) // as the decoder does
			s.Move(seen.Unknown, seen.Stale)
		},
		Dead: func(int64, time.Duration) {
			note("dead")
			w.store.Feed.Move(seen.Live, seen.Stale)
			w.store.Feed.Move(seen.Unknown, seen.Stale)
		},
		Child:  func(p actor.Producer) *actor.Props { return actor.PropsFromProducer(p) },
		Forget: func(c string) { w.mu.Lock(); defer w.mu.Unlock(); w.forgotten = append(w.forgotten, c) },
	})))
	synctest.Wait()
	return w
}

func (w *ward) pass(d time.Duration) []string {
	time.Sleep(d)
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	out := slices.Clone(w.asked)
	w.asked = nil
	return out
}

func (w *ward) touch(name string) {
	w.store.Feed.Touch(clock.Mono())
	w.store.Find(name).Touch(clock.Mono())
}

func (w *ward) end() {
	w.system.Root.StopFuture(w.pid).Wait()
	w.system.Shutdown()
	time.Sleep(time.Minute)
}

func TestSilenceIsAskedForOnceAndOnlyWhileTheMarketIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard("AOT", "PTT")
		defer w.end()
		w.touch("AOT") // PTT is never seen
		if got := w.pass(4 * time.Second); len(got) != 0 {
			t.Error("too early:", got)
		}
		if got := fmt.Sprint(w.pass(2 * time.Second)); got != "[dead]" {
			t.Error(got)
		}
		if got := fmt.Sprint(w.pass(20 * time.Second)); got != "[stale AOT]" {
			t.Error(got)
		}
		w.touch("AOT")
		if s := w.store.Find("AOT").State(); s != seen.Live {
			t.Error(s)
		}
		// Intermission: everything closed, and no burst when it opens again.
		w.store.Market("SET", false, 0).SetStatus(int32(messages.EquityMarketStatusIntermission))
		if got := w.pass(time.Hour); len(got) != 0 || w.store.Find("AOT").State() != seen.Closed || w.store.Feed.State() != seen.Closed {
			t.Error(got, w.store.Find("AOT").State(), w.store.Feed.State())
		}
		w.store.Market("SET", false, 0).SetStatus(int32(messages.EquityMarketStatusOpen2))
		if got := w.pass(4 * time.Second); len(got) != 0 || w.store.Find("AOT").State() != seen.Unknown {
			t.Error(got, w.store.Find("AOT").State())
		}
		if got := fmt.Sprint(w.pass(20 * time.Second)); got != "[dead stale AOT]" {
			t.Error(got)
		}
		// Disconnected: unknown, and nothing to ask for.
		w.mu.Lock()
		w.connected = 0
		w.mu.Unlock()
		if got := w.pass(time.Hour); len(got) != 0 || w.store.Find("AOT").State() != seen.Unknown {
			t.Error(got)
		}
	})
}

// A connection that is closed and made anew within milliseconds, as in a roll-over where one is
// allowed, is a new one all the same.
func TestADeadlineBeginsAnewWithAConnectionMadeBetweenTwoLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard("AOT")
		defer w.end()
		w.touch("AOT")
		if got := w.pass(time.Second); len(got) != 0 {
			t.Error("too early:", got)
		}
		for range 20 { // AOT is heard of
			w.touch("AOT")
			w.pass(4 * time.Second)
		}
		w.store.Reset()
		w.store.Market("SET", false, 0).SetStatus(int32(messages.EquityMarketStatusOpen1))
		w.mu.Lock()
		w.connected = clock.Mono()
		w.mu.Unlock()
		if got := w.pass(4 * time.Second); len(got) != 0 || w.store.Feed.State() != seen.Unknown {
			t.Error("within its threshold:", got, w.store.Feed.State())
		}
		if got := fmt.Sprint(w.pass(2 * time.Second)); got != "[dead]" {
			t.Error(got)
		}
	})
}

func TestAHaltIsTheSymbolsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard("AOT", "PTT")
		defer w.end()
		w.touch("AOT")
		w.touch("PTT")
		w.store.Find("AOT").SetStatus(messages.MarketStatusHaltE)
		got := fmt.Sprint(w.pass(20 * time.Second))
		if got != "[dead stale PTT]" || w.store.Find("AOT").State() != seen.Closed {
			t.Error(got, w.store.Find("AOT").State())
		}
	})
}

func TestThereIsAnActorForEachWantedSymbol(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard("AOT", "PTT")
		defer w.end()
		alive := func(name string) bool {
			_, ok := w.system.ProcessRegistry.GetLocal(w.pid.Id + "/" + name)
			return ok
		}
		if !alive("AOT") || !alive("PTT") {
			t.Fatal("not all are there")
		}
		w.store.Want(w.store.Find("PTT"), false)
		w.store.Want(w.store.Symbol("KTB", 9), true)
		w.system.Root.Send(w.pid, &Refresh{})
		w.pass(time.Second)
		if alive("PTT") || !alive("KTB") || fmt.Sprint(w.forgotten) != "[PTT]" {
			t.Error("the actors did not follow", w.forgotten)
		}
	})
}
