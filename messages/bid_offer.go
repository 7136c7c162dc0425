package messages

import "strconv"

// Levels is how many price levels a side of a book has.
const Levels = 10

// Level is one price level of a book: a price in nano-baht and the volume at it, in shares
// or contracts.
type Level struct {
	Price  Price
	Volume int64
}

// BidOfferData is what a BidOffer holds, to build one from.
type BidOfferData struct {
	Meta
	Symbol  string
	BidFlag Flag
	AskFlag Flag
	Bids    [Levels]Level // best first
	Asks    [Levels]Level // best first
}

// BidOffer is the order book of one symbol, ten levels a side, as the exchange sent it: it
// may be crossed, have holes or negative prices.
type BidOffer struct{ d BidOfferData }

// NewBidOffer makes the event; d is copied.
func NewBidOffer(d *BidOfferData) *BidOffer { return &BidOffer{d: *d} }

// Data copies out all that the event holds.
func (e *BidOffer) Data() BidOfferData { return e.d }

// Kind is KindBidOffer.
func (e *BidOffer) Kind() Kind { return KindBidOffer }

// Symbol is the instrument.
func (e *BidOffer) Symbol() string { return e.d.Symbol }

// BidFlag says what the bid side holds.
func (e *BidOffer) BidFlag() Flag { return e.d.BidFlag }

// AskFlag says what the ask side holds.
func (e *BidOffer) AskFlag() Flag { return e.d.AskFlag }

// Bid is a level of the bid side, 0 the best; the zero Level outside 0…9.
func (e *BidOffer) Bid(i int) Level { return level(&e.d.Bids, i) }

// Ask is a level of the ask side, 0 the best; the zero Level outside 0…9.
func (e *BidOffer) Ask(i int) Level { return level(&e.d.Asks, i) }

// BestBid is the top of the bid side. In an auction (see IsAuction) its price may be 0,
// which then means "no price": the volume is of orders at any price.
func (e *BidOffer) BestBid() Level { return e.d.Bids[0] }

// BestAsk is the top of the ask side; the same holds for its price.
func (e *BidOffer) BestAsk() Level { return e.d.Asks[0] }

// IsAuction reports whether either side is flagged ATO or ATC. A best price of 0 then
// means "no price".
func (e *BidOffer) IsAuction() bool { return e.d.BidFlag.auction() || e.d.AskFlag.auction() }

func (f Flag) auction() bool { return f == FlagATO || f == FlagATC }

// BidDepth counts the bid side's levels up to the last that holds a price or a volume.
func (e *BidOffer) BidDepth() int { return depth(&e.d.Bids) }

// AskDepth counts the ask side's levels likewise.
func (e *BidOffer) AskDepth() int { return depth(&e.d.Asks) }

// Depth is the larger of BidDepth and AskDepth.
func (e *BidOffer) Depth() int { return max(e.BidDepth(), e.AskDepth()) }

// Spread is the best ask less the best bid, negative in a crossed book; ok is false in an
// auction and while a side is empty, when there is no such thing.
func (e *BidOffer) Spread() (spread Price, ok bool) {
	bid, ask := e.d.Bids[0], e.d.Asks[0]
	if e.IsAuction() || bid == (Level{}) || ask == (Level{}) {
		return 0, false
	}
	return ask.Price.Sub(bid.Price)
}

func level(side *[Levels]Level, i int) Level {
	if i < 0 || i >= Levels {
		return Level{}
	}
	return side[i]
}

func depth(side *[Levels]Level) int {
	n := Levels
	for n > 0 && side[n-1] == (Level{}) {
		n--
	}
	return n
}

// AppendJSON appends the event JSON.
func (e *BidOffer) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, KindBidOffer)
	dst = append(dst, `,"symbol":`...)
	dst = quote(dst, e.d.Symbol)
	dst = append(dst, `,"bid_flag":`...)
	dst = quote(dst, e.d.BidFlag.String())
	dst = append(dst, `,"ask_flag":`...)
	dst = quote(dst, e.d.AskFlag.String())
	dst = append(dst, `,"bids":`...)
	dst = appendLevels(dst, e.d.Bids[:e.BidDepth()])
	dst = append(dst, `,"asks":`...)
	dst = appendLevels(dst, e.d.Asks[:e.AskDepth()])
	return append(dst, '}')
}

func appendLevels(dst []byte, levels []Level) []byte {
	dst = append(dst, '[')
	for i, l := range levels {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"price":`...)
		dst = decimal(dst, l.Price)
		dst = append(dst, `,"volume":`...)
		dst = strconv.AppendInt(dst, l.Volume, 10)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// MarshalJSON implements json.Marshaler.
func (e *BidOffer) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }
