package messages

import "strconv"

// DerivativesExchangeInfoData is what a DerivativesExchangeInfo holds, to build one from. The accessors of
// DerivativesExchangeInfo say what each field means.
type DerivativesExchangeInfoData struct {
	Meta
	Market       string
	MarketStatus DerivativesMarketStatus
	TotalVolume  int64
	TotalDeal    int64
	OpenInterest int32
}

// DerivativesExchangeInfo is the state of a derivatives market or a group of its series.
type DerivativesExchangeInfo struct{ d DerivativesExchangeInfoData }

// NewDerivativesExchangeInfo makes the event; d is copied.
func NewDerivativesExchangeInfo(d *DerivativesExchangeInfoData) *DerivativesExchangeInfo {
	return &DerivativesExchangeInfo{d: *d}
}

// Data copies out all that the event holds.
func (e *DerivativesExchangeInfo) Data() DerivativesExchangeInfoData { return e.d }

// Kind is KindDerivativesExchangeInfo.
func (e *DerivativesExchangeInfo) Kind() Kind { return KindDerivativesExchangeInfo }

// Symbol is the same as Market.
func (e *DerivativesExchangeInfo) Symbol() string { return e.d.Market }

// Market is the market or group: TFEX, TXI, as the message names it; it need not be the
// topic's.
func (e *DerivativesExchangeInfo) Market() string { return e.d.Market }

// MarketStatus is the session that the market is in.
func (e *DerivativesExchangeInfo) MarketStatus() DerivativesMarketStatus { return e.d.MarketStatus }

// TotalVolume is how many contracts were traded today.
func (e *DerivativesExchangeInfo) TotalVolume() int64 { return e.d.TotalVolume }

// TotalDeal is how many trades there were today.
func (e *DerivativesExchangeInfo) TotalDeal() int64 { return e.d.TotalDeal }

// OpenInterest is how many contracts are open.
func (e *DerivativesExchangeInfo) OpenInterest() int32 { return e.d.OpenInterest }

// AppendJSON appends the event JSON.
func (e *DerivativesExchangeInfo) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, KindDerivativesExchangeInfo)
	dst = append(dst, `,"market":`...)
	dst = quote(dst, e.d.Market)
	dst = append(dst, `,"market_status":`...)
	dst = quote(dst, e.d.MarketStatus.String())
	dst = append(dst, `,"total_volume":`...)
	dst = strconv.AppendInt(dst, e.d.TotalVolume, 10)
	dst = append(dst, `,"total_deal":`...)
	dst = strconv.AppendInt(dst, e.d.TotalDeal, 10)
	dst = append(dst, `,"open_interest":`...)
	dst = strconv.AppendInt(dst, int64(e.d.OpenInterest), 10)
	return append(dst, '}')
}

// MarshalJSON implements json.Marshaler.
func (e *DerivativesExchangeInfo) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }
