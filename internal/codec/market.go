package codec

import (
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

func decodePriceInfo(t *topic.Topic, payload []byte, m messages.Meta) (messages.Event, error) {
	const k = messages.KindPriceInfo
	d := messages.PriceInfoData{Meta: m, Symbol: t.Symbol}
	var high, low, last, projected, change, value amount
	var symbol []byte
	r := reader{b: payload}
	for {
		key, ok := r.tag()
		if !ok {
			break
		}
		switch key {
		case 1<<3 | wireBytes:
			symbol = r.text()
		case 2<<3 | wireBytes:
			r.amount(&high)
		case 3<<3 | wireBytes:
			r.amount(&low)
		case 4<<3 | wireBytes:
			r.amount(&last)
		case 5<<3 | wireVarint:
			d.TotalVolume = int64(r.varint())
		case 6<<3 | wireBytes:
			r.amount(&projected)
		case 7<<3 | wireBytes:
			r.amount(&change)
		case 8<<3 | wireBytes:
			r.amount(&value)
		case 9<<3 | wireVarint:
			d.MarketStatus = messages.MarketStatus(r.varint())
		case 10<<3 | wireVarint:
			d.ProjectedOpenVolume = int64(r.varint())
		default:
			r.skip(key)
		}
	}
	if r.bad() {
		return nil, malformed(k)
	}
	if err := identity(k, "symbol", symbol, t.Symbol); err != nil {
		return nil, err
	}
	var c values
	d.High, d.Low, d.Last = c.price("high", high), c.price("low", low), c.price("last", last)
	d.Change, d.ProjectedOpenPrice = c.price("change", change), c.price("projected_open_price", projected)
	d.TotalValue = c.money("total_value", value)
	if err := c.err(k); err != nil {
		return nil, err
	}
	return messages.NewPriceInfo(&d), nil
}

func decodeCandlestick(t *topic.Topic, payload []byte, m messages.Meta) (messages.Event, error) {
	const k = messages.KindCandlestick
	d := messages.CandlestickData{Meta: m, Symbol: t.Symbol, Interval: t.Interval}
	var open, high, low, closing, value amount
	var symbol, interval []byte
	var at parts
	r := reader{b: payload}
	for {
		key, ok := r.tag()
		if !ok {
			break
		}
		switch key {
		case 1<<3 | wireBytes:
			symbol = r.text()
		case 2<<3 | wireBytes:
			interval = r.text()
		case 3<<3 | wireVarint:
			d.LastSequence = int64(r.varint())
		case 4<<3 | wireBytes:
			r.parts(&at)
		case 5<<3 | wireBytes:
			r.amount(&open)
		case 6<<3 | wireBytes:
			r.amount(&high)
		case 7<<3 | wireBytes:
			r.amount(&low)
		case 8<<3 | wireBytes:
			r.amount(&closing)
		case 9<<3 | wireVarint:
			d.Volume = int64(r.varint())
		case 10<<3 | wireBytes:
			r.amount(&value)
		default:
			r.skip(key)
		}
	}
	if r.bad() {
		return nil, malformed(k)
	}
	if err := identity(k, "symbol", symbol, t.Symbol); err != nil {
		return nil, err
	}
	if err := identity(k, "interval", interval, t.Interval); err != nil {
		return nil, err
	}
	var c values
	d.Open, d.High, d.Low, d.Close = c.price("open", open), c.price("high", high), c.price("low", low), c.price("close", closing)
	d.Value, d.OpenTime = c.money("value", value), c.timestamp("time", &at)
	if err := c.err(k); err != nil {
		return nil, err
	}
	return messages.NewCandlestick(&d), nil
}
