package flow

import (
	"testing"
	"unsafe"
)

func TestAnItemFillsACacheLineAndNoMore(t *testing.T) {
	if n := unsafe.Sizeof(Item{}); n > 64 {
		t.Errorf("%d bytes: every queue copies them for every event", n)
	}
}

func TestASizeIsExactForWhateverTheLaneLetsThrough(t *testing.T) {
	for _, n := range []int{1, 2, 357, 1<<16 - 1, 1 << 16} {
		var it Item
		if it.SetSize(n); it.Size() != n {
			t.Errorf("%d became %d", n, it.Size())
		}
	}
}

func TestAnOutboxStampsWhatItPushesWithItsOwnStage(t *testing.T) {
	for stage, want := range map[Stage]Item{
		Decode:   {Received: 1, Decoding: 2, Decoded: 9, Dispatching: 4, Dispatched: 5},
		Dispatch: {Received: 1, Decoding: 2, Decoded: 3, Dispatching: 4, Dispatched: 9},
	} {
		var got []Item
		o := NewOutbox(stage, nil, func(run []Item) { got = append(got, run...) })
		it := Item{Received: 1, Decoding: 2, Decoded: 3, Dispatching: 4, Dispatched: 5}
		o.Add(it)
		o.Add(it)
		o.Flush(9)
		o.Flush(10) // empty: nothing goes on
		if len(got) != 2 || got[0] != want || got[1] != want {
			t.Errorf("stage %d: %+v", stage, got)
		}
	}
}
