package messages

import "strconv"

// EquityExchangeInfoData is what an EquityExchangeInfo holds, to build one from. The accessors of
// EquityExchangeInfo say what each field means.
type EquityExchangeInfoData struct {
	Meta
	Market           string
	MarketStatus     EquityMarketStatus
	Current          Price
	High             Price
	Low              Price
	Change           Price
	PercentChange    Price
	TotalIndexVolume int64
	TotalIndexValue  Money
}

// EquityExchangeInfo is the state of an equity market or index. Its prices are index points.
type EquityExchangeInfo struct{ d EquityExchangeInfoData }

// NewEquityExchangeInfo makes the event; d is copied.
func NewEquityExchangeInfo(d *EquityExchangeInfoData) *EquityExchangeInfo {
	return &EquityExchangeInfo{d: *d}
}

// Data copies out all that the event holds.
func (e *EquityExchangeInfo) Data() EquityExchangeInfoData { return e.d }

// Kind is KindEquityExchangeInfo.
func (e *EquityExchangeInfo) Kind() Kind { return KindEquityExchangeInfo }

// Symbol is the same as Market.
func (e *EquityExchangeInfo) Symbol() string { return e.d.Market }

// Market is the market or index: SET, mai, SET50, as the message names it; it need not be the
// topic's.
func (e *EquityExchangeInfo) Market() string { return e.d.Market }

// MarketStatus is the session that the market is in.
func (e *EquityExchangeInfo) MarketStatus() EquityMarketStatus { return e.d.MarketStatus }

// Current is the index, in points.
func (e *EquityExchangeInfo) Current() Price { return e.d.Current }

// High is the day's highest index, in points.
func (e *EquityExchangeInfo) High() Price { return e.d.High }

// Low is the day's lowest index, in points.
func (e *EquityExchangeInfo) Low() Price { return e.d.Low }

// Change is the index less the previous close, in points.
func (e *EquityExchangeInfo) Change() Price { return e.d.Change }

// PercentChange is the same in per cent: 0.5 is half a per cent.
func (e *EquityExchangeInfo) PercentChange() Price { return e.d.PercentChange }

// TotalIndexVolume is how many shares of the index were traded today.
func (e *EquityExchangeInfo) TotalIndexVolume() int64 { return e.d.TotalIndexVolume }

// TotalIndexValue is what of the index was traded today, in baht.
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
	dst = strconv.AppendInt(dst, e.d.TotalIndexVolume, 10)
	dst = append(dst, `,"total_index_value":`...)
	dst = decimal(dst, e.d.TotalIndexValue)
	return append(dst, '}')
}

// MarshalJSON implements json.Marshaler.
func (e *EquityExchangeInfo) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }
