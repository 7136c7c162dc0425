package messages

import "strconv"

// DerivativesOrderData is what a DerivativesOrder holds, to build one from. The accessors of
// DerivativesOrder say what each field means.
type DerivativesOrderData struct {
	Meta
	Version           int32
	OrderNo           string
	ExtOrderNo        string
	AccountNo         string
	EnterID           string
	EntryTime         Timestamp
	SeriesID          string
	Side              LongSide
	Position          Position
	Price             Price
	PriceType         DerivativesPriceType
	Volume            int64
	BalanceVolume     int64
	MatchedVolume     int64
	CancelledVolume   int64
	Valid             DerivativesValidity
	Until             string
	Status            string
	CanCancel         bool
	CanChange         bool
	CanChangePriceVol bool
	IsTradeReport     bool
}

// DerivativesOrder is the state of one derivatives order of an account, sent at each change.
type DerivativesOrder struct{ d DerivativesOrderData }

// NewDerivativesOrder makes the event; d is copied.
func NewDerivativesOrder(d *DerivativesOrderData) *DerivativesOrder { return &DerivativesOrder{d: *d} }

// Data copies out all that the event holds.
func (e *DerivativesOrder) Data() DerivativesOrderData { return e.d }

// Kind is KindDerivativesOrder.
func (e *DerivativesOrder) Kind() Kind { return KindDerivativesOrder }

// Symbol is the same as SeriesID.
func (e *DerivativesOrder) Symbol() string { return e.d.SeriesID }

// Version is a number that grows with each change of the order.
func (e *DerivativesOrder) Version() int32 { return e.d.Version }

// OrderNo is the broker's number of the order.
func (e *DerivativesOrder) OrderNo() string { return e.d.OrderNo }

// ExtOrderNo is the client's own reference, "" for none.
func (e *DerivativesOrder) ExtOrderNo() string { return e.d.ExtOrderNo }

// AccountNo is the account; keep it out of logs, metrics and spans.
func (e *DerivativesOrder) AccountNo() string { return e.d.AccountNo }

// EnterID is who entered the order.
func (e *DerivativesOrder) EnterID() string { return e.d.EnterID }

// EntryTime is when the order was entered.
func (e *DerivativesOrder) EntryTime() Timestamp { return e.d.EntryTime }

// SeriesID is the series: S50Z26.
func (e *DerivativesOrder) SeriesID() string { return e.d.SeriesID }

// Side is long, short or both.
func (e *DerivativesOrder) Side() LongSide { return e.d.Side }

// Position is whether the order opens or closes a position.
func (e *DerivativesOrder) Position() Position { return e.d.Position }

// Price is the limit; 0 where PriceType needs none.
func (e *DerivativesOrder) Price() Price { return e.d.Price }

// PriceType is how the order is priced.
func (e *DerivativesOrder) PriceType() DerivativesPriceType { return e.d.PriceType }

// Volume is how many contracts were ordered.
func (e *DerivativesOrder) Volume() int64 { return e.d.Volume }

// BalanceVolume is how many of them wait.
func (e *DerivativesOrder) BalanceVolume() int64 { return e.d.BalanceVolume }

// MatchedVolume is how many of them were traded.
func (e *DerivativesOrder) MatchedVolume() int64 { return e.d.MatchedVolume }

// CancelledVolume is how many of them were cancelled.
func (e *DerivativesOrder) CancelledVolume() int64 { return e.d.CancelledVolume }

// Valid is how long the order stands.
func (e *DerivativesOrder) Valid() DerivativesValidity { return e.d.Valid }

// Until is the last day of a GTD order, as the broker writes it.
func (e *DerivativesOrder) Until() string { return e.d.Until }

// Status is the broker's code for the order's state.
func (e *DerivativesOrder) Status() string { return e.d.Status }

// CanCancel reports whether the broker would accept a cancellation.
func (e *DerivativesOrder) CanCancel() bool { return e.d.CanCancel }

// CanChange reports whether the broker would accept any change.
func (e *DerivativesOrder) CanChange() bool { return e.d.CanChange }

// CanChangePriceVol reports whether the broker would accept another price or volume.
func (e *DerivativesOrder) CanChangePriceVol() bool { return e.d.CanChangePriceVol }

// IsTradeReport reports whether it reports a trade made off the order book.
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
	dst = strconv.AppendInt(dst, e.d.Volume, 10)
	dst = append(dst, `,"balance_volume":`...)
	dst = strconv.AppendInt(dst, e.d.BalanceVolume, 10)
	dst = append(dst, `,"matched_volume":`...)
	dst = strconv.AppendInt(dst, e.d.MatchedVolume, 10)
	dst = append(dst, `,"cancelled_volume":`...)
	dst = strconv.AppendInt(dst, e.d.CancelledVolume, 10)
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
