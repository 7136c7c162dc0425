package messages

import "strconv"

// DerivativesExchangeInfoData is what a DerivativesExchangeInfo holds, to build one from.
type DerivativesExchangeInfoData struct {
	Meta
	Market       string                  // TFEX, TXI, …
	MarketStatus DerivativesMarketStatus // the market's session
	TotalVolume  int64                   // contracts traded today
	TotalDeal    int64                   // trades today
	OpenInterest int32                   // contracts open
}

// DerivativesExchangeInfo is the state of a derivatives market.
type DerivativesExchangeInfo struct {
	meta
	d DerivativesExchangeInfoData
}

// NewDerivativesExchangeInfo makes the event; d is copied.
func NewDerivativesExchangeInfo(d *DerivativesExchangeInfoData) *DerivativesExchangeInfo {
	return &DerivativesExchangeInfo{meta: meta{d.Meta}, d: *d}
}

// Data copies the event out.
func (e *DerivativesExchangeInfo) Data() DerivativesExchangeInfoData { return e.d }

// Kind is KindDerivativesExchangeInfo.
func (e *DerivativesExchangeInfo) Kind() Kind { return KindDerivativesExchangeInfo }

// Symbol is the same as Market.
func (e *DerivativesExchangeInfo) Symbol() string { return e.d.Market }

// Market: TFEX, TXI, ….
func (e *DerivativesExchangeInfo) Market() string { return e.d.Market }

// MarketStatus: the market's session.
func (e *DerivativesExchangeInfo) MarketStatus() DerivativesMarketStatus { return e.d.MarketStatus }

// TotalVolume: contracts traded today.
func (e *DerivativesExchangeInfo) TotalVolume() int64 { return e.d.TotalVolume }

// TotalDeal: trades today.
func (e *DerivativesExchangeInfo) TotalDeal() int64 { return e.d.TotalDeal }

// OpenInterest: contracts open.
func (e *DerivativesExchangeInfo) OpenInterest() int32 { return e.d.OpenInterest }

// AppendJSON appends the event JSON.
func (e *DerivativesExchangeInfo) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, KindDerivativesExchangeInfo)
	dst = append(dst, `,"market":`...)
	dst = quote(dst, e.d.Market)
	dst = append(dst, `,"market_status":`...)
	dst = quote(dst, e.d.MarketStatus.String())
	dst = append(dst, `,"total_volume":`...)
	dst = strconv.AppendInt(dst, int64(e.d.TotalVolume), 10)
	dst = append(dst, `,"total_deal":`...)
	dst = strconv.AppendInt(dst, int64(e.d.TotalDeal), 10)
	dst = append(dst, `,"open_interest":`...)
	dst = strconv.AppendInt(dst, int64(e.d.OpenInterest), 10)
	return append(dst, '}')
}

// MarshalJSON implements json.Marshaler.
func (e *DerivativesExchangeInfo) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }
