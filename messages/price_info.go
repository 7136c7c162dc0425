package messages

import "strconv"

// PriceInfoData is what a PriceInfo holds, to build one from. The accessors of
// PriceInfo say what each field means.
type PriceInfoData struct {
	Meta
	Symbol              string
	High                Price
	Low                 Price
	Last                Price
	Change              Price
	ProjectedOpenPrice  Price
	ProjectedOpenVolume int64
	TotalVolume         int64
	TotalValue          Money
	MarketStatus        MarketStatus
}

// PriceInfo is the trading summary of one symbol, sent with each trade and each change of its status.
type PriceInfo struct{ d PriceInfoData }

// NewPriceInfo makes the event; d is copied.
func NewPriceInfo(d *PriceInfoData) *PriceInfo { return &PriceInfo{d: *d} }

// Data copies out all that the event holds.
func (e *PriceInfo) Data() PriceInfoData { return e.d }

// Kind is KindPriceInfo.
func (e *PriceInfo) Kind() Kind { return KindPriceInfo }

// Symbol is the instrument.
func (e *PriceInfo) Symbol() string { return e.d.Symbol }

// High is the highest trade of the day; 0 before the first.
func (e *PriceInfo) High() Price { return e.d.High }

// Low is the lowest trade of the day; 0 before the first.
func (e *PriceInfo) Low() Price { return e.d.Low }

// Last is the last trade; 0 before the first.
func (e *PriceInfo) Last() Price { return e.d.Last }

// Change is the last trade less the previous close, which may be negative.
func (e *PriceInfo) Change() Price { return e.d.Change }

// ProjectedOpenPrice is the price at which the auction would match now; 0 outside auctions.
func (e *PriceInfo) ProjectedOpenPrice() Price { return e.d.ProjectedOpenPrice }

// ProjectedOpenVolume is how many shares or contracts the auction would match now.
func (e *PriceInfo) ProjectedOpenVolume() int64 { return e.d.ProjectedOpenVolume }

// TotalVolume is how many shares or contracts were traded today.
func (e *PriceInfo) TotalVolume() int64 { return e.d.TotalVolume }

// TotalValue is what was traded today, in baht.
func (e *PriceInfo) TotalValue() Money { return e.d.TotalValue }

// MarketStatus is the session that the symbol is in, or why it does not trade.
func (e *PriceInfo) MarketStatus() MarketStatus { return e.d.MarketStatus }

// AppendJSON appends the event JSON.
func (e *PriceInfo) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, KindPriceInfo)
	dst = append(dst, `,"symbol":`...)
	dst = quote(dst, e.d.Symbol)
	dst = append(dst, `,"high":`...)
	dst = decimal(dst, e.d.High)
	dst = append(dst, `,"low":`...)
	dst = decimal(dst, e.d.Low)
	dst = append(dst, `,"last":`...)
	dst = decimal(dst, e.d.Last)
	dst = append(dst, `,"change":`...)
	dst = decimal(dst, e.d.Change)
	dst = append(dst, `,"projected_open_price":`...)
	dst = decimal(dst, e.d.ProjectedOpenPrice)
	dst = append(dst, `,"projected_open_volume":`...)
	dst = strconv.AppendInt(dst, e.d.ProjectedOpenVolume, 10)
	dst = append(dst, `,"total_volume":`...)
	dst = strconv.AppendInt(dst, e.d.TotalVolume, 10)
	dst = append(dst, `,"total_value":`...)
	dst = decimal(dst, e.d.TotalValue)
	dst = append(dst, `,"market_status":`...)
	dst = quote(dst, e.d.MarketStatus.String())
	return append(dst, '}')
}

// MarshalJSON implements json.Marshaler.
func (e *PriceInfo) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }
