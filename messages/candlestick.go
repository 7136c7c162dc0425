package messages

import "strconv"

// CandlestickData is what a Candlestick holds, to build one from. The accessors of
// Candlestick say what each field means.
type CandlestickData struct {
	Meta
	Symbol       string
	Interval     string
	LastSequence int64
	OpenTime     Timestamp
	Open         Price
	High         Price
	Low          Price
	Close        Price
	Volume       int64
	Value        Money
}

// Candlestick is one bar of a symbol, sent again whenever it changes until the next one begins.
type Candlestick struct{ d CandlestickData }

// NewCandlestick makes the event; d is copied.
func NewCandlestick(d *CandlestickData) *Candlestick { return &Candlestick{d: *d} }

// Data copies out all that the event holds.
func (e *Candlestick) Data() CandlestickData { return e.d }

// Kind is KindCandlestick.
func (e *Candlestick) Kind() Kind { return KindCandlestick }

// Symbol is the instrument.
func (e *Candlestick) Symbol() string { return e.d.Symbol }

// Interval is the bar's length: 1m 3m 5m 10m 15m 30m 60m 120m 240m 1d 1w 1M.
func (e *Candlestick) Interval() string { return e.d.Interval }

// LastSequence is the exchange's own count of what the bar was made from.
func (e *Candlestick) LastSequence() int64 { return e.d.LastSequence }

// OpenTime is the start of the bar.
func (e *Candlestick) OpenTime() Timestamp { return e.d.OpenTime }

// Open is the bar's first trade.
func (e *Candlestick) Open() Price { return e.d.Open }

// High is the bar's highest trade.
func (e *Candlestick) High() Price { return e.d.High }

// Low is the bar's lowest trade.
func (e *Candlestick) Low() Price { return e.d.Low }

// Close is the bar's last trade so far.
func (e *Candlestick) Close() Price { return e.d.Close }

// Volume is how many shares or contracts were traded in the bar.
func (e *Candlestick) Volume() int64 { return e.d.Volume }

// Value is what was traded in the bar, in baht.
func (e *Candlestick) Value() Money { return e.d.Value }

// AppendJSON appends the event JSON.
func (e *Candlestick) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, KindCandlestick)
	dst = append(dst, `,"symbol":`...)
	dst = quote(dst, e.d.Symbol)
	dst = append(dst, `,"interval":`...)
	dst = quote(dst, e.d.Interval)
	dst = append(dst, `,"last_sequence":`...)
	dst = strconv.AppendInt(dst, e.d.LastSequence, 10)
	dst = append(dst, `,"time":`...)
	dst = e.d.OpenTime.appendJSON(dst)
	dst = append(dst, `,"open":`...)
	dst = decimal(dst, e.d.Open)
	dst = append(dst, `,"high":`...)
	dst = decimal(dst, e.d.High)
	dst = append(dst, `,"low":`...)
	dst = decimal(dst, e.d.Low)
	dst = append(dst, `,"close":`...)
	dst = decimal(dst, e.d.Close)
	dst = append(dst, `,"volume":`...)
	dst = strconv.AppendInt(dst, e.d.Volume, 10)
	dst = append(dst, `,"value":`...)
	dst = decimal(dst, e.d.Value)
	return append(dst, '}')
}

// MarshalJSON implements json.Marshaler.
func (e *Candlestick) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }
