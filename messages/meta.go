package messages

import "time"

// What every event knows of its arrival, as the Event interface documents it. It is written
// out for each type: an embedded struct would either hold the stamps twice or open the fields.

// Epoch implements Event.
func (e *BidOffer) Epoch() uint64 { return e.d.Epoch }

// Seq implements Event.
func (e *BidOffer) Seq() uint64 { return e.d.Seq }

// Time implements Event.
func (e *BidOffer) Time() time.Time { return time.Unix(0, e.d.Wall) }

// WallNanos implements Event.
func (e *BidOffer) WallNanos() int64 { return e.d.Wall }

// MonoNanos implements Event.
func (e *BidOffer) MonoNanos() int64 { return e.d.Mono }

func (*BidOffer) isEvent() {}

// Epoch implements Event.
func (e *PriceInfo) Epoch() uint64 { return e.d.Epoch }

// Seq implements Event.
func (e *PriceInfo) Seq() uint64 { return e.d.Seq }

// Time implements Event.
func (e *PriceInfo) Time() time.Time { return time.Unix(0, e.d.Wall) }

// WallNanos implements Event.
func (e *PriceInfo) WallNanos() int64 { return e.d.Wall }

// MonoNanos implements Event.
func (e *PriceInfo) MonoNanos() int64 { return e.d.Mono }

func (*PriceInfo) isEvent() {}

// Epoch implements Event.
func (e *Candlestick) Epoch() uint64 { return e.d.Epoch }

// Seq implements Event.
func (e *Candlestick) Seq() uint64 { return e.d.Seq }

// Time implements Event.
func (e *Candlestick) Time() time.Time { return time.Unix(0, e.d.Wall) }

// WallNanos implements Event.
func (e *Candlestick) WallNanos() int64 { return e.d.Wall }

// MonoNanos implements Event.
func (e *Candlestick) MonoNanos() int64 { return e.d.Mono }

func (*Candlestick) isEvent() {}

// Epoch implements Event.
func (e *EquityExchangeInfo) Epoch() uint64 { return e.d.Epoch }

// Seq implements Event.
func (e *EquityExchangeInfo) Seq() uint64 { return e.d.Seq }

// Time implements Event.
func (e *EquityExchangeInfo) Time() time.Time { return time.Unix(0, e.d.Wall) }

// WallNanos implements Event.
func (e *EquityExchangeInfo) WallNanos() int64 { return e.d.Wall }

// MonoNanos implements Event.
func (e *EquityExchangeInfo) MonoNanos() int64 { return e.d.Mono }

func (*EquityExchangeInfo) isEvent() {}

// Epoch implements Event.
func (e *DerivativesExchangeInfo) Epoch() uint64 { return e.d.Epoch }

// Seq implements Event.
func (e *DerivativesExchangeInfo) Seq() uint64 { return e.d.Seq }

// Time implements Event.
func (e *DerivativesExchangeInfo) Time() time.Time { return time.Unix(0, e.d.Wall) }

// WallNanos implements Event.
func (e *DerivativesExchangeInfo) WallNanos() int64 { return e.d.Wall }

// MonoNanos implements Event.
func (e *DerivativesExchangeInfo) MonoNanos() int64 { return e.d.Mono }

func (*DerivativesExchangeInfo) isEvent() {}

// Epoch implements Event.
func (e *EquityOrder) Epoch() uint64 { return e.d.Epoch }

// Seq implements Event.
func (e *EquityOrder) Seq() uint64 { return e.d.Seq }

// Time implements Event.
func (e *EquityOrder) Time() time.Time { return time.Unix(0, e.d.Wall) }

// WallNanos implements Event.
func (e *EquityOrder) WallNanos() int64 { return e.d.Wall }

// MonoNanos implements Event.
func (e *EquityOrder) MonoNanos() int64 { return e.d.Mono }

func (*EquityOrder) isEvent() {}

// Epoch implements Event.
func (e *DerivativesOrder) Epoch() uint64 { return e.d.Epoch }

// Seq implements Event.
func (e *DerivativesOrder) Seq() uint64 { return e.d.Seq }

// Time implements Event.
func (e *DerivativesOrder) Time() time.Time { return time.Unix(0, e.d.Wall) }

// WallNanos implements Event.
func (e *DerivativesOrder) WallNanos() int64 { return e.d.Wall }

// MonoNanos implements Event.
func (e *DerivativesOrder) MonoNanos() int64 { return e.d.Mono }

func (*DerivativesOrder) isEvent() {}
