package messages

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

func at(second int) time.Time {
	return time.Date(2026, 11, 24, 16, 30, second, 500_000_000, time.FixedZone("Bangkok", 7*3600))
}

func TestNoticesAreJSONWithTheirOwnAndTheCommonKeys(t *testing.T) {
	book := NewBidOffer(&BidOfferData{Meta: Meta{Epoch: 3, Wall: at(1).UnixNano()}, Symbol: "AOT"})
	for _, c := range []struct {
		notice Notice
		want   string
	}{
		{&Disconnected{2, at(1), "a \"cut\""}, `{"type":"disconnected","epoch":2,"at":"2026-11-24T09:30:01.5Z","reason":"a \"cut\""}`},
		{&Gap{at(1), at(2), 3, "cut"}, `{"type":"gap","epoch":3,"at":"2026-11-24T09:30:02.5Z","reason":"cut","from":"2026-11-24T09:30:01.5Z","to":"2026-11-24T09:30:02.5Z"}`},
		{&Reconnected{3, at(1), time.Second}, `{"type":"reconnected","epoch":3,"at":"2026-11-24T09:30:01.5Z","reason":"","outage_ns":1000000000}`},
		{&RolledOver{3, 4, at(1)}, `{"type":"rolled_over","epoch":4,"at":"2026-11-24T09:30:01.5Z","reason":"","from":3}`},
		{&FeedDead{1, at(1), 6, 5}, `{"type":"feed_dead","epoch":1,"at":"2026-11-24T09:30:01.5Z","reason":"","age_ns":6,"threshold_ns":5}`},
		{&FeedLive{1, at(1)}, `{"type":"feed_live","epoch":1,"at":"2026-11-24T09:30:01.5Z","reason":""}`},
		{&SymbolLive{"L&E", 1, at(1)}, `{"type":"symbol_live","epoch":1,"at":"2026-11-24T09:30:01.5Z","reason":"","symbol":"L&E"}`},
		{&SymbolStale{"AOT", 1, at(1), 6, 5}, `{"type":"symbol_stale","epoch":1,"at":"2026-11-24T09:30:01.5Z","reason":"","symbol":"AOT","age_ns":6,"threshold_ns":5}`},
		{&SymbolRejected{"AOT", "proto/topic/infov3/AOT", "price_info", 1, at(1), "no"}, `{"type":"symbol_rejected","epoch":1,"at":"2026-11-24T09:30:01.5Z","reason":"no","symbol":"AOT","topic":"proto/topic/infov3/AOT","kind":"price_info"}`},
		{&Overflowed{7, time.Time{}, at(2), "raw"}, `{"type":"overflowed","epoch":0,"at":"2026-11-24T09:30:02.5Z","reason":"","count":7,"from":"","to":"2026-11-24T09:30:02.5Z","where":"raw"}`},
		{&Restarted{"panic", 1, at(1)}, `{"type":"restarted","epoch":0,"at":"2026-11-24T09:30:01.5Z","reason":"panic","cause":"panic","lost":1}`},
		{&Supervised{"strategies", "spread-1", "restart_scheduled", "bug", "boom", 2, 3, 5, 1, at(1)}, `{"type":"supervised","epoch":0,"at":"2026-11-24T09:30:01.5Z","reason":"boom","node":"strategies","child":"spread-1","kind":"restart_scheduled","class":"bug","cause":"boom","attempt":2,"failures":3,"delay_ns":5,"count":1}`},
		{&Reconfigured{at(1), map[string]int{"a": 1}}, `{"type":"reconfigured","epoch":0,"at":"2026-11-24T09:30:01.5Z","reason":"","params":{"a":1}}`},
		{&Reconfigured{at(1), math.Inf(1)}, `{"type":"reconfigured","epoch":0,"at":"2026-11-24T09:30:01.5Z","reason":"","params":null}`},
		{&Snapshot{book}, `{"type":"snapshot","epoch":3,"at":"2026-11-24T09:30:01.5Z","reason":"","event":{"type":"bid_offer","symbol":"AOT","bid_flag":"UNDEFINED_FLAG","ask_flag":"UNDEFINED_FLAG","bids":[],"asks":[]}}`},
	} {
		if got := string(c.notice.AppendJSON(nil)); got != c.want {
			t.Errorf("\n got %s\nwant %s", got, c.want)
		}
		if b, err := json.Marshal(c.notice); err != nil || !json.Valid(b) {
			t.Errorf("%s: %v in %s", c.notice.Type(), err, b)
		}
	}
}

func TestLikeNoticesMergeAndOthersStay(t *testing.T) {
	bar := func(interval string) Event {
		return NewCandlestick(&CandlestickData{Symbol: "AOT", Interval: interval})
	}
	book := NewBidOffer(&BidOfferData{Symbol: "AOT"})
	for _, c := range []struct {
		name         string
		older, newer Notice
		want         Notice // nil: both stay
	}{
		{"counts add and spans widen", &Overflowed{2, at(1), at(2), "raw"}, &Overflowed{3, at(3), at(4), "raw"}, &Overflowed{5, at(1), at(4), "raw"}},
		{"a time that nobody knows gives way", &Overflowed{2, at(1), at(2), "raw"}, &Overflowed{3, time.Time{}, time.Time{}, "raw"}, &Overflowed{5, at(1), at(2), "raw"}},
		{"queues overflow each for itself", &Overflowed{2, at(1), at(2), "raw"}, &Overflowed{3, at(3), at(4), "spread"}, nil},
		{"gaps become one", &Gap{at(2), at(3), 2, "cut"}, &Gap{at(4), at(5), 3, "stall"}, &Gap{at(2), at(5), 3, "stall"}},
		{"a gap keeps its wider ends", &Gap{at(2), at(9), 2, "cut"}, &Gap{at(4), at(5), 3, "stall"}, &Gap{at(2), at(9), 3, "stall"}},
		{"a symbol's state gives way", &SymbolStale{Symbol: "AOT", At: at(1)}, &SymbolLive{Symbol: "AOT", At: at(2)}, &SymbolLive{Symbol: "AOT", At: at(2)}},
		{"symbols are apart", &SymbolStale{Symbol: "AOT"}, &SymbolStale{Symbol: "PTT"}, nil},
		{"the feed's state gives way", &FeedDead{At: at(1)}, &FeedLive{At: at(2)}, &FeedLive{At: at(2)}},
		{"the newer loss counts", &Disconnected{1, at(1), "cut"}, &Disconnected{2, at(2), "rst"}, &Disconnected{2, at(2), "rst"}},
		{"a loss is not undone by its repair", &Disconnected{Epoch: 1}, &Reconnected{Epoch: 2}, nil},
		{"roll-overs become one", &RolledOver{1, 2, at(1)}, &RolledOver{2, 3, at(2)}, &RolledOver{1, 3, at(2)}},
		{"losses add", &Restarted{"a", 1, at(1)}, &Restarted{"b", 2, at(2)}, &Restarted{"b", 3, at(2)}},
		{"an actor's failures of a kind count", &Supervised{Node: "a", Child: "b", Kind: "restarted", Cause: "x", Count: 2}, &Supervised{Node: "a", Child: "b", Kind: "restarted", Cause: "y", Count: 1}, &Supervised{Node: "a", Child: "b", Kind: "restarted", Cause: "y", Count: 3}},
		{"other kinds stay", &Supervised{Node: "a", Child: "b", Kind: "restarted"}, &Supervised{Node: "a", Child: "b", Kind: "quarantined"}, nil},
		{"other actors' failures stay", &Supervised{Node: "a", Child: "b", Kind: "restarted"}, &Supervised{Node: "a", Child: "c", Kind: "restarted"}, nil},
		{"the newer parameters count", &Reconfigured{at(1), 1}, &Reconfigured{at(2), 2}, &Reconfigured{at(2), 2}},
		{"a topic is rejected for itself", &SymbolRejected{Symbol: "AOT", Topic: "a"}, &SymbolRejected{Symbol: "AOT", Topic: "b"}, nil},
		{"a topic is rejected once", &SymbolRejected{Symbol: "AOT", Topic: "a", Reason: "x"}, &SymbolRejected{Symbol: "AOT", Topic: "a", Reason: "y"}, &SymbolRejected{Symbol: "AOT", Topic: "a", Reason: "y"}},
		{"order topics are rejected by kind", &SymbolRejected{Kind: "equity_order"}, &SymbolRejected{Kind: "derivatives_order"}, nil},
		{"the newer snapshot of a topic counts", &Snapshot{bar("1m")}, &Snapshot{bar("1m")}, &Snapshot{bar("1m")}},
		{"bars of another length stay", &Snapshot{bar("1m")}, &Snapshot{bar("5m")}, nil},
		{"a book is no bar", &Snapshot{book}, &Snapshot{bar("5m")}, nil},
	} {
		older, newer := string(c.older.AppendJSON(nil)), string(c.newer.AppendJSON(nil))
		got, ok := MergeNotices(c.older, c.newer)
		switch {
		case ok != (c.want != nil):
			t.Errorf("%s: merged is %v", c.name, ok)
		case ok && string(got.AppendJSON(nil)) != string(c.want.AppendJSON(nil)):
			t.Errorf("%s: %s", c.name, got.AppendJSON(nil))
		}
		if string(c.older.AppendJSON(nil)) != older || string(c.newer.AppendJSON(nil)) != newer {
			t.Errorf("%s: an argument was written to", c.name)
		}
	}
}

func TestACopyOfANoticeIsItsReceiversOwn(t *testing.T) {
	for _, n := range []Notice{&Disconnected{}, &Gap{}, &Reconnected{}, &RolledOver{}, &FeedDead{}, &FeedLive{}, &SymbolLive{}, &SymbolStale{},
		&SymbolRejected{}, &Overflowed{}, &Restarted{}, &Supervised{}, &Reconfigured{}, &Snapshot{NewBidOffer(&BidOfferData{})}} {
		c := CopyNotice(n)
		if c == n || c.Type() != n.Type() || string(c.AppendJSON(nil)) != string(n.AppendJSON(nil)) {
			t.Errorf("%s is copied as %s", n.Type(), c.AppendJSON(nil))
		}
		if m, ok := MergeNotices(n, c); !ok || m.Type() != n.Type() {
			t.Errorf("%s does not merge with its like", n.Type())
		}
	}
	gap := &Gap{Reason: "cut"}
	CopyNotice(gap).(*Gap).Reason = "spoilt"
	if gap.Reason != "cut" {
		t.Error("a copy shares its fields")
	}
}
