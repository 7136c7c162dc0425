package market

import (
	"hash/fnv"
	"testing"
	"time"

	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/messages"
)

func mustNew(t testing.TB, change func(*Config)) *Market {
	t.Helper()
	c := Config{Seed: 1, Symbols: 50, Rate: 1000, Clock: ClockOpen, EquityAccount: "0000001", DerivativesAccount: "0000002"}
	if change != nil {
		change(&c)
	}
	m, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// digest hashes n messages; payloads of those that skip names are left out.
func digest(m *Market, n int, skip func(i int) bool) uint64 {
	h := fnv.New64a()
	var msg Message
	var buf []byte
	for i := range n {
		m.Next(&msg)
		h.Write([]byte(msg.Topic))
		if !skip(i) {
			buf = msg.Append(buf[:0])
			h.Write(buf)
		}
	}
	return h.Sum64()
}

func TestTheSameSeedMakesTheSameStreamAndAnotherOneAnother(t *testing.T) {
	never := func(int) bool { return false }
	a, b := digest(mustNew(t, nil), 50_000, never), digest(mustNew(t, nil), 50_000, never)
	if a != b {
		t.Error("one seed made two streams")
	}
	if c := digest(mustNew(t, func(c *Config) { c.Seed = 2 }), 50_000, never); c == a {
		t.Error("two seeds made one stream")
	}
}

func TestWhatIsNotEncodedAltersNothingLater(t *testing.T) {
	odd := func(i int) bool { return i < 20_000 || i%2 == 1 }
	one, other := mustNew(t, nil), mustNew(t, nil)
	a := digest(one, 40_000, odd)
	var msg Message
	h := mustNew(t, nil)
	for range 20_000 {
		h.Next(&msg)
		msg.Append(nil) // encoded here, not there
	}
	if b := digest(other, 40_000, odd); a != b {
		t.Error("the streams differ")
	}
	var x, y Message
	one2 := mustNew(t, nil)
	for range 20_000 {
		one2.Next(&x)
	}
	h.Next(&y)
	one2.Next(&x)
	if string(x.Append(nil)) != string(y.Append(nil)) {
		t.Error("encoding altered the stream")
	}
}

func TestEveryPayloadDecodesAndEveryBookIsSound(t *testing.T) {
	m := mustNew(t, func(c *Config) { c.Symbols = 120 })
	var msg Message
	var buf []byte
	kinds := map[messages.Kind]int{}
	for i := range 200_000 {
		m.Next(&msg)
		buf = msg.Append(buf[:0])
		e, err := codec.DecodeTopic(msg.Topic, buf, messages.Meta{})
		if err != nil {
			t.Fatalf("message %d on %s: %v", i, msg.Topic, err)
		}
		kinds[e.Kind()]++
		switch e := e.(type) {
		case *messages.BidOffer:
			soundBook(t, e)
		case *messages.PriceInfo:
			if e.High() < e.Last() || e.Low() > e.Last() || e.MarketStatus() == 0 {
				t.Fatalf("info %+v", e.Data())
			}
		case *messages.Candlestick:
			if e.High() < e.Open() || e.High() < e.Close() || e.Low() > e.Open() || e.Low() > e.Close() {
				t.Fatalf("candle %+v", e.Data())
			}
		case *messages.EquityOrder:
			if d := e.Data(); d.Volume != d.MatchedVolume+d.BalanceVolume+d.CancelledVolume {
				t.Fatalf("order %+v", d)
			}
		}
	}
	for k := messages.KindBidOffer; k <= messages.KindDerivativesOrder; k++ {
		if kinds[k] == 0 {
			t.Errorf("no %v in 200,000 messages", k)
		}
	}
}

func soundBook(t *testing.T, e *messages.BidOffer) {
	t.Helper()
	bid, ask := e.BestBid(), e.BestAsk()
	if e.IsAuction() {
		if bid.Price != 0 || ask.Price != 0 || bid.Volume == 0 {
			t.Fatalf("auction %+v", e.Data())
		}
		return
	}
	if bid.Price >= ask.Price || bid.Price <= 0 || !bid.Price.OnTick() || !ask.Price.OnTick() {
		t.Fatalf("crossed or off tick: %+v", e.Data())
	}
	for i := 1; i < e.BidDepth(); i++ {
		if e.Bid(i).Price >= e.Bid(i-1).Price {
			t.Fatalf("bids out of order: %+v", e.Data())
		}
	}
	for i := 1; i < e.AskDepth(); i++ {
		if e.Ask(i).Price <= e.Ask(i-1).Price {
			t.Fatalf("asks out of order: %+v", e.Data())
		}
	}
}

func TestTheDayGoesThroughItsSessionsWithAuctionsWithoutAPrice(t *testing.T) {
	m := mustNew(t, func(c *Config) { c.Clock, c.Rate, c.Symbols = ClockDay, 2, 5 })
	var msg Message
	var buf []byte
	var seen []string
	flags := map[messages.Flag]bool{}
	for m.Now().Before(m.start.Add(9 * time.Hour)) {
		m.Next(&msg)
		buf = msg.Append(buf[:0])
		e, err := codec.DecodeTopic(msg.Topic, buf, messages.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		switch e := e.(type) {
		case *messages.BidOffer:
			soundBook(t, e)
			flags[e.BidFlag()] = true
		case *messages.EquityExchangeInfo:
			if s := e.MarketStatus().String(); len(seen) == 0 || seen[len(seen)-1] != s {
				seen = append(seen, s)
			}
		}
	}
	want := []string{"CLOSE", "PRE_OPEN1", "OPEN1", "INTERMISSION", "PRE_OPEN2", "OPEN2", "CALL", "RUN_OFF", "CLOSE"}
	if len(seen) != len(want) {
		t.Fatalf("statuses %v, want %v", seen, want)
	}
	for i := range want {
		if seen[i] != want[i] {
			t.Fatalf("statuses %v, want %v", seen, want)
		}
	}
	if !flags[messages.FlagATO] || !flags[messages.FlagATC] || !flags[messages.FlagNormal] {
		t.Fatalf("flags %v", flags)
	}
}

func TestTheRateHoldsOverVirtualTime(t *testing.T) {
	m := mustNew(t, func(c *Config) { c.Rate = 7777 })
	var msg Message
	for range 100_000 {
		m.Next(&msg)
	}
	if rate := 100_000 / msg.At.Seconds(); rate < 7700 || rate > 7850 {
		t.Fatalf("%v messages a virtual second, want 7777", rate)
	}
}

func TestImpossibleConfigurationsAreRefusedWhole(t *testing.T) {
	_, err := New(Config{Symbols: 901, Rate: 0, Clock: "never"})
	if err == nil {
		t.Fatal("accepted")
	}
	if n := len(err.(interface{ Unwrap() []error }).Unwrap()); n != 4 {
		t.Fatalf("%d complaints, want 4: %v", n, err)
	}
}

func TestASteadyStreamAllocatesNothing(t *testing.T) {
	m := mustNew(t, nil)
	var msg Message
	for range 1000 {
		m.Next(&msg)
	}
	if n := testing.AllocsPerRun(10_000, func() { m.Next(&msg) }); n > 0 {
		t.Fatal(n)
	}
}

func BenchmarkNextAndAppend(b *testing.B) {
	m := mustNew(b, nil)
	var msg Message
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		m.Next(&msg)
		buf = msg.Append(buf[:0])
	}
}
