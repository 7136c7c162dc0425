package topic

import (
	"fmt"
	"sync"
	"testing"
)

func TestATopicKeepsItsIndexAndIsFoundByItsBytes(t *testing.T) {
	table := NewTable()
	for i, name := range []string{BidOffer("AOT"), PriceInfo("AOT"), BidOffer("PTT")} {
		got, err := table.Intern(name)
		if err != nil || got.Index != i || got.Name != name {
			t.Fatalf("%s: %+v, %v", name, got, err)
		}
		if again, _ := table.Intern(name); again != got || table.Lookup([]byte(name)) != got || table.At(i) != got {
			t.Errorf("%s is not one topic", name)
		}
	}
	if len(table.all()) != 3 || table.At(3) != nil || table.At(-1) != nil || table.Lookup([]byte("x")) != nil {
		t.Error("the table holds what was not interned")
	}
}

func TestABadNameInternsNoneOfItsList(t *testing.T) {
	table := NewTable()
	if _, err := table.InternAll(BidOffer("AOT"), "nonsense"); err == nil || len(table.all()) != 0 {
		t.Errorf("%v, %d topics", err, len(table.all()))
	}
	list, err := table.InternAll(BidOffer("AOT"), BidOffer("PTT"), BidOffer("AOT"))
	if err != nil || len(table.all()) != 2 || list[0] != list[2] {
		t.Errorf("%v, %v", list, err)
	}
}

func TestLookupAllocatesNothing(t *testing.T) {
	table := NewTable()
	name := []byte(BidOffer("AOT"))
	if _, err := table.Intern(string(name)); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { table.Lookup(name) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestReadersSeeWholeTablesWhileOthersIntern(t *testing.T) {
	table := NewTable()
	const writers, each = 4, 100
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				name := BidOffer(fmt.Sprintf("S%d", i*(w%2+1)))
				got, err := table.Intern(name)
				if err != nil || table.At(got.Index) != got || table.Lookup([]byte(name)) != got {
					t.Errorf("%s: %+v, %v", name, got, err)
				}
			}
		})
	}
	wg.Wait()
	for i, p := range table.all() {
		if p.Index != i || table.Lookup([]byte(p.Name)) != p {
			t.Errorf("topic %d is %+v", i, p)
		}
	}
	if want := each + each/2; len(table.all()) != want {
		t.Errorf("%d topics, want %d", len(table.all()), want)
	}
}

// all lists the interned topics by index.
func (t *Table) all() []*Topic { return t.view.Load().list }
