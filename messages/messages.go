// Package messages holds what strategies receive: market-data events and the feed's own
// notices, as plain values that know nobody else.
//
// Events are immutable for good. Their fields are closed, their accessors return values,
// and two events are equal when == says so; one pointer is shared by every strategy and may
// be kept for as long as one likes, from any goroutine. Notices have open fields, and every
// strategy receives a copy of its own.
package messages

import "time"

// Kind says which message of the exchange an event was.
type Kind uint8

// The seven kinds. The zero value is none of them.
const (
	KindBidOffer Kind = iota + 1
	KindPriceInfo
	KindCandlestick
	KindEquityExchangeInfo
	KindDerivativesExchangeInfo
	KindEquityOrder
	KindDerivativesOrder
)

var kindNames = [...]string{"", "bid_offer", "price_info", "candlestick", "equity_exchange_info",
	"derivatives_exchange_info", "equity_order", "derivatives_order"}

// String gives the kind's name in event JSON, "" for no kind.
func (k Kind) String() string {
	if int(k) >= len(kindNames) {
		return ""
	}
	return kindNames[k]
}

// ParseKind finds a kind by its name in event JSON.
func ParseKind(name string) (Kind, bool) {
	for k, n := range kindNames {
		if k > 0 && n == name {
			return Kind(k), true
		}
	}
	return 0, false
}

// Event is one message of the exchange, decoded. Implementations are the pointer types of
// this package and no others.
type Event interface {
	Kind() Kind
	// Symbol is the instrument; the market for exchange infos, the series for derivatives orders.
	Symbol() string
	// Epoch counts accepted connections from 1; Seq counts decoded events within an epoch from 1.
	Epoch() uint64
	Seq() uint64
	// Time and WallNanos are the wall clock when the socket read returned, before decoding.
	Time() time.Time
	WallNanos() int64
	// MonoNanos is the process's monotonic clock at the same instant, for differences.
	MonoNanos() int64
	// AppendJSON appends the event's JSON object and returns the extended buffer.
	AppendJSON(dst []byte) []byte
	isEvent()
}

// Meta is what the feed itself knows of an event.
type Meta struct {
	Epoch uint64 // accepted connections so far, the first is 1
	Seq   uint64 // place within the epoch, the first is 1
	Wall  int64  // nanoseconds since the Unix epoch at the return of the socket read
	Mono  int64  // nanoseconds on the process's monotonic clock at the same instant
}

// Date is a calendar date as sent; the zero value means none.
type Date struct{ Year, Month, Day int32 }

// TimeOfDay is a time of day as sent; Set tells midnight from none.
type TimeOfDay struct {
	Hours, Minutes, Seconds, Nanos int32
	Set                            bool
}

// Timestamp is an instant as sent, seconds and nanoseconds since the Unix epoch; Set tells
// the epoch itself from none.
type Timestamp struct {
	Seconds int64
	Nanos   int32
	Set     bool
}

// Time converts the timestamp; the zero time.Time for none.
func (t Timestamp) Time() time.Time {
	if !t.Set {
		return time.Time{}
	}
	return time.Unix(t.Seconds, int64(t.Nanos)).UTC()
}
