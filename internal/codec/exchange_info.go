package codec

import (
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

// marketInfo finds the next field 1 of an exchange info, the only one it has; coming twice,
// the two merge.
func (r *reader) marketInfo() (info reader, ok bool) {
	for {
		key, ok := r.tag()
		if !ok {
			return reader{}, false
		}
		if key == 1<<3|wireBytes {
			return r.sub(), true
		}
		r.skip(key)
	}
}

// market gives a market's name, which need not be the topic's: the golden vectors
// hold one that differs. The usual one needs no memory of its own.
func market(t *topic.Topic, name []byte) string {
	if string(name) == t.Symbol {
		return t.Symbol
	}
	return string(name)
}

func decodeEquityExchangeInfo(t *topic.Topic, payload []byte, m messages.Meta) (messages.Event, error) {
	const k = messages.KindEquityExchangeInfo
	d := messages.EquityExchangeInfoData{Meta: m}
	var current, high, low, change, percent, value amount
	var name []byte
	r := reader{b: payload}
	for in, ok := r.marketInfo(); ok; in, ok = r.marketInfo() {
		for {
			key, ok := in.tag()
			if !ok {
				break
			}
			switch key {
			case 1<<3 | wireBytes:
				name = in.text()
			case 2<<3 | wireVarint:
				d.MarketStatus = messages.EquityMarketStatus(in.varint())
			case 3<<3 | wireBytes:
				in.amount(&current)
			case 4<<3 | wireBytes:
				in.amount(&high)
			case 5<<3 | wireBytes:
				in.amount(&low)
			case 6<<3 | wireBytes:
				in.amount(&change)
			case 7<<3 | wireBytes:
				in.amount(&percent)
			case 8<<3 | wireVarint:
				d.TotalIndexVolume = int64(in.varint())
			case 9<<3 | wireBytes:
				in.amount(&value)
			default:
				in.skip(key)
			}
		}
		r.join(&in)
	}
	if r.bad() {
		return nil, malformed(k)
	}
	if len(name) == 0 {
		return nil, missing(k, "market")
	}
	d.Market = market(t, name)
	var c values
	d.Current, d.High, d.Low = c.price("current", current), c.price("high", high), c.price("low", low)
	d.Change, d.PercentChange = c.price("change", change), c.price("percent_change", percent)
	d.TotalIndexValue = c.money("total_index_value", value)
	if err := c.err(k); err != nil {
		return nil, err
	}
	return messages.NewEquityExchangeInfo(&d), nil
}

func decodeDerivativesExchangeInfo(t *topic.Topic, payload []byte, m messages.Meta) (messages.Event, error) {
	const k = messages.KindDerivativesExchangeInfo
	d := messages.DerivativesExchangeInfoData{Meta: m}
	var name []byte
	r := reader{b: payload}
	for in, ok := r.marketInfo(); ok; in, ok = r.marketInfo() {
		for {
			key, ok := in.tag()
			if !ok {
				break
			}
			switch key {
			case 1<<3 | wireBytes:
				name = in.text()
			case 2<<3 | wireVarint:
				d.MarketStatus = messages.DerivativesMarketStatus(in.varint())
			case 3<<3 | wireVarint:
				d.TotalVolume = int64(in.varint())
			case 4<<3 | wireVarint:
				d.TotalDeal = int64(in.varint())
			case 5<<3 | wireVarint:
				d.OpenInterest = int32(in.varint())
			default:
				in.skip(key)
			}
		}
		r.join(&in)
	}
	if r.bad() {
		return nil, malformed(k)
	}
	if len(name) == 0 {
		return nil, missing(k, "market")
	}
	d.Market = market(t, name)
	return messages.NewDerivativesExchangeInfo(&d), nil
}
