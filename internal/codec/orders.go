package codec

import (
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

func decodeEquityOrder(t *topic.Topic, payload []byte, m messages.Meta) (messages.Event, error) {
	const k = messages.KindEquityOrder
	d := messages.EquityOrderData{Meta: m}
	var price amount
	// The strings are made once the message was seen to be good: a field may come again and again.
	var orderNo, extOrderNo, acc, symbol, status []byte
	var entry, trade, until parts
	r := reader{b: payload}
	for {
		key, ok := r.tag()
		if !ok {
			break
		}
		switch key {
		case 1<<3 | wireVarint:
			d.Version = int32(r.varint())
		case 2<<3 | wireBytes:
			orderNo = r.text()
		case 3<<3 | wireBytes:
			extOrderNo = r.text()
		case 4<<3 | wireBytes:
			acc = r.text()
		case 5<<3 | wireBytes:
			r.parts(&entry)
		case 6<<3 | wireBytes:
			r.parts(&trade)
		case 7<<3 | wireBytes:
			symbol = r.text()
		case 8<<3 | wireVarint:
			d.IsNVDR = r.varint() != 0
		case 9<<3 | wireBytes:
			r.amount(&price)
		case 10<<3 | wireVarint:
			d.PriceType = messages.PriceType(r.varint())
		case 11<<3 | wireVarint:
			d.Side = messages.Side(r.varint())
		case 12<<3 | wireVarint:
			d.Volume = int64(r.varint())
		case 13<<3 | wireVarint:
			d.MatchedVolume = int64(r.varint())
		case 14<<3 | wireVarint:
			d.BalanceVolume = int64(r.varint())
		case 15<<3 | wireVarint:
			d.CancelledVolume = int64(r.varint())
		case 16<<3 | wireBytes:
			status = r.text()
		case 17<<3 | wireVarint:
			d.CanCancel = r.varint() != 0
		case 19<<3 | wireVarint:
			d.CanChangePriceVol = r.varint() != 0
		case 20<<3 | wireVarint:
			d.Valid = messages.Validity(r.varint())
		case 21<<3 | wireBytes:
			r.parts(&until)
		case 22<<3 | wireVarint:
			d.CanChangeNVDR = r.varint() != 0
		case 23<<3 | wireVarint:
			d.CanChangeIceberg = r.varint() != 0
		case 24<<3 | wireVarint:
			d.CanChangeAccount = r.varint() != 0
		case 25<<3 | wireVarint:
			d.IsTradeReport = r.varint() != 0
		default:
			r.skip(key)
		}
	}
	if r.bad() {
		return nil, malformed(k)
	}
	if err := identity(k, "account_no", acc, t.Account); err != nil {
		return nil, err
	}
	if len(symbol) == 0 {
		return nil, missing(k, "symbol")
	}
	d.AccountNo = t.Account
	var c values
	d.Price, d.EntryTime = c.price("price", price), c.timeOfDay("entry_time", &entry)
	d.TradeDate, d.Until = c.date("trade_date", &trade), c.date("until", &until)
	if err := c.err(k); err != nil {
		return nil, err
	}
	d.OrderNo, d.ExtOrderNo, d.Symbol, d.Status = string(orderNo), string(extOrderNo), string(symbol), string(status)
	return messages.NewEquityOrder(&d), nil
}

func decodeDerivativesOrder(t *topic.Topic, payload []byte, m messages.Meta) (messages.Event, error) {
	const k = messages.KindDerivativesOrder
	d := messages.DerivativesOrderData{Meta: m}
	var price amount
	var orderNo, extOrderNo, acc, enterID, seriesID, until, status []byte
	var entry parts
	r := reader{b: payload}
	for {
		key, ok := r.tag()
		if !ok {
			break
		}
		switch key {
		case 1<<3 | wireVarint:
			d.Version = int32(r.varint())
		case 2<<3 | wireBytes:
			orderNo = r.text()
		case 3<<3 | wireBytes:
			extOrderNo = r.text()
		case 4<<3 | wireBytes:
			acc = r.text()
		case 5<<3 | wireBytes:
			enterID = r.text()
		case 6<<3 | wireBytes:
			r.parts(&entry)
		case 7<<3 | wireBytes:
			seriesID = r.text()
		case 8<<3 | wireVarint:
			d.Side = messages.LongSide(r.varint())
		case 9<<3 | wireVarint:
			d.Position = messages.Position(r.varint())
		case 10<<3 | wireBytes:
			r.amount(&price)
		case 11<<3 | wireVarint:
			d.PriceType = messages.DerivativesPriceType(r.varint())
		case 12<<3 | wireVarint:
			d.Volume = int64(r.varint())
		case 13<<3 | wireVarint:
			d.BalanceVolume = int64(r.varint())
		case 14<<3 | wireVarint:
			d.MatchedVolume = int64(r.varint())
		case 15<<3 | wireVarint:
			d.CancelledVolume = int64(r.varint())
		case 16<<3 | wireVarint:
			d.Valid = messages.DerivativesValidity(r.varint())
		case 17<<3 | wireBytes:
			until = r.text()
		case 18<<3 | wireBytes:
			status = r.text()
		case 19<<3 | wireVarint:
			d.CanCancel = r.varint() != 0
		case 20<<3 | wireVarint:
			d.CanChange = r.varint() != 0
		case 21<<3 | wireVarint:
			d.CanChangePriceVol = r.varint() != 0
		case 22<<3 | wireVarint:
			d.IsTradeReport = r.varint() != 0
		default:
			r.skip(key)
		}
	}
	if r.bad() {
		return nil, malformed(k)
	}
	if err := identity(k, "account_no", acc, t.Account); err != nil {
		return nil, err
	}
	if len(seriesID) == 0 {
		return nil, missing(k, "series_id")
	}
	d.AccountNo = t.Account
	var c values
	d.Price, d.EntryTime = c.price("price", price), c.timestamp("entry_time", &entry)
	if err := c.err(k); err != nil {
		return nil, err
	}
	d.OrderNo, d.ExtOrderNo, d.EnterID = string(orderNo), string(extOrderNo), string(enterID)
	d.SeriesID, d.Until, d.Status = string(seriesID), string(until), string(status)
	return messages.NewDerivativesOrder(&d), nil
}
