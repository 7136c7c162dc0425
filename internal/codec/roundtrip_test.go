package codec

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/feedtree/feedtree/messages"
)

// draws makes events of any content that can be on a topic of ours.
type draws struct{ *rapid.T }

func (t draws) text(name string) string { return rapid.String().Draw(t.T, name) }
func (t draws) int64(name string) int64 { return rapid.Int64().Draw(t.T, name) }
func (t draws) int32(name string) int32 { return rapid.Int32().Draw(t.T, name) }
func (t draws) bool(name string) bool   { return rapid.Bool().Draw(t.T, name) }

func (t draws) price(name string) messages.Price {
	return messages.Price(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1e12, 1e12), rapid.SampledFrom([]int64{
		0, 1, -1, int64(messages.MaxPrice), int64(messages.MinPrice), 1e9, -1e9})).Draw(t.T, name))
}

func (t draws) money(name string) messages.Money {
	m, ok := messages.NewMoney(t.int64(name), rapid.Int32Range(-999999999, 999999999).Draw(t.T, name))
	if !ok {
		return messages.Money{}
	}
	return m
}

func (t draws) timestamp(name string) messages.Timestamp {
	if !t.bool(name) {
		return messages.Timestamp{}
	}
	return messages.Timestamp{Seconds: rapid.Int64Range(minSeconds, maxSeconds).Draw(t.T, name),
		Nanos: rapid.Int32Range(0, 999999999).Draw(t.T, name), Set: true}
}

func (t draws) timeOfDay(name string) messages.TimeOfDay {
	if !t.bool(name) {
		return messages.TimeOfDay{}
	}
	return messages.TimeOfDay{Hours: rapid.Int32Range(0, 24).Draw(t.T, name), Minutes: rapid.Int32Range(0, 59).Draw(t.T, name),
		Seconds: rapid.Int32Range(0, 60).Draw(t.T, name), Nanos: rapid.Int32Range(0, 999999999).Draw(t.T, name), Set: true}
}

func (t draws) date(name string) messages.Date {
	return messages.Date{Year: rapid.Int32Range(0, 9999).Draw(t.T, name), Month: rapid.Int32Range(0, 12).Draw(t.T, name),
		Day: rapid.Int32Range(0, 31).Draw(t.T, name)}
}

func (t draws) event(k messages.Kind, m messages.Meta) messages.Event {
	switch k {
	case messages.KindBidOffer:
		d := messages.BidOfferData{Meta: m, Symbol: "AOT", BidFlag: messages.Flag(t.int32("flag")), AskFlag: messages.Flag(t.int32("flag"))}
		for i := range messages.Levels {
			d.Bids[i] = messages.Level{Price: t.price("bid"), Volume: t.int64("volume")}
			d.Asks[i] = messages.Level{Price: t.price("ask"), Volume: t.int64("volume")}
		}
		return messages.NewBidOffer(&d)
	case messages.KindPriceInfo:
		return messages.NewPriceInfo(&messages.PriceInfoData{Meta: m, Symbol: "AOT", High: t.price("high"), Low: t.price("low"), Last: t.price("last"),
			Change: t.price("change"), ProjectedOpenPrice: t.price("projected"), ProjectedOpenVolume: t.int64("volume"),
			TotalVolume: t.int64("volume"), TotalValue: t.money("value"), MarketStatus: messages.MarketStatus(t.int32("status"))})
	case messages.KindCandlestick:
		return messages.NewCandlestick(&messages.CandlestickData{Meta: m, Symbol: "AOT", Interval: "5m", LastSequence: t.int64("sequence"),
			OpenTime: t.timestamp("time"), Open: t.price("open"), High: t.price("high"), Low: t.price("low"), Close: t.price("close"),
			Volume: t.int64("volume"), Value: t.money("value")})
	case messages.KindEquityExchangeInfo:
		return messages.NewEquityExchangeInfo(&messages.EquityExchangeInfoData{Meta: m, Market: "SET" + t.text("market"),
			MarketStatus: messages.EquityMarketStatus(t.int32("status")), Current: t.price("current"), High: t.price("high"), Low: t.price("low"),
			Change: t.price("change"), PercentChange: t.price("percent"), TotalIndexVolume: t.int64("volume"), TotalIndexValue: t.money("value")})
	case messages.KindDerivativesExchangeInfo:
		return messages.NewDerivativesExchangeInfo(&messages.DerivativesExchangeInfoData{Meta: m, Market: "TFEX" + t.text("market"),
			MarketStatus: messages.DerivativesMarketStatus(t.int32("status")), TotalVolume: t.int64("volume"), TotalDeal: t.int64("deal"),
			OpenInterest: t.int32("open")})
	case messages.KindEquityOrder:
		return messages.NewEquityOrder(&messages.EquityOrderData{Meta: m, Version: t.int32("version"), OrderNo: t.text("no"), ExtOrderNo: t.text("ext"),
			AccountNo: "6117413", EntryTime: t.timeOfDay("entry"), TradeDate: t.date("date"), Symbol: "S" + t.text("symbol"), IsNVDR: t.bool("nvdr"),
			Price: t.price("price"), PriceType: messages.PriceType(t.int32("type")), Side: messages.Side(t.int32("side")), Volume: t.int64("volume"),
			MatchedVolume: t.int64("matched"), BalanceVolume: t.int64("balance"), CancelledVolume: t.int64("cancelled"),
			Valid: messages.Validity(t.int32("valid")), Until: t.date("until"), Status: t.text("status"), CanCancel: t.bool("can"),
			CanChangePriceVol: t.bool("can"), CanChangeNVDR: t.bool("can"), CanChangeIceberg: t.bool("can"),
			CanChangeAccount: t.bool("can"), IsTradeReport: t.bool("report")})
	}
	return messages.NewDerivativesOrder(&messages.DerivativesOrderData{Meta: m, Version: t.int32("version"), OrderNo: t.text("no"),
		ExtOrderNo: t.text("ext"), AccountNo: "6117413", EnterID: t.text("enter"), EntryTime: t.timestamp("entry"), SeriesID: "S" + t.text("series"),
		Side: messages.LongSide(t.int32("side")), Position: messages.Position(t.int32("position")), Price: t.price("price"),
		PriceType: messages.DerivativesPriceType(t.int32("type")), Volume: t.int64("volume"), BalanceVolume: t.int64("balance"),
		MatchedVolume: t.int64("matched"), CancelledVolume: t.int64("cancelled"), Valid: messages.DerivativesValidity(t.int32("valid")),
		Until: t.text("until"), Status: t.text("status"), CanCancel: t.bool("can"), CanChange: t.bool("can"),
		CanChangePriceVol: t.bool("can"), IsTradeReport: t.bool("report")})
}

func TestAnyEventSurvivesItsEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tp := rapid.SampledFrom(topics).Draw(t, "topic")
		meta := messages.Meta{Epoch: 1, Seq: 2, Wall: 3, Mono: 4}
		e := draws{t}.event(tp.Kind, meta)
		b := Append([]byte("x"), e)
		if b[0] != 'x' {
			t.Fatalf("Append wrote over what was there: %x", b)
		}
		got, err := Decode(tp, b[1:], meta)
		if err != nil || !equal(got, e) {
			t.Fatalf("%s: %x: %v", e.AppendJSON(nil), b[1:], err)
		}
		agree(t, tp, b[1:])
		m := oracleMessage(tp.Kind)
		if err := proto.Unmarshal(b[1:], m); err != nil {
			t.Fatal(err)
		}
		if canonical, err := proto.Marshal(m); err != nil || !bytes.Equal(canonical, b[1:]) {
			t.Fatalf("not canonical:\n got %x\nwant %x, %v", b[1:], canonical, err)
		}
	})
}

func TestMarketDataAllocatesTheEventAlone(t *testing.T) {
	for _, tp := range topics[:5] {
		payload := Append(nil, plain(tp.Kind))
		if n := testing.AllocsPerRun(200, func() {
			if _, err := Decode(tp, payload, messages.Meta{}); err != nil {
				t.Fatal(err)
			}
		}); n != 1 {
			t.Errorf("%s: %v allocations, want 1", tp.Kind, n)
		}
	}
}

func plain(k messages.Kind) messages.Event {
	switch k {
	case messages.KindBidOffer:
		return messages.NewBidOffer(&messages.BidOfferData{Symbol: "AOT", Bids: [10]messages.Level{{Price: messages.Baht, Volume: 100}}})
	case messages.KindPriceInfo:
		return messages.NewPriceInfo(&messages.PriceInfoData{Symbol: "AOT", Last: messages.Baht})
	case messages.KindCandlestick:
		return messages.NewCandlestick(&messages.CandlestickData{Symbol: "AOT", Interval: "5m", Close: messages.Baht, OpenTime: messages.Timestamp{Seconds: 1, Set: true}})
	case messages.KindEquityExchangeInfo:
		return messages.NewEquityExchangeInfo(&messages.EquityExchangeInfoData{Market: "SET", Current: messages.Baht})
	}
	return messages.NewDerivativesExchangeInfo(&messages.DerivativesExchangeInfoData{Market: "TFEX", TotalDeal: 1})
}

func TestEncodingBooksAndPriceInfosAllocatesNothing(t *testing.T) {
	book := plain(messages.KindBidOffer).(*messages.BidOffer).Data()
	info := plain(messages.KindPriceInfo).(*messages.PriceInfo).Data()
	if got, want := AppendPriceInfo(nil, &info), Append(nil, messages.NewPriceInfo(&info)); !bytes.Equal(got, want) {
		t.Errorf("%x is not %x", got, want)
	}
	buf := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(200, func() { AppendPriceInfo(AppendBidOffer(buf, &book), &info) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
