package messages

import "strconv"

// CandlestickData is what a Candlestick holds, to build one from.
type CandlestickData struct {
	Meta
	Symbol       string    // the instrument
	Interval     string    // 1m 3m 5m 10m 15m 30m 60m 120m 240m 1d 1w 1M
	LastSequence int64     // the exchange's own count
	OpenTime     Timestamp // start of the bar
	Open         Price     // first trade
	High         Price     // highest trade
	Low          Price     // lowest trade
	Close        Price     // last trade
	Volume       int64     // shares
	Value        Money     // baht
}

// Candlestick is one bar of a symbol, sent again as it changes.
type Candlestick struct {
	meta
	d CandlestickData
}

// NewCandlestick makes the event; d is copied.
func NewCandlestick(d *CandlestickData) *Candlestick {
	return &Candlestick{meta: meta{d.Meta}, d: *d}
}

// Data copies the event out.
func (e *Candlestick) Data() CandlestickData { return e.d }

// Kind is KindCandlestick.
func (e *Candlestick) Kind() Kind { return KindCandlestick }

// Symbol: the instrument.
func (e *Candlestick) Symbol() string { return e.d.Symbol }

// Interval: 1m 3m 5m 10m 15m 30m 60m 120m 240m 1d 1w 1M.
func (e *Candlestick) Interval() string { return e.d.Interval }

// LastSequence: the exchange's own count.
func (e *Candlestick) LastSequence() int64 { return e.d.LastSequence }

// OpenTime: start of the bar.
func (e *Candlestick) OpenTime() Timestamp { return e.d.OpenTime }

// Open: first trade.
func (e *Candlestick) Open() Price { return e.d.Open }

// High: highest trade.
func (e *Candlestick) High() Price { return e.d.High }

// Low: lowest trade.
func (e *Candlestick) Low() Price { return e.d.Low }

// Close: last trade.
func (e *Candlestick) Close() Price { return e.d.Close }

// Volume: shares.
func (e *Candlestick) Volume() int64 { return e.d.Volume }

// Value: baht.
func (e *Candlestick) Value() Money { return e.d.Value }

// AppendJSON appends the event JSON.
func (e *Candlestick) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, KindCandlestick)
	dst = append(dst, `,"symbol":`...)
	dst = quote(dst, e.d.Symbol)
	dst = append(dst, `,"interval":`...)
	dst = quote(dst, e.d.Interval)
	dst = append(dst, `,"last_sequence":`...)
	dst = strconv.AppendInt(dst, int64(e.d.LastSequence), 10)
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
	dst = strconv.AppendInt(dst, int64(e.d.Volume), 10)
	dst = append(dst, `,"value":`...)
	dst = decimal(dst, e.d.Value)
	return append(dst, '}')
}

// MarshalJSON implements json.Marshaler.
func (e *Candlestick) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }
