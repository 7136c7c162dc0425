package codec

import (
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// A book's fields, by number: what they are and of which level. Bids come first in an
// index of twenty levels, asks from 10 on.
type bookField struct {
	what  uint8
	level uint8
}

const (
	isPrice = iota + 1
	isVolume
)

var bookFields = func() (t [64]bookField) {
	row := func(what uint8, first, level, n int) {
		for i := range n {
			t[first+i] = bookField{what, uint8(level + i)}
		}
	}
	row(isPrice, 2, 0, 5)
	row(isPrice, 24, 5, 5)
	row(isPrice, 7, 10, 5)
	row(isPrice, 29, 15, 5)
	row(isVolume, 12, 0, 5)
	row(isVolume, 34, 5, 5)
	row(isVolume, 17, 10, 5)
	row(isVolume, 39, 15, 5)
	return t
}()

func decodeBidOffer(t *topic.Topic, payload []byte, m messages.Meta) (messages.Event, error) {
	const k = messages.KindBidOffer
	d := messages.BidOfferData{Meta: m, Symbol: t.Symbol}
	var amounts [2 * messages.Levels]amount
	var symbol []byte
	r := reader{b: payload}
	for {
		key, ok := r.tag()
		if !ok {
			break
		}
		num, typ := key>>3, key&7
		var f bookField
		if num < uint32(len(bookFields)) {
			f = bookFields[num]
		}
		switch {
		case f.what == isPrice && typ == wireBytes:
			r.amount(&amounts[f.level])
		case f.what == isVolume && typ == wireVarint:
			if v := int64(r.varint()); f.level < messages.Levels {
				d.Bids[f.level].Volume = v
			} else {
				d.Asks[f.level-messages.Levels].Volume = v
			}
		case num == 1 && typ == wireBytes:
			symbol = r.text()
		case num == 22 && typ == wireVarint:
			d.BidFlag = messages.Flag(r.varint())
		case num == 23 && typ == wireVarint:
			d.AskFlag = messages.Flag(r.varint())
		default:
			r.skip(key)
		}
	}
	if r.bad {
		return nil, refuse(k, ledger.Malformed, "", "the bytes are no protobuf message of this kind")
	}
	if err := identity(k, "symbol", symbol, t.Symbol); err != nil {
		return nil, err
	}
	for i := range messages.Levels {
		bid, ok1 := amounts[i].price()
		ask, ok2 := amounts[messages.Levels+i].price()
		if !ok1 || !ok2 {
			return nil, refuse(k, ledger.OutOfRange, "price", "a level's price does not fit a 64-bit count of nano-baht")
		}
		d.Bids[i].Price, d.Asks[i].Price = bid, ask
	}
	return messages.NewBidOffer(&d), nil
}
