package poison

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTheStoreNeverPassesItsLimitsAndKeepsTheNewest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := Limits{Entries: rapid.IntRange(1, 5).Draw(t, "entries"), Bytes: rapid.Int64Range(1, 50).Draw(t, "bytes")}
		s, err := New(l)
		if err != nil {
			t.Fatal(err)
		}
		n := rapid.IntRange(1, 40).Draw(t, "n")
		for range n {
			s.Keep(Entry{Payload: make([]byte, rapid.IntRange(0, 60).Draw(t, "size")), Reason: "r",
				Stack: strings.Repeat("s", rapid.IntRange(0, 60).Draw(t, "stack"))})
			entries, bytes, _ := s.Stats()
			if entries < 1 || entries > l.Entries || bytes > l.Bytes || bytes < 0 {
				t.Fatalf("%d entries, %d bytes within %+v", entries, bytes, l)
			}
		}
		list := s.List()
		if last := list[len(list)-1]; last.ID != uint64(n) {
			t.Fatalf("newest kept is %d of %d", last.ID, n)
		}
		entries, _, evicted := s.Stats()
		if uint64(entries)+evicted != uint64(n) {
			t.Fatalf("%d kept + %d evicted of %d", entries, evicted, n)
		}
	})
}

func TestAKeptPayloadIsACopy(t *testing.T) {
	s, _ := New(Limits{Entries: 1000, Bytes: 16 << 20})
	p := []byte("abc")
	s.Keep(Entry{Payload: p})
	p[0] = 'x'
	if e, ok := s.Get(1); !ok || string(e.Payload) != "abc" {
		t.Fatalf("got %q", e.Payload)
	}
	if _, ok := s.Get(2); ok {
		t.Fatal("found an entry that was never kept")
	}
}

func TestImpossibleLimitsAreRefused(t *testing.T) {
	for _, l := range []Limits{{}, {Entries: 1}, {Bytes: 1}, {Entries: -1, Bytes: 1}} {
		if _, err := New(l); err == nil {
			t.Errorf("%+v was accepted", l)
		}
	}
}

func TestAStackLargerThanTheStoreGoesBeforeTheMessageDoes(t *testing.T) {
	s, _ := New(Limits{Entries: 10, Bytes: 1000})
	id := s.Keep(Entry{Class: "panic", Payload: []byte("abc"), Stack: strings.Repeat("s", 2000), Reason: "r"})
	if e, ok := s.Get(id); !ok || string(e.Payload) != "abc" || e.Stack != "" || e.Class != "panic" {
		t.Errorf("%+v", e)
	}
}

func TestARemovedEntryLeavesItsRoom(t *testing.T) {
	s, _ := New(Limits{Entries: 1000, Bytes: 16 << 20})
	first, second := s.Keep(Entry{Payload: []byte("abc")}), s.Keep(Entry{Payload: []byte("de")})
	if !s.Remove(first) || s.Remove(first) {
		t.Error("an entry is removed once")
	}
	if n, bytes, evicted := s.Stats(); n != 1 || bytes != 2 || evicted != 0 {
		t.Errorf("%d entries, %d bytes, %d evicted", n, bytes, evicted)
	}
	if _, ok := s.Get(second); !ok {
		t.Error("the other went with it")
	}
}
