package codec

import (
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

func malformed(k messages.Kind) error {
	return refuse(k, ledger.Malformed, "", "the bytes are no protobuf message of this kind")
}

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
	if err := setPrices(k, priceField{"high", high, &d.High}, priceField{"low", low, &d.Low}, priceField{"last", last, &d.Last},
		priceField{"projected_open_price", projected, &d.ProjectedOpenPrice}, priceField{"change", change, &d.Change}); err != nil {
		return nil, err
	}
	if err := setMoney(k, "total_value", value, &d.TotalValue); err != nil {
		return nil, err
	}
	return messages.NewPriceInfo(&d), nil
}

func decodeCandlestick(t *topic.Topic, payload []byte, m messages.Meta) (messages.Event, error) {
	const k = messages.KindCandlestick
	d := messages.CandlestickData{Meta: m, Symbol: t.Symbol, Interval: t.Interval}
	var open, high, low, closing, value amount
	var symbol, interval []byte
	var at [4]int64
	var timed bool
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
			r.integers(&at)
			timed = true
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
	if err := setPrices(k, priceField{"open", open, &d.Open}, priceField{"high", high, &d.High},
		priceField{"low", low, &d.Low}, priceField{"close", closing, &d.Close}); err != nil {
		return nil, err
	}
	if err := setMoney(k, "value", value, &d.Value); err != nil {
		return nil, err
	}
	var err error
	d.OpenTime, err = timestamp(k, "time", at, timed)
	if err != nil {
		return nil, err
	}
	return messages.NewCandlestick(&d), nil
}

// marketInfo reads field 1 of an exchange info, the only one it has; coming twice, the two merge.
func marketInfo(payload []byte, each func(r *reader, key uint32)) (bad bool) {
	r := reader{b: payload}
	for {
		key, ok := r.tag()
		if !ok {
			return r.bad()
		}
		if key == 1<<3|wireBytes {
			r.nested(each)
		} else {
			r.skip(key)
		}
	}
}

func decodeEquityExchangeInfo(_ *topic.Topic, payload []byte, m messages.Meta) (messages.Event, error) {
	const k = messages.KindEquityExchangeInfo
	d := messages.EquityExchangeInfoData{Meta: m}
	var current, high, low, change, percent, value amount
	bad := marketInfo(payload, func(r *reader, key uint32) {
		switch key {
		case 1<<3 | wireBytes:
			d.Market = string(r.text())
		case 2<<3 | wireVarint:
			d.MarketStatus = messages.EquityMarketStatus(r.varint())
		case 3<<3 | wireBytes:
			r.amount(&current)
		case 4<<3 | wireBytes:
			r.amount(&high)
		case 5<<3 | wireBytes:
			r.amount(&low)
		case 6<<3 | wireBytes:
			r.amount(&change)
		case 7<<3 | wireBytes:
			r.amount(&percent)
		case 8<<3 | wireVarint:
			d.TotalIndexVolume = int64(r.varint())
		case 9<<3 | wireBytes:
			r.amount(&value)
		default:
			r.skip(key)
		}
	})
	if bad {
		return nil, malformed(k)
	}
	if d.Market == "" {
		return nil, refuse(k, ledger.Missing, "market", "it is not there")
	}
	if err := setPrices(k, priceField{"current", current, &d.Current}, priceField{"high", high, &d.High}, priceField{"low", low, &d.Low},
		priceField{"change", change, &d.Change}, priceField{"percent_change", percent, &d.PercentChange}); err != nil {
		return nil, err
	}
	if err := setMoney(k, "total_index_value", value, &d.TotalIndexValue); err != nil {
		return nil, err
	}
	return messages.NewEquityExchangeInfo(&d), nil
}

func decodeDerivativesExchangeInfo(_ *topic.Topic, payload []byte, m messages.Meta) (messages.Event, error) {
	const k = messages.KindDerivativesExchangeInfo
	d := messages.DerivativesExchangeInfoData{Meta: m}
	bad := marketInfo(payload, func(r *reader, key uint32) {
		switch key {
		case 1<<3 | wireBytes:
			d.Market = string(r.text())
		case 2<<3 | wireVarint:
			d.MarketStatus = messages.DerivativesMarketStatus(r.varint())
		case 3<<3 | wireVarint:
			d.TotalVolume = int64(r.varint())
		case 4<<3 | wireVarint:
			d.TotalDeal = int64(r.varint())
		case 5<<3 | wireVarint:
			d.OpenInterest = int32(r.varint())
		default:
			r.skip(key)
		}
	})
	if bad {
		return nil, malformed(k)
	}
	if d.Market == "" {
		return nil, refuse(k, ledger.Missing, "market", "it is not there")
	}
	return messages.NewDerivativesExchangeInfo(&d), nil
}
