package dispatcher

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/internal/mailbox"
	"github.com/feedtree/feedtree/messages"
)

func event(symbol string, topic int32) flow.Item {
	return flow.Item{Msg: messages.NewBidOffer(&messages.BidOfferData{Symbol: symbol}), Topic: topic}
}

// reader collects what an outlet was given.
type reader struct {
	*Outlet
	got  []string
	msgs []any
}

func newReader(name string) *reader {
	r := &reader{}
	r.Outlet = NewOutlet(name, nil, func(run []flow.Item) {
		for _, it := range run {
			r.msgs = append(r.msgs, it.Msg)
			switch m := it.Msg.(type) {
			case messages.Event:
				r.got = append(r.got, m.Symbol())
			case messages.Notice:
				r.got = append(r.got, m.Type()+" "+m.Subject())
			}
		}
	})
	return r
}

func dispatch(t testing.TB, r *Router, items ...flow.Item) {
	t.Helper()
	q, err := mailbox.New(mailbox.Config[flow.Item]{Name: "test", Capacity: 1000, IsNotice: flow.IsNotice})
	if err != nil {
		t.Fatal(err)
	}
	q.Push(items)
	(&Dispatcher{r}).onRun(q.Lease(nil).Take(1000))
}

func TestAnEventGoesToThoseWhoWantItsTopic(t *testing.T) {
	r := NewRouter(NewLatest(), nil)
	one, two := newReader("one"), newReader("two")
	for _, x := range []*reader{one, two} {
		r.Attach(x.Outlet)
		r.Attach(x.Outlet) // twice is harmless
	}
	r.Route(one.Outlet, Topic{0, "AOT"}, Topic{2, "PTT"}, Topic{0, "AOT"})
	r.Route(two.Outlet, Topic{2, "PTT"})
	dispatch(t, r, event("AOT", 0), event("KTB", 1), event("PTT", 2), event("X", 99))
	if fmt.Sprint(one.got, two.got) != "[AOT PTT] [PTT]" || r.Unmatched.Load() != 2 || r.Matched.Load() != 3 || one.Matched.Load() != 2 {
		t.Errorf("%v %v, %d unmatched, %d matched", one.got, two.got, r.Unmatched.Load(), r.Matched.Load())
	}
	r.Unroute(one.Outlet, Topic{2, "PTT"}, Topic{50, "none"})
	r.Detach(two.Outlet)
	dispatch(t, r, event("AOT", 0), event("PTT", 2), flow.Notice(&messages.Gap{}, 1))
	if fmt.Sprint(one.got, two.got) != "[AOT PTT AOT gap ] [PTT]" {
		t.Errorf("%v %v", one.got, two.got)
	}
}

func TestNoticesGoToThoseTheyConcernACopyEach(t *testing.T) {
	r := NewRouter(NewLatest(), nil)
	one, two := newReader("one"), newReader("two")
	r.Attach(one.Outlet)
	r.Attach(two.Outlet)
	r.Route(one.Outlet, Topic{0, "AOT"})
	gap := &messages.Gap{Reason: "x"}
	dispatch(t, r, flow.Notice(gap, 1), flow.Notice(&messages.SymbolLive{Symbol: "AOT"}, 1), event("AOT", 0))
	if fmt.Sprint(one.got, two.got) != "[gap  symbol_live AOT AOT] [gap ]" {
		t.Errorf("%v %v", one.got, two.got)
	}
	a, b := one.msgs[0].(*messages.Gap), two.msgs[0].(*messages.Gap)
	if a == b || a == gap || *a != *gap {
		t.Error("they share a notice whose fields are open")
	}
}

func TestWhatWasGatheredBeforeAPanicIsDeliveredByTheSuccessor(t *testing.T) {
	r := NewRouter(NewLatest(), nil)
	one := newReader("one")
	r.Attach(one.Outlet)
	r.Route(one.Outlet, Topic{0, "AOT"})
	func() {
		defer func() { recover() }()
		dispatch(t, r, event("AOT", 0), flow.Item{Msg: messages.Event(nil), Topic: 0}, event("AOT", -7))
	}()
	if len(one.got) != 0 {
		t.Fatalf("flushed before the end: %v", one.got)
	}
	r.flush(1) // what Started does
	if !slices.Equal(one.got, []string{"AOT"}) {
		t.Errorf("%v", one.got)
	}
}

func TestTheNewestOfEachTopicIsKept(t *testing.T) {
	latest := NewLatest()
	r := NewRouter(latest, nil)
	dispatch(t, r, event("AOT", 3), event("AOT2", 3))
	if e, n := latest.Get(3); e.Symbol() != "AOT2" || n != 2 {
		t.Errorf("%v %d", e, n)
	}
	for _, none := range []int{-1, 0, 99} {
		if e, n := latest.Get(none); e != nil || n != 0 {
			t.Errorf("%d: %v %d", none, e, n)
		}
	}
}

func TestRoutesChangeWhileEventsFlow(t *testing.T) {
	r := NewRouter(NewLatest(), nil)
	var wg sync.WaitGroup
	for i := range 4 {
		o := newReader(fmt.Sprint(i))
		wg.Go(func() {
			for j := range 300 {
				r.Attach(o.Outlet)
				r.Route(o.Outlet, Topic{j % 5, "S"})
				r.Unroute(o.Outlet, Topic{(j + 1) % 5, "S"})
				if j%50 == 49 {
					r.Detach(o.Outlet)
				}
			}
		})
	}
	for i := range 300 {
		dispatch(t, r, event("S", int32(i%5)), flow.Notice(&messages.SymbolLive{Symbol: "S"}, 1))
	}
	wg.Wait()
}

func TestAFanOutAllocatesNothing(t *testing.T) {
	r := NewRouter(NewLatest(), nil)
	o := NewOutlet("o", nil, func([]flow.Item) {})
	r.Attach(o)
	r.Route(o, Topic{0, "AOT"})
	it := event("AOT", 0)
	e := it.Msg.(messages.Event)
	work := func() { r.event(&it, e); r.flush(1) }
	work()
	if n := testing.AllocsPerRun(1000, work); n != 0 {
		t.Error(n)
	}
}

func TestADetachedOutletIsSettledWhenItSaysSo(t *testing.T) {
	r := NewRouter(NewLatest(), nil)
	one := newReader("one")
	r.Attach(one.Outlet)
	r.Route(one.Outlet, Topic{0, "AOT"})
	func() {
		defer func() { recover() }()
		dispatch(t, r, event("AOT", 0), event("AOT", -7)) // a run that ends in a panic, before it is passed on
	}()
	r.Detach(one.Outlet)
	r.Settle(one.Outlet)
	if one.Matched.Load() != 1 || !slices.Equal(one.got, []string{"AOT"}) {
		t.Errorf("%d matched, given %v", one.Matched.Load(), one.got)
	}
	r.flush(1) // the successor finds nothing
	if len(one.got) != 1 {
		t.Errorf("given twice: %v", one.got)
	}
}
