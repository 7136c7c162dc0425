package codec

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/feedtree/feedtree/messages"
)

// Append appends the event's canonical encoding: fields in order of their numbers, zero
// values left out, as the exchange's own encoder writes them. What Decode drops, unknown
// fields and currency codes other than THB, is not in it.
func Append(dst []byte, e messages.Event) []byte {
	w := writer{b: dst}
	switch e := e.(type) {
	case *messages.BidOffer:
		d := e.Data()
		w.bidOffer(&d)
	case *messages.PriceInfo:
		d := e.Data()
		w.priceInfo(&d)
	case *messages.Candlestick:
		d := e.Data()
		w.candlestick(&d)
	case *messages.EquityExchangeInfo:
		d := e.Data()
		w.nested(1, func() { w.equityMarket(&d) })
	case *messages.DerivativesExchangeInfo:
		d := e.Data()
		w.nested(1, func() { w.derivativesMarket(&d) })
	case *messages.EquityOrder:
		d := e.Data()
		w.equityOrder(&d)
	case *messages.DerivativesOrder:
		d := e.Data()
		w.derivativesOrder(&d)
	}
	return w.b
}

// AppendBidOffer is Append for a book that is no event yet; it allocates nothing.
func AppendBidOffer(dst []byte, d *messages.BidOfferData) []byte {
	w := writer{b: dst}
	w.bidOffer(d)
	return w.b
}

// AppendPriceInfo is Append for a price info that is no event yet; it allocates nothing.
func AppendPriceInfo(dst []byte, d *messages.PriceInfoData) []byte {
	w := writer{b: dst}
	w.priceInfo(d)
	return w.b
}

type writer struct{ b []byte }

func (w *writer) key(num int, typ protowire.Type) {
	w.b = protowire.AppendTag(w.b, protowire.Number(num), typ)
}

func (w *writer) int(num int, v int64) {
	if v != 0 {
		w.key(num, protowire.VarintType)
		w.b = protowire.AppendVarint(w.b, uint64(v))
	}
}

func (w *writer) bool(num int, v bool) {
	if v {
		w.int(num, 1)
	}
}

func (w *writer) text(num int, v string) {
	if v != "" {
		w.key(num, protowire.BytesType)
		w.b = protowire.AppendString(w.b, v)
	}
}

// nested writes a sub-message of fewer than 128 bytes in place, a longer one after a move.
func (w *writer) nested(num int, body func()) {
	w.key(num, protowire.BytesType)
	start := len(w.b)
	w.b = append(w.b, 0)
	body()
	n := len(w.b) - start - 1
	if extra := protowire.SizeVarint(uint64(n)) - 1; extra > 0 {
		w.b = append(w.b, make([]byte, extra)...)
		copy(w.b[start+1+extra:], w.b[start+1:len(w.b)-extra])
	}
	protowire.AppendVarint(w.b[:start], uint64(n))
}

// amount writes a Money; never longer than 31 bytes, so its length is one byte.
func (w *writer) amount(num int, units, nanos int64) {
	if units == 0 && nanos == 0 {
		return
	}
	w.key(num, protowire.BytesType)
	start := len(w.b)
	w.b = append(w.b, 0)
	w.text(1, "THB")
	w.int(2, units)
	w.int(3, nanos)
	w.b[start] = byte(len(w.b) - start - 1)
}

func (w *writer) price(num int, p messages.Price) {
	w.amount(num, int64(p/messages.Baht), int64(p%messages.Baht))
}

func (w *writer) money(num int, m messages.Money) { w.amount(num, m.Units, int64(m.Nanos)) }

func (w *writer) timestamp(num int, t messages.Timestamp) {
	if t.Set {
		w.nested(num, func() { w.int(1, t.Seconds); w.int(2, int64(t.Nanos)) })
	}
}

func (w *writer) date(num int, d messages.Date) {
	if d != (messages.Date{}) {
		w.nested(num, func() { w.int(1, int64(d.Year)); w.int(2, int64(d.Month)); w.int(3, int64(d.Day)) })
	}
}

func (w *writer) bidOffer(d *messages.BidOfferData) {
	w.text(1, d.Symbol)
	side := func(num int, levels []messages.Level, volumes bool) {
		for i, l := range levels {
			if volumes {
				w.int(num+i, l.Volume)
			} else {
				w.price(num+i, l.Price)
			}
		}
	}
	const half = messages.Levels / 2
	side(2, d.Bids[:half], false)
	side(7, d.Asks[:half], false)
	side(12, d.Bids[:half], true)
	side(17, d.Asks[:half], true)
	w.int(22, int64(d.BidFlag))
	w.int(23, int64(d.AskFlag))
	side(24, d.Bids[half:], false)
	side(29, d.Asks[half:], false)
	side(34, d.Bids[half:], true)
	side(39, d.Asks[half:], true)
}

func (w *writer) priceInfo(d *messages.PriceInfoData) {
	w.text(1, d.Symbol)
	w.price(2, d.High)
	w.price(3, d.Low)
	w.price(4, d.Last)
	w.int(5, d.TotalVolume)
	w.price(6, d.ProjectedOpenPrice)
	w.price(7, d.Change)
	w.money(8, d.TotalValue)
	w.int(9, int64(d.MarketStatus))
	w.int(10, d.ProjectedOpenVolume)
}

func (w *writer) candlestick(d *messages.CandlestickData) {
	w.text(1, d.Symbol)
	w.text(2, d.Interval)
	w.int(3, d.LastSequence)
	w.timestamp(4, d.OpenTime)
	w.price(5, d.Open)
	w.price(6, d.High)
	w.price(7, d.Low)
	w.price(8, d.Close)
	w.int(9, d.Volume)
	w.money(10, d.Value)
}

func (w *writer) equityMarket(d *messages.EquityExchangeInfoData) {
	w.text(1, d.Market)
	w.int(2, int64(d.MarketStatus))
	w.price(3, d.Current)
	w.price(4, d.High)
	w.price(5, d.Low)
	w.price(6, d.Change)
	w.price(7, d.PercentChange)
	w.int(8, d.TotalIndexVolume)
	w.money(9, d.TotalIndexValue)
}

func (w *writer) derivativesMarket(d *messages.DerivativesExchangeInfoData) {
	w.text(1, d.Market)
	w.int(2, int64(d.MarketStatus))
	w.int(3, d.TotalVolume)
	w.int(4, d.TotalDeal)
	w.int(5, int64(d.OpenInterest))
}

func (w *writer) equityOrder(d *messages.EquityOrderData) {
	w.int(1, int64(d.Version))
	w.text(2, d.OrderNo)
	w.text(3, d.ExtOrderNo)
	w.text(4, d.AccountNo)
	if t := d.EntryTime; t.Set {
		w.nested(5, func() {
			w.int(1, int64(t.Hours))
			w.int(2, int64(t.Minutes))
			w.int(3, int64(t.Seconds))
			w.int(4, int64(t.Nanos))
		})
	}
	w.date(6, d.TradeDate)
	w.text(7, d.Symbol)
	w.bool(8, d.IsNVDR)
	w.price(9, d.Price)
	w.int(10, int64(d.PriceType))
	w.int(11, int64(d.Side))
	w.int(12, d.Volume)
	w.int(13, d.MatchedVolume)
	w.int(14, d.BalanceVolume)
	w.int(15, d.CancelledVolume)
	w.text(16, d.Status)
	w.bool(17, d.CanCancel)
	w.bool(19, d.CanChangePriceVol)
	w.int(20, int64(d.Valid))
	w.date(21, d.Until)
	w.bool(22, d.CanChangeNVDR)
	w.bool(23, d.CanChangeIceberg)
	w.bool(24, d.CanChangeAccount)
	w.bool(25, d.IsTradeReport)
}

func (w *writer) derivativesOrder(d *messages.DerivativesOrderData) {
	w.int(1, int64(d.Version))
	w.text(2, d.OrderNo)
	w.text(3, d.ExtOrderNo)
	w.text(4, d.AccountNo)
	w.text(5, d.EnterID)
	w.timestamp(6, d.EntryTime)
	w.text(7, d.SeriesID)
	w.int(8, int64(d.Side))
	w.int(9, int64(d.Position))
	w.price(10, d.Price)
	w.int(11, int64(d.PriceType))
	w.int(12, d.Volume)
	w.int(13, d.BalanceVolume)
	w.int(14, d.MatchedVolume)
	w.int(15, d.CancelledVolume)
	w.int(16, int64(d.Valid))
	w.text(17, d.Until)
	w.text(18, d.Status)
	w.bool(19, d.CanCancel)
	w.bool(20, d.CanChange)
	w.bool(21, d.CanChangePriceVol)
	w.bool(22, d.IsTradeReport)
}
