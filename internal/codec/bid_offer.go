package codec

import (
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// What a field of a book is, by its key. The levels are numbered through: bids are 0 to 9,
// asks 10 to 19.
const (
	bookUnknown = 0
	bookPrice   = 1  // to 20, less 1 the level
	bookVolume  = 21 // to 40, less 21 the level
	bookSymbol  = 41
	bookBidFlag = 42
	bookAskFlag = 43
)

// sides is how many levels a book has on both sides together.
const sides = 2 * messages.Levels

// bookFields is indexed by key, so that number and wire type are judged in one step: a
// known field with another wire type is an unknown one.
var bookFields = func() (t [44 << 3]uint8) {
	row := func(first, what, wire, n int) {
		for i := range n {
			t[(first+i)<<3|wire] = uint8(what + i)
		}
	}
	const asks = messages.Levels
	row(2, bookPrice, wireBytes, 5)
	row(24, bookPrice+5, wireBytes, 5)
	row(7, bookPrice+asks, wireBytes, 5)
	row(29, bookPrice+asks+5, wireBytes, 5)
	row(12, bookVolume, wireVarint, 5)
	row(34, bookVolume+5, wireVarint, 5)
	row(17, bookVolume+asks, wireVarint, 5)
	row(39, bookVolume+asks+5, wireVarint, 5)
	row(1, bookSymbol, wireBytes, 1)
	row(22, bookBidFlag, wireVarint, 1)
	row(23, bookAskFlag, wireVarint, 1)
	return t
}()

// decodeBidOffer reads most of what the feed sends, so it is written for speed: one loop,
// one table, positions in registers.
func decodeBidOffer(t *topic.Topic, b []byte, m messages.Meta) (messages.Event, error) {
	const k = messages.KindBidOffer
	var prices [sides]amount
	var symbol []byte
	d := messages.BidOfferData{Meta: m, Symbol: t.Symbol}
	for i := 0; i < len(b); {
		var key uint32
		if c := b[i]; c < 0x80 {
			key, i = uint32(c), i+1
		} else if i+1 < len(b) && b[i+1] < 0x80 {
			key, i = uint32(c&0x7f)|uint32(b[i+1])<<7, i+2
		} else if key, i = tag(b, i); i == broken {
			return nil, malformed(k)
		}
		what := uint8(bookUnknown)
		if key < uint32(len(bookFields)) {
			what = bookFields[key]
		}
		var v uint64
		if level := what - bookPrice; level < sides {
			i = readAmount(b, i, &prices[level])
		} else if level := what - bookVolume; level < sides {
			if v, n := number(word(b, i)); n <= 8 {
				setVolume(&d, level, v)
				i += n
			} else {
				v, i = longVarint(b, i)
				setVolume(&d, level, v)
			}
		} else {
			switch what {
			case bookSymbol:
				symbol, i = text(b, i)
			case bookBidFlag:
				v, i = varint(b, i)
				d.BidFlag = messages.Flag(v)
			case bookAskFlag:
				v, i = varint(b, i)
				d.AskFlag = messages.Flag(v)
			default:
				if key < 1<<3 { // field number 0
					return nil, malformed(k)
				}
				i = skip(b, i, key)
			}
		}
		if i > len(b) {
			return nil, malformed(k)
		}
	}
	if err := identity(k, "symbol", symbol, t.Symbol); err != nil {
		return nil, err
	}
	if !setLevels(&d.Bids, prices[:messages.Levels]) || !setLevels(&d.Asks, prices[messages.Levels:]) {
		return nil, refuse(k, ledger.OutOfRange, "price", "a level's price does not fit a 64-bit count of nano-baht")
	}
	return messages.NewBidOffer(&d), nil
}

func setVolume(d *messages.BidOfferData, level uint8, v uint64) {
	if level < messages.Levels {
		d.Bids[level].Volume = int64(v)
	} else {
		d.Asks[level-messages.Levels].Volume = int64(v)
	}
}

func setLevels(side *[messages.Levels]messages.Level, prices []amount) bool {
	for i, a := range prices[:messages.Levels] {
		p, ok := a.price()
		if !ok {
			return false
		}
		side[i].Price = p
	}
	return true
}
