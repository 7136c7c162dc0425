package messages

import "strconv"

// DerivativesOrderData is what a DerivativesOrder holds, to build one from.
type DerivativesOrderData struct {
	Meta
	Version           int32  // grows with each change of the order
	OrderNo           string // the broker's number
	ExtOrderNo        string // the client's own reference
	AccountNo         string // keep it out of logs
	EnterID           string // who entered it
	EntryTime         Timestamp
	SeriesID          string // the instrument
	Side              LongShort
	Position          Position
	Price             Price // limit
	PriceType         DerivativesPriceType
	Volume            int64 // contracts ordered
	BalanceVolume     int64 // of them waiting
	MatchedVolume     int64 // of them traded
	CancelledVolume   int64 // of them cancelled
	Valid             DerivativesValidity
	Until             string // for GTD
	Status            string // the broker's code
	CanCancel         bool
	CanChange         bool
	CanChangePriceVol bool
	IsTradeReport     bool
}

// DerivativesOrder is the state of one derivatives order of an account.
type DerivativesOrder struct {
	meta
	d DerivativesOrderData
}

// NewDerivativesOrder makes the event; d is copied.
func NewDerivativesOrder(d *DerivativesOrderData) *DerivativesOrder {
	return &DerivativesOrder{meta: meta{d.Meta}, d: *d}
}

// Data copies the event out.
func (e *DerivativesOrder) Data() DerivativesOrderData { return e.d }

// Kind is KindDerivativesOrder.
func (e *DerivativesOrder) Kind() Kind { return KindDerivativesOrder }

// Symbol is the same as SeriesID.
func (e *DerivativesOrder) Symbol() string { return e.d.SeriesID }

// Version: grows with each change of the order.
func (e *DerivativesOrder) Version() int32 { return e.d.Version }

// OrderNo: the broker's number.
func (e *DerivativesOrder) OrderNo() string { return e.d.OrderNo }

// ExtOrderNo: the client's own reference.
func (e *DerivativesOrder) ExtOrderNo() string { return e.d.ExtOrderNo }

// AccountNo: keep it out of logs.
func (e *DerivativesOrder) AccountNo() string { return e.d.AccountNo }

// EnterID: who entered it.
func (e *DerivativesOrder) EnterID() string { return e.d.EnterID }

// EntryTime is entry_time of the exchange's message.
func (e *DerivativesOrder) EntryTime() Timestamp { return e.d.EntryTime }

// SeriesID: the instrument.
func (e *DerivativesOrder) SeriesID() string { return e.d.SeriesID }

// Side is side of the exchange's message.
func (e *DerivativesOrder) Side() LongShort { return e.d.Side }

// Position is position of the exchange's message.
func (e *DerivativesOrder) Position() Position { return e.d.Position }

// Price: limit.
func (e *DerivativesOrder) Price() Price { return e.d.Price }

// PriceType is price_type of the exchange's message.
func (e *DerivativesOrder) PriceType() DerivativesPriceType { return e.d.PriceType }

// Volume: contracts ordered.
func (e *DerivativesOrder) Volume() int64 { return e.d.Volume }

// BalanceVolume: of them waiting.
func (e *DerivativesOrder) BalanceVolume() int64 { return e.d.BalanceVolume }

// MatchedVolume: of them traded.
func (e *DerivativesOrder) MatchedVolume() int64 { return e.d.MatchedVolume }

// CancelledVolume: of them cancelled.
func (e *DerivativesOrder) CancelledVolume() int64 { return e.d.CancelledVolume }

// Valid is valid of the exchange's message.
func (e *DerivativesOrder) Valid() DerivativesValidity { return e.d.Valid }

// Until: for GTD.
func (e *DerivativesOrder) Until() string { return e.d.Until }

// Status: the broker's code.
func (e *DerivativesOrder) Status() string { return e.d.Status }

// CanCancel is can_cancel of the exchange's message.
func (e *DerivativesOrder) CanCancel() bool { return e.d.CanCancel }

// CanChange is can_change of the exchange's message.
func (e *DerivativesOrder) CanChange() bool { return e.d.CanChange }

// CanChangePriceVol is can_change_price_vol of the exchange's message.
func (e *DerivativesOrder) CanChangePriceVol() bool { return e.d.CanChangePriceVol }

// IsTradeReport is is_trade_report of the exchange's message.
func (e *DerivativesOrder) IsTradeReport() bool { return e.d.IsTradeReport }

// AppendJSON appends the event JSON.
func (e *DerivativesOrder) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, KindDerivativesOrder)
	dst = append(dst, `,"version":`...)
	dst = strconv.AppendInt(dst, int64(e.d.Version), 10)
	dst = append(dst, `,"order_no":`...)
	dst = quote(dst, e.d.OrderNo)
	dst = append(dst, `,"ext_order_no":`...)
	dst = quote(dst, e.d.ExtOrderNo)
	dst = append(dst, `,"account_no":`...)
	dst = quote(dst, e.d.AccountNo)
	dst = append(dst, `,"enter_id":`...)
	dst = quote(dst, e.d.EnterID)
	dst = append(dst, `,"entry_time":`...)
	dst = e.d.EntryTime.appendJSON(dst)
	dst = append(dst, `,"series_id":`...)
	dst = quote(dst, e.d.SeriesID)
	dst = append(dst, `,"side":`...)
	dst = quote(dst, e.d.Side.String())
	dst = append(dst, `,"position":`...)
	dst = quote(dst, e.d.Position.String())
	dst = append(dst, `,"price":`...)
	dst = decimal(dst, e.d.Price)
	dst = append(dst, `,"price_type":`...)
	dst = quote(dst, e.d.PriceType.String())
	dst = append(dst, `,"volume":`...)
	dst = strconv.AppendInt(dst, int64(e.d.Volume), 10)
	dst = append(dst, `,"balance_volume":`...)
	dst = strconv.AppendInt(dst, int64(e.d.BalanceVolume), 10)
	dst = append(dst, `,"matched_volume":`...)
	dst = strconv.AppendInt(dst, int64(e.d.MatchedVolume), 10)
	dst = append(dst, `,"cancelled_volume":`...)
	dst = strconv.AppendInt(dst, int64(e.d.CancelledVolume), 10)
	dst = append(dst, `,"valid":`...)
	dst = quote(dst, e.d.Valid.String())
	dst = append(dst, `,"until":`...)
	dst = quote(dst, e.d.Until)
	dst = append(dst, `,"status":`...)
	dst = quote(dst, e.d.Status)
	dst = append(dst, `,"can_cancel":`...)
	dst = strconv.AppendBool(dst, e.d.CanCancel)
	dst = append(dst, `,"can_change":`...)
	dst = strconv.AppendBool(dst, e.d.CanChange)
	dst = append(dst, `,"can_change_price_vol":`...)
	dst = strconv.AppendBool(dst, e.d.CanChangePriceVol)
	dst = append(dst, `,"is_trade_report":`...)
	dst = strconv.AppendBool(dst, e.d.IsTradeReport)
	return append(dst, '}')
}

// MarshalJSON implements json.Marshaler.
func (e *DerivativesOrder) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }
