package messages

import "strconv"

// EquityExchangeInfoData is what an EquityExchangeInfo holds, to build one from.
type EquityExchangeInfoData struct {
	Meta
	Market           string             // SET, mai, SET50, …
	MarketStatus     EquityMarketStatus // the market's session
	Current          Price              // index
	High             Price              // index, highest of the day
	Low              Price              // index, lowest of the day
	Change           Price              // index less the previous close
	PercentChange    Price              // the same in per cent
	TotalIndexVolume int64              // shares traded today
	TotalIndexValue  Money              // baht traded today
}

// EquityExchangeInfo is the state of an equity market or index.
type EquityExchangeInfo struct {
	meta
	d EquityExchangeInfoData
}

// NewEquityExchangeInfo makes the event; d is copied.
func NewEquityExchangeInfo(d *EquityExchangeInfoData) *EquityExchangeInfo {
	return &EquityExchangeInfo{meta: meta{d.Meta}, d: *d}
}

// Data copies the event out.
func (e *EquityExchangeInfo) Data() EquityExchangeInfoData { return e.d }

// Kind is KindEquityExchangeInfo.
func (e *EquityExchangeInfo) Kind() Kind { return KindEquityExchangeInfo }

// Symbol is the same as Market.
func (e *EquityExchangeInfo) Symbol() string { return e.d.Market }

// Market: SET, mai, SET50, ….
func (e *EquityExchangeInfo) Market() string { return e.d.Market }

// MarketStatus: the market's session.
func (e *EquityExchangeInfo) MarketStatus() EquityMarketStatus { return e.d.MarketStatus }

// Current: index.
func (e *EquityExchangeInfo) Current() Price { return e.d.Current }

// High: index, highest of the day.
func (e *EquityExchangeInfo) High() Price { return e.d.High }

// Low: index, lowest of the day.
func (e *EquityExchangeInfo) Low() Price { return e.d.Low }

// Change: index less the previous close.
func (e *EquityExchangeInfo) Change() Price { return e.d.Change }

// PercentChange: the same in per cent.
func (e *EquityExchangeInfo) PercentChange() Price { return e.d.PercentChange }

// TotalIndexVolume: shares traded today.
func (e *EquityExchangeInfo) TotalIndexVolume() int64 { return e.d.TotalIndexVolume }

// TotalIndexValue: baht traded today.
func (e *EquityExchangeInfo) TotalIndexValue() Money { return e.d.TotalIndexValue }

// AppendJSON appends the event JSON.
func (e *EquityExchangeInfo) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, KindEquityExchangeInfo)
	dst = append(dst, `,"market":`...)
	dst = quote(dst, e.d.Market)
	dst = append(dst, `,"market_status":`...)
	dst = quote(dst, e.d.MarketStatus.String())
	dst = append(dst, `,"current":`...)
	dst = decimal(dst, e.d.Current)
	dst = append(dst, `,"high":`...)
	dst = decimal(dst, e.d.High)
	dst = append(dst, `,"low":`...)
	dst = decimal(dst, e.d.Low)
	dst = append(dst, `,"change":`...)
	dst = decimal(dst, e.d.Change)
	dst = append(dst, `,"percent_change":`...)
	dst = decimal(dst, e.d.PercentChange)
	dst = append(dst, `,"total_index_volume":`...)
	dst = strconv.AppendInt(dst, int64(e.d.TotalIndexVolume), 10)
	dst = append(dst, `,"total_index_value":`...)
	dst = decimal(dst, e.d.TotalIndexValue)
	return append(dst, '}')
}

// MarshalJSON implements json.Marshaler.
func (e *EquityExchangeInfo) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }
