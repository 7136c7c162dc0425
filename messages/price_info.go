package messages

import "strconv"

// PriceInfoData is what a PriceInfo holds, to build one from.
type PriceInfoData struct {
	Meta
	Symbol              string       // the instrument
	High                Price        // highest trade of the day
	Low                 Price        // lowest trade of the day
	Last                Price        // last trade
	Change              Price        // last less the previous close
	ProjectedOpenPrice  Price        // auction price as it stands; 0 outside auctions
	ProjectedOpenVolume int64        // shares that the auction would match
	TotalVolume         int64        // shares traded today
	TotalValue          Money        // baht traded today
	MarketStatus        MarketStatus // the symbol's own status
}

// PriceInfo is the trading summary of one symbol.
type PriceInfo struct {
	meta
	d PriceInfoData
}

// NewPriceInfo makes the event; d is copied.
func NewPriceInfo(d *PriceInfoData) *PriceInfo {
	return &PriceInfo{meta: meta{d.Meta}, d: *d}
}

// Data copies the event out.
func (e *PriceInfo) Data() PriceInfoData { return e.d }

// Kind is KindPriceInfo.
func (e *PriceInfo) Kind() Kind { return KindPriceInfo }

// Symbol: the instrument.
func (e *PriceInfo) Symbol() string { return e.d.Symbol }

// High: highest trade of the day.
func (e *PriceInfo) High() Price { return e.d.High }

// Low: lowest trade of the day.
func (e *PriceInfo) Low() Price { return e.d.Low }

// Last: last trade.
func (e *PriceInfo) Last() Price { return e.d.Last }

// Change: last less the previous close.
func (e *PriceInfo) Change() Price { return e.d.Change }

// ProjectedOpenPrice: auction price as it stands; 0 outside auctions.
func (e *PriceInfo) ProjectedOpenPrice() Price { return e.d.ProjectedOpenPrice }

// ProjectedOpenVolume: shares that the auction would match.
func (e *PriceInfo) ProjectedOpenVolume() int64 { return e.d.ProjectedOpenVolume }

// TotalVolume: shares traded today.
func (e *PriceInfo) TotalVolume() int64 { return e.d.TotalVolume }

// TotalValue: baht traded today.
func (e *PriceInfo) TotalValue() Money { return e.d.TotalValue }

// MarketStatus: the symbol's own status.
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
	dst = strconv.AppendInt(dst, int64(e.d.ProjectedOpenVolume), 10)
	dst = append(dst, `,"total_volume":`...)
	dst = strconv.AppendInt(dst, int64(e.d.TotalVolume), 10)
	dst = append(dst, `,"total_value":`...)
	dst = decimal(dst, e.d.TotalValue)
	dst = append(dst, `,"market_status":`...)
	dst = quote(dst, e.d.MarketStatus.String())
	return append(dst, '}')
}

// MarshalJSON implements json.Marshaler.
func (e *PriceInfo) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }
