package codec

import (
	"math/big"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/feedtree/feedtree/internal/codec/oracle"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

// verdict is what google.golang.org/protobuf and this project's rules, written once more
// and in another way, make of a payload: the event, or the classes it may be refused for.
type verdict struct {
	event  messages.Event
	faults []Class
}

func (v *verdict) fault(c Class) { v.faults = append(v.faults, c) }

func (v *verdict) identity(got, want string) {
	switch got {
	case "":
		v.fault(ClassMissing)
	case want:
	default:
		v.fault(ClassMismatch)
	}
}

func (v *verdict) within(n, low, high int64) {
	if n < low || n > high {
		v.fault(ClassOutOfRange)
	}
}

var giga = big.NewInt(1e9)

// nanos is units·10⁹ + nanos without a limit.
func nanos(m *oracle.Money) *big.Int {
	n := new(big.Int).Mul(big.NewInt(m.GetUnits()), giga)
	return n.Add(n, big.NewInt(int64(m.GetNanos())))
}

func (v *verdict) price(m *oracle.Money) messages.Price {
	n := nanos(m)
	if !n.IsInt64() {
		v.fault(ClassOutOfRange)
	}
	return messages.Price(n.Int64())
}

func (v *verdict) money(m *oracle.Money) messages.Money {
	units, rest := new(big.Int).QuoRem(nanos(m), giga, new(big.Int))
	if !units.IsInt64() {
		v.fault(ClassOutOfRange)
	}
	return messages.Money{Units: units.Int64(), Nanos: int32(rest.Int64())}
}

func (v *verdict) timestamp(t *oracle.Timestamp) messages.Timestamp {
	if t == nil {
		return messages.Timestamp{}
	}
	v.within(t.Seconds, -62135596800, 253402300799)
	v.within(int64(t.Nanos), 0, 999999999)
	return messages.Timestamp{Seconds: t.Seconds, Nanos: t.Nanos, Set: true}
}

func (v *verdict) date(d *oracle.Date) messages.Date {
	v.within(int64(d.GetYear()), 0, 9999)
	v.within(int64(d.GetMonth()), 0, 12)
	v.within(int64(d.GetDay()), 0, 31)
	return messages.Date{Year: d.GetYear(), Month: d.GetMonth(), Day: d.GetDay()}
}

func (v *verdict) timeOfDay(t *oracle.TimeOfDay) messages.TimeOfDay {
	v.within(int64(t.GetHours()), 0, 24)
	v.within(int64(t.GetMinutes()), 0, 59)
	v.within(int64(t.GetSeconds()), 0, 60)
	v.within(int64(t.GetNanos()), 0, 999999999)
	return messages.TimeOfDay{Hours: t.GetHours(), Minutes: t.GetMinutes(), Seconds: t.GetSeconds(), Nanos: t.GetNanos(), Set: t != nil}
}

// oracleMessage makes an empty message of a kind.
func oracleMessage(k messages.Kind) proto.Message {
	switch k {
	case messages.KindBidOffer:
		return &oracle.BidOfferV3{}
	case messages.KindPriceInfo:
		return &oracle.InfoV3{}
	case messages.KindCandlestick:
		return &oracle.CandlestickV3{}
	case messages.KindEquityExchangeInfo:
		return &oracle.EquityExchangeInfoV3{}
	case messages.KindDerivativesExchangeInfo:
		return &oracle.DerivExchangeInfoV3{}
	case messages.KindEquityOrder:
		return &oracle.OrderEquityV3{}
	}
	return &oracle.OrderDerivV3{}
}

// judge is the oracle.
func judge(t *topic.Topic, payload []byte, meta messages.Meta) verdict {
	var v verdict
	m := oracleMessage(t.Kind)
	if err := proto.Unmarshal(payload, m); err != nil {
		v.fault(ClassMalformed)
		return v
	}
	switch m := m.(type) {
	case *oracle.BidOfferV3:
		v.identity(m.Symbol, t.Symbol)
		d := messages.BidOfferData{Meta: meta, Symbol: m.Symbol, BidFlag: messages.Flag(m.BidFlag), AskFlag: messages.Flag(m.AskFlag)}
		for i, p := range []*oracle.Money{m.BidPrice1, m.BidPrice2, m.BidPrice3, m.BidPrice4, m.BidPrice5, m.BidPrice6, m.BidPrice7, m.BidPrice8, m.BidPrice9, m.BidPrice10} {
			d.Bids[i].Price = v.price(p)
		}
		for i, p := range []*oracle.Money{m.AskPrice1, m.AskPrice2, m.AskPrice3, m.AskPrice4, m.AskPrice5, m.AskPrice6, m.AskPrice7, m.AskPrice8, m.AskPrice9, m.AskPrice10} {
			d.Asks[i].Price = v.price(p)
		}
		for i, n := range []int64{m.BidVolume1, m.BidVolume2, m.BidVolume3, m.BidVolume4, m.BidVolume5, m.BidVolume6, m.BidVolume7, m.BidVolume8, m.BidVolume9, m.BidVolume10} {
			d.Bids[i].Volume = n
		}
		for i, n := range []int64{m.AskVolume1, m.AskVolume2, m.AskVolume3, m.AskVolume4, m.AskVolume5, m.AskVolume6, m.AskVolume7, m.AskVolume8, m.AskVolume9, m.AskVolume10} {
			d.Asks[i].Volume = n
		}
		v.event = messages.NewBidOffer(&d)
	case *oracle.InfoV3:
		v.identity(m.Symbol, t.Symbol)
		v.event = messages.NewPriceInfo(&messages.PriceInfoData{Meta: meta, Symbol: m.Symbol, High: v.price(m.High), Low: v.price(m.Low),
			Last: v.price(m.Last), Change: v.price(m.Change), ProjectedOpenPrice: v.price(m.ProjectedOpenPrice),
			ProjectedOpenVolume: m.ProjectedOpenVolume, TotalVolume: m.TotalVolume, TotalValue: v.money(m.TotalValue),
			MarketStatus: messages.MarketStatus(m.MarketStatus)})
	case *oracle.CandlestickV3:
		v.identity(m.Symbol, t.Symbol)
		v.identity(m.Interval, t.Interval)
		v.event = messages.NewCandlestick(&messages.CandlestickData{Meta: meta, Symbol: m.Symbol, Interval: m.Interval,
			LastSequence: m.LastSequence, OpenTime: v.timestamp(m.Time), Open: v.price(m.Open), High: v.price(m.High),
			Low: v.price(m.Low), Close: v.price(m.Close), Volume: m.Volume, Value: v.money(m.Value)})
	case *oracle.EquityExchangeInfoV3:
		i := m.GetMarketInfo()
		v.identity(i.GetName(), i.GetName()) // any market will do
		v.event = messages.NewEquityExchangeInfo(&messages.EquityExchangeInfoData{Meta: meta, Market: i.GetName(),
			MarketStatus: messages.EquityMarketStatus(i.GetMarketStatus()), Current: v.price(i.GetCurrent()), High: v.price(i.GetHigh()),
			Low: v.price(i.GetLow()), Change: v.price(i.GetChange()), PercentChange: v.price(i.GetPercentChange()),
			TotalIndexVolume: i.GetTotalIndexVolume(), TotalIndexValue: v.money(i.GetTotalIndexValue())})
	case *oracle.DerivExchangeInfoV3:
		i := m.GetMarketInfo()
		v.identity(i.GetName(), i.GetName())
		v.event = messages.NewDerivativesExchangeInfo(&messages.DerivativesExchangeInfoData{Meta: meta, Market: i.GetName(),
			MarketStatus: messages.DerivativesMarketStatus(i.GetMarketStatus()), TotalVolume: i.GetTotalVolume(),
			TotalDeal: i.GetTotalDeal(), OpenInterest: i.GetOpenInterest()})
	case *oracle.OrderEquityV3:
		v.identity(m.AccountNo, t.Account)
		v.identity(m.Symbol, m.Symbol)
		v.event = messages.NewEquityOrder(&messages.EquityOrderData{Meta: meta, Version: m.Version, OrderNo: m.OrderNo,
			ExtOrderNo: m.ExtOrderNo, AccountNo: m.AccountNo, EntryTime: v.timeOfDay(m.EntryTime), TradeDate: v.date(m.TradeDate),
			Symbol: m.Symbol, IsNVDR: m.IsNvdr, Price: v.price(m.Price), PriceType: messages.PriceType(m.PriceType),
			Side: messages.Side(m.Side), Volume: m.Volume, MatchedVolume: m.MatchedVolume, BalanceVolume: m.BalanceVolume,
			CancelledVolume: m.CancelledVolume, Valid: messages.Validity(m.Valid), Until: v.date(m.Until), Status: m.Status,
			CanCancel: m.CanCancel, CanChangePriceVol: m.CanChangePriceVol, CanChangeNVDR: m.CanChangeNvdr,
			CanChangeIceberg: m.CanChangeIceberg, CanChangeAccount: m.CanChangeAccount, IsTradeReport: m.IsTradeReport})
	case *oracle.OrderDerivV3:
		v.identity(m.AccountNo, t.Account)
		v.identity(m.SeriesId, m.SeriesId)
		v.event = messages.NewDerivativesOrder(&messages.DerivativesOrderData{Meta: meta, Version: m.Version, OrderNo: m.OrderNo,
			ExtOrderNo: m.ExtOrderNo, AccountNo: m.AccountNo, EnterID: m.EnterId, EntryTime: v.timestamp(m.EntryTime),
			SeriesID: m.SeriesId, Side: messages.LongSide(m.Side), Position: messages.Position(m.Position), Price: v.price(m.Price),
			PriceType: messages.DerivativesPriceType(m.PriceType), Volume: m.Volume, BalanceVolume: m.BalanceVolume,
			MatchedVolume: m.MatchedVolume, CancelledVolume: m.CancelledVolume, Valid: messages.DerivativesValidity(m.Valid),
			Until: m.Until, Status: m.Status, CanCancel: m.CanCancel, CanChange: m.CanChange,
			CanChangePriceVol: m.CanChangePriceVol, IsTradeReport: m.IsTradeReport})
	}
	return v
}

type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// agree holds the decoder against the oracle on one payload.
func agree(t reporter, tp *topic.Topic, payload []byte) {
	t.Helper()
	meta := messages.Meta{Epoch: 1, Seq: 2, Wall: 3, Mono: 4}
	got, err := Decode(tp, payload, meta)
	want := judge(tp, payload, meta)
	switch {
	case err == nil && len(want.faults) > 0:
		t.Errorf("%s: %x was accepted, the oracle says %v", tp.Name, payload, want.faults)
	case err != nil && !slices.Contains(want.faults, ClassName(err)):
		t.Errorf("%s: %x: %v, the oracle says %v", tp.Name, payload, err, want.faults)
	case err == nil && !equal(got, want.event):
		t.Errorf("%s: %x:\n got %s\nwant %s", tp.Name, payload, got.AppendJSON(nil), want.event.AppendJSON(nil))
	}
}
