package mailbox

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/feedtree/feedtree/internal/clock"
)

// elem is a test element: positive values are elements, notices have Notice set.
type elem struct {
	V      int
	Key    uint64
	Notice string
	Count  uint64
}

func config(capacity int, mode Overflow) Config[elem] {
	return Config[elem]{
		Name: "test", Capacity: capacity, Overflow: mode,
		IsNotice: func(e *elem) bool { return e.Notice != "" },
		Merge: func(a, b elem) (elem, bool) {
			if a.Notice != b.Notice {
				return elem{}, false
			}
			b.Count += a.Count
			return b, true
		},
		Overflowed: func(n uint64, _, _ int64) (elem, bool) { return elem{Notice: "overflowed", Count: n}, true },
		Key:        func(e *elem) (uint64, bool) { return e.Key, e.Key != 0 },
	}
}

func mustQueue(t interface{ Fatal(...any) }, c Config[elem]) *Queue[elem] {
	q, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func run(vs ...int) (out []elem) {
	for _, v := range vs {
		out = append(out, elem{V: v})
	}
	return out
}

// drain reads all there is and returns the elements' values, notices as negative counts.
func drain(l *Lease[elem]) (out []int) {
	for {
		e, notice, ok := l.Next()
		if !ok {
			return out
		}
		if notice {
			out = append(out, -int(e.Count))
		} else {
			out = append(out, e.V)
		}
	}
}

func TestTheSurvivorsOfAnOverflowAreTheNewestInOrderBehindTheirNotice(t *testing.T) {
	q := mustQueue(t, config(3, DropOldest))
	l := q.Lease(nil)
	q.Push(run(1, 2, 3, 4, 5))
	q.Push(run(6))
	if got, want := drain(l), []int{-3, 4, 5, 6}; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	if c := q.Counts(); !c.Balanced() || c.Dropped != 3 || c.Delivered != 3 || c.Queued != 0 {
		t.Fatalf("%+v", c)
	}
}

func TestACapacityOfOneWorks(t *testing.T) {
	q := mustQueue(t, config(1, DropOldest))
	l := q.Lease(nil)
	for i := 1; i <= 10; i++ {
		q.Push(run(i))
	}
	if got, want := drain(l), []int{-9, 10}; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func TestNoticesKeepTheirPlaceAndAreNeverDropped(t *testing.T) {
	q := mustQueue(t, config(2, DropOldest))
	l := q.Lease(nil)
	q.Push([]elem{{V: 1}, {Notice: "gap", Count: 100}, {V: 2}, {V: 3}, {V: 4}})
	// 1 was dropped before the gap, 2 after it; both overflows now stand before 3 and are one.
	if got, want := drain(l), []int{-100, -2, 3, 4}; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func TestConflationKeepsTheNewestInThePlaceOfTheFirstAndStopsAtANotice(t *testing.T) {
	q := mustQueue(t, config(10, Conflate))
	l := q.Lease(nil)
	q.Push([]elem{{V: 1, Key: 7}, {V: 2, Key: 8}, {V: 3, Key: 7}, {Notice: "gap", Count: 50}, {V: 4, Key: 7}, {V: 5, Key: 7}})
	if got, want := drain(l), []int{3, 2, -50, 5}; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	if c := q.Counts(); c.Conflated != 2 || !c.Balanced() {
		t.Fatalf("%+v", c)
	}
}

func TestAByteLimitDropsTheOldestButNeverTheNewest(t *testing.T) {
	c := config(100, DropOldest)
	c.MaxBytes, c.Size = 10, func(e *elem) int { return e.V }
	q := mustQueue(t, c)
	l := q.Lease(nil)
	q.Push(run(4, 5, 6))
	q.Push(run(50))
	if got, want := drain(l), []int{-3, 50}; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func TestARevokedLeaseReadsAndCountsNothing(t *testing.T) {
	q := mustQueue(t, config(10, DropOldest))
	old := q.Lease(nil)
	q.Push(run(1, 2, 3))
	if e, _, _ := old.Next(); e.V != 1 {
		t.Fatal("did not read 1")
	}
	l := q.Lease(nil) // 1 was in the old holder's hands: failed
	old.Done()
	if _, _, ok := old.Next(); ok {
		t.Fatal("the revoked lease read an element")
	}
	if _, ok := old.Fail(); ok {
		t.Fatal("the revoked lease counted a failure")
	}
	if got, want := drain(l), []int{2, 3}; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	if c := q.Counts(); c.Failed != 1 || c.Delivered != 2 || !c.Balanced() {
		t.Fatalf("%+v", c)
	}
}

func TestARunOfARevokedLeaseReadsAndCountsNothing(t *testing.T) {
	q := mustQueue(t, config(10, DropOldest))
	old := q.Lease(nil)
	q.Push(run(1, 2, 3))
	r := old.Take(10)
	if e, ok := r.Next(); !ok || e.V != 1 {
		t.Fatal("did not read 1")
	}
	l := q.Lease(nil) // 1 was in the old holder's hands: failed
	if e, ok := r.Next(); ok {
		t.Fatalf("the revoked lease's run went on with %d", e.V)
	}
	if old.Take(10) != nil {
		t.Fatal("the revoked lease took a run")
	}
	var got []int
	for rest := l.Take(10); rest != nil; rest = l.Take(10) {
		for e, ok := rest.Next(); ok; e, ok = rest.Next() {
			got = append(got, e.V)
		}
	}
	if want := []int{2, 3}; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	if c := q.Counts(); c.Failed != 1 || c.Delivered != 2 || !c.Balanced() {
		t.Fatalf("%+v", c)
	}
}

// Who is late with its revocation takes nothing from a holder that went on.
func TestALeaseIsRevokedOnlyWhileItsHolderIsWhereItWasSeen(t *testing.T) {
	q := mustQueue(t, config(10, DropOldest))
	l := q.Lease(nil)
	q.Push(run(1, 2))
	l.Next()
	if _, _, done := q.RevokeIf(func() bool { return false }); done {
		t.Fatal("revoked all the same")
	}
	if e, _, ok := l.Next(); !ok || e.V != 2 {
		t.Fatal("its holder cannot go on")
	}
	if e, had, done := q.RevokeIf(func() bool { return true }); !done || !had || e.V != 2 {
		t.Fatalf("%v %v %v", e, had, done)
	}
	if _, had, done := q.RevokeIf(func() bool { return true }); !done || had {
		t.Fatal("nobody holds an element any more")
	}
	if c := q.Counts(); c.Failed != 1 || c.Delivered != 1 || !c.Balanced() {
		t.Fatalf("%+v", c)
	}
}

// Too old is strictly older than that.
func TestAnElementExpiresWhenItIsOlderThanTheMaximum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := config(10, DropOldest)
		c.MaxAge, c.Stamp = int64(time.Second), func(e *elem) int64 { return int64(e.V) }
		q := mustQueue(t, c)
		l := q.Lease(nil)
		now := int(clock.Mono())
		q.Push(run(now-1, now, now+1))
		time.Sleep(time.Second)
		if got, want := drain(l), []int{now, now + 1}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if c := q.Counts(); c.Expired != 1 || !c.Balanced() {
			t.Errorf("%+v", c)
		}
	})
}

func TestAfterTheEndNothingIsQueued(t *testing.T) {
	q := mustQueue(t, config(10, DropOldest))
	l := q.Lease(nil)
	q.Push(run(1, 2, 3))
	l.Take(2)
	q.End()
	q.Push(run(4))
	if c := q.Counts(); c.Queued != 0 || c.Discarded != 4 || !c.Balanced() {
		t.Fatalf("%+v", c)
	}
}

// An end waits until queues are empty: what it does not wait for is never told.
func TestAQueueIsNotEmptyWhileANoticeWaitsOrARunIsNotPassedOn(t *testing.T) {
	q := mustQueue(t, config(10, DropOldest))
	l := q.Lease(func() {})
	q.Push([]elem{{Notice: "last words"}})
	if q.Empty() {
		t.Fatal("empty with a notice")
	}
	r := l.Take(10)
	if r.Next(); q.Empty() {
		t.Fatal("empty while the notice is in hand")
	}
	if _, more := r.Next(); more || q.Empty() {
		t.Fatal("empty before the reader has passed on what it made of its run")
	}
	if l.Take(10) != nil || !q.Empty() {
		t.Fatal("not empty when the reader came back")
	}
	q.Push(run(1))
	l.Take(10).Next()
	l.Fail()
	l.Done() // its mailbox is suspended; what it gathered waits for a successor
	if q.Empty() {
		t.Fatal("empty when the reader failed and has no successor yet")
	}
	if q.Lease(func() {}).Take(10) != nil || !q.Empty() {
		t.Fatal("not empty when the successor came")
	}
	q.Push([]elem{{Notice: "one by one"}, {V: 2}})
	l = q.Lease(func() {})
	for range 2 {
		l.Next()
	}
	if q.Empty() {
		t.Fatal("empty with an element in hand")
	}
	if l.Next(); !q.Empty() {
		t.Fatal("not empty when all is settled")
	}
}

func TestAQueueThatIsOpenedAgainHoldsNoWordOfBefore(t *testing.T) {
	q := mustQueue(t, config(10, DropOldest))
	q.Push([]elem{{V: 1}, {Notice: "lost", Count: 1}})
	q.Close()
	q.Push([]elem{{V: 2}, {Notice: "back", Count: 1}})
	q.Discard()
	q.Reopen()
	q.Push([]elem{{Notice: "gap", Count: 7}, {V: 3}})
	q.Reopen() // of one that is open: nothing goes
	if got := drain(q.Lease(nil)); !slices.Equal(got, []int{-7, 3}) {
		t.Errorf("%v", got)
	}
}

func TestImpossibleConfigurationsAreRefused(t *testing.T) {
	for name, change := range map[string]func(*Config[elem]){
		"capacity 0":            func(c *Config[elem]) { c.Capacity = 0 },
		"bytes without a size":  func(c *Config[elem]) { c.MaxBytes = 1 },
		"age without a stamp":   func(c *Config[elem]) { c.MaxAge = 1 },
		"conflate without keys": func(c *Config[elem]) { c.Overflow, c.Key = Conflate, nil },
		"an unknown overflow":   func(c *Config[elem]) { c.Overflow = 9 },
	} {
		c := config(1, DropOldest)
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestASteadyFlowAllocatesNothing(t *testing.T) {
	q := mustQueue(t, config(1000, DropOldest))
	l := q.Lease(nil)
	in := run(1, 2, 3, 4)
	if n := testing.AllocsPerRun(1000, func() {
		q.Push(in)
		for range in {
			l.Next()
		}
	}); n != 0 {
		t.Fatalf("%v allocations with single elements", n)
	}
	if n := testing.AllocsPerRun(1000, func() {
		q.Push(in)
		r := l.Take(256)
		for _, ok := r.Next(); ok; _, ok = r.Next() {
		}
	}); n != 0 {
		t.Fatalf("%v allocations with runs", n)
	}
}

func BenchmarkPushAndNext(b *testing.B) {
	q := mustQueue(b, config(100_000, DropOldest))
	l := q.Lease(nil)
	in := run(1)
	b.ReportAllocs()
	for b.Loop() {
		q.Push(in)
		l.Next()
	}
}

func BenchmarkRunsOf32(b *testing.B) {
	q := mustQueue(b, config(100_000, DropOldest))
	l := q.Lease(nil)
	in := make([]elem, 32)
	b.ReportAllocs()
	for b.Loop() {
		q.Push(in)
		r := l.Take(256)
		for _, ok := r.Next(); ok; _, ok = r.Next() {
		}
	}
}
