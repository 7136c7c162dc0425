package witness

import (
	"strings"
	"testing"
	"time"

	"github.com/feedtree/feedtree/messages"
)

func book(symbol string, epoch, seq uint64) messages.Event {
	return messages.NewBidOffer(&messages.BidOfferData{Meta: messages.Meta{Epoch: epoch, Seq: seq}, Symbol: symbol})
}

func info(epoch, seq uint64, volume int64) messages.Event {
	return messages.NewPriceInfo(&messages.PriceInfoData{Meta: messages.Meta{Epoch: epoch, Seq: seq}, Symbol: "AOT", TotalVolume: volume})
}

func TestWhatAJournalTakesAndWhatItDoesNot(t *testing.T) {
	now := time.Now()
	down := func(epoch uint64) any { return &messages.Disconnected{Epoch: epoch} }
	gap := func(epoch uint64) any {
		return &messages.Gap{Epoch: epoch, From: now, To: now.Add(time.Second), Reason: "EOF"}
	}
	back := &messages.Reconnected{}
	for _, c := range []struct {
		name       string
		conflating bool
		saw        []any
		wrong      string // "" for nothing
	}{
		{"a day without an outage", false, []any{book("AOT", 1, 1), book("PTT", 1, 2), info(1, 3, 10), info(1, 4, 10)}, ""},
		{"what overflowed is missing", false, []any{book("AOT", 1, 1), book("AOT", 1, 900)}, ""},
		{"an outage", false, []any{book("AOT", 1, 1), down(1), gap(2), book("AOT", 2, 1), back}, ""},
		{"a renewal that closed and opened", false, []any{book("AOT", 1, 5), gap(2), book("AOT", 2, 1)}, ""},
		{"a roll-over topic by topic", false, []any{book("AOT", 1, 5), book("AOT", 2, 1), book("PTT", 1, 6), &messages.RolledOver{From: 1, Epoch: 2}, book("PTT", 2, 2)}, ""},
		{"conflated values stand where the first did", true, []any{book("AOT", 1, 9), book("PTT", 1, 8)}, ""},

		{"the same event twice", false, []any{book("AOT", 1, 1), book("AOT", 1, 1)}, "came after 1 of 1"},
		{"two of a topic exchanged", true, []any{book("AOT", 1, 2), book("AOT", 1, 1)}, "came after 2 of 1"},
		{"two of different topics exchanged", false, []any{book("AOT", 1, 2), book("PTT", 1, 1)}, "came after number 2"},
		{"the volume falls", false, []any{info(1, 1, 10), info(1, 2, 9)}, "the day's volume fell"},
		{"an old event after the gap", false, []any{down(1), gap(2), book("AOT", 1, 7), back}, "after the gap that began epoch 2"},
		{"no gap before the first event", false, []any{down(1), book("AOT", 2, 1)}, "without a gap"},
		{"a topic goes back to the old connection", false, []any{book("AOT", 2, 1), book("AOT", 1, 9)}, "came after 1 of 2"},
		{"a gap twice", false, []any{down(1), gap(2), gap(2), back}, "a gap began epoch 2 after epoch 2"},
		{"a gap without a reason", false, []any{&messages.Gap{Epoch: 2, From: now, To: now}}, "for the reason"},
		{"back without a gap", false, []any{down(1), back}, "reconnected"},
		{"a loss without an end", false, []any{book("AOT", 1, 1), down(1)}, "followed by no gap"},
		{"never said to be back", false, []any{down(1), gap(2), book("AOT", 2, 1)}, "followed by no reconnected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := &Journal{Conflating: c.conflating}
			for _, m := range c.saw {
				j.See(m)
			}
			got := strings.Join(j.Problems(true), "; ")
			if (got == "") != (c.wrong == "") || !strings.Contains(got, c.wrong) {
				t.Errorf("found %q, want %q", got, c.wrong)
			}
		})
	}
}

func TestWhoWasAwayIsNotHeldToWhatWasToldMeanwhile(t *testing.T) {
	j := &Journal{}
	j.See(&messages.Disconnected{Epoch: 1})
	j.Anew()
	j.See(book("AOT", 3, 10))
	if got := j.Problems(true); len(got) > 0 {
		t.Error(got)
	}
}

func TestTheNewestOfEachTopicIsCompared(t *testing.T) {
	all, newest := &Journal{}, &Journal{Conflating: true}
	for _, e := range []messages.Event{book("AOT", 1, 1), book("PTT", 1, 2), book("AOT", 1, 3)} {
		all.See(e)
	}
	newest.See(book("AOT", 1, 3))
	if got := all.Differs(newest); len(got) != 1 || got[0] != "bid_offer PTT" {
		t.Errorf("%v", got)
	}
	newest.See(book("PTT", 1, 2))
	if got := all.Differs(newest); len(got) != 0 {
		t.Errorf("%v", got)
	}
	if n, at := all.Seen(); n != 3 || at != (Place{1, 3}) {
		t.Errorf("%d, %v", n, at)
	}
}
