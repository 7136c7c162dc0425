package codec

import (
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

func decodeEquityOrder(t *topic.Topic, payload []byte, m messages.Meta) (messages.Event, error) {
	const k = messages.KindEquityOrder
	d := messages.EquityOrderData{Meta: m}
	var price amount
	var acc []byte
	var entry, trade, until [4]int64
	var timed bool
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
			d.OrderNo = string(r.text())
		case 3<<3 | wireBytes:
			d.ExtOrderNo = string(r.text())
		case 4<<3 | wireBytes:
			acc = r.text()
		case 5<<3 | wireBytes:
			r.integers(&entry)
			timed = true
		case 6<<3 | wireBytes:
			r.integers(&trade)
		case 7<<3 | wireBytes:
			d.Symbol = string(r.text())
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
			d.Status = string(r.text())
		case 17<<3 | wireVarint:
			d.CanCancel = r.varint() != 0
		case 19<<3 | wireVarint:
			d.CanChangePriceVol = r.varint() != 0
		case 20<<3 | wireVarint:
			d.Valid = messages.Validity(r.varint())
		case 21<<3 | wireBytes:
			r.integers(&until)
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
	d.AccountNo = t.Account
	if err := setPrices(k, priceField{"price", price, &d.Price}); err != nil {
		return nil, err
	}
	var err error
	if d.EntryTime, err = timeOfDay(k, "entry_time", entry, timed); err != nil {
		return nil, err
	}
	if d.TradeDate, err = date(k, "trade_date", trade); err != nil {
		return nil, err
	}
	if d.Until, err = date(k, "until", until); err != nil {
		return nil, err
	}
	return messages.NewEquityOrder(&d), nil
}

func decodeDerivativesOrder(t *topic.Topic, payload []byte, m messages.Meta) (messages.Event, error) {
	const k = messages.KindDerivativesOrder
	d := messages.DerivativesOrderData{Meta: m}
	var price amount
	var acc []byte
	var entry [4]int64
	var timed bool
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
			d.OrderNo = string(r.text())
		case 3<<3 | wireBytes:
			d.ExtOrderNo = string(r.text())
		case 4<<3 | wireBytes:
			acc = r.text()
		case 5<<3 | wireBytes:
			d.EnterID = string(r.text())
		case 6<<3 | wireBytes:
			r.integers(&entry)
			timed = true
		case 7<<3 | wireBytes:
			d.SeriesID = string(r.text())
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
			d.Until = string(r.text())
		case 18<<3 | wireBytes:
			d.Status = string(r.text())
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
	d.AccountNo = t.Account
	if err := setPrices(k, priceField{"price", price, &d.Price}); err != nil {
		return nil, err
	}
	var err error
	if d.EntryTime, err = timestamp(k, "entry_time", entry, timed); err != nil {
		return nil, err
	}
	return messages.NewDerivativesOrder(&d), nil
}
