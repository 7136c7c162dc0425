package messages

import "strconv"

// EquityOrderData is what an EquityOrder holds, to build one from. The accessors of
// EquityOrder say what each field means.
type EquityOrderData struct {
	Meta
	Version           int32
	OrderNo           string
	ExtOrderNo        string
	AccountNo         string
	EntryTime         TimeOfDay
	TradeDate         Date
	Symbol            string
	IsNVDR            bool
	Price             Price
	PriceType         PriceType
	Side              Side
	Volume            int64
	MatchedVolume     int64
	BalanceVolume     int64
	CancelledVolume   int64
	Valid             Validity
	Until             Date
	Status            string
	CanCancel         bool
	CanChangePriceVol bool
	CanChangeNVDR     bool
	CanChangeIceberg  bool
	CanChangeAccount  bool
	IsTradeReport     bool
}

// EquityOrder is the state of one equity order of an account, sent at each change.
type EquityOrder struct{ d EquityOrderData }

// NewEquityOrder makes the event; d is copied.
func NewEquityOrder(d *EquityOrderData) *EquityOrder { return &EquityOrder{d: *d} }

// Data copies out all that the event holds.
func (e *EquityOrder) Data() EquityOrderData { return e.d }

// Kind is KindEquityOrder.
func (e *EquityOrder) Kind() Kind { return KindEquityOrder }

// Version is a number that grows with each change of the order.
func (e *EquityOrder) Version() int32 { return e.d.Version }

// OrderNo is the broker's number of the order.
func (e *EquityOrder) OrderNo() string { return e.d.OrderNo }

// ExtOrderNo is the client's own reference, "" for none.
func (e *EquityOrder) ExtOrderNo() string { return e.d.ExtOrderNo }

// AccountNo is the account; keep it out of logs, metrics and spans.
func (e *EquityOrder) AccountNo() string { return e.d.AccountNo }

// EntryTime is when the order was entered, Bangkok time.
func (e *EquityOrder) EntryTime() TimeOfDay { return e.d.EntryTime }

// TradeDate is the trading day it belongs to.
func (e *EquityOrder) TradeDate() Date { return e.d.TradeDate }

// Symbol is the instrument.
func (e *EquityOrder) Symbol() string { return e.d.Symbol }

// IsNVDR reports whether it is for non-voting depository receipts.
func (e *EquityOrder) IsNVDR() bool { return e.d.IsNVDR }

// Price is the limit; 0 where PriceType needs none.
func (e *EquityOrder) Price() Price { return e.d.Price }

// PriceType is how the order is priced.
func (e *EquityOrder) PriceType() PriceType { return e.d.PriceType }

// Side is buy or sell.
func (e *EquityOrder) Side() Side { return e.d.Side }

// Volume is how many shares were ordered.
func (e *EquityOrder) Volume() int64 { return e.d.Volume }

// MatchedVolume is how many of them were traded.
func (e *EquityOrder) MatchedVolume() int64 { return e.d.MatchedVolume }

// BalanceVolume is how many of them wait.
func (e *EquityOrder) BalanceVolume() int64 { return e.d.BalanceVolume }

// CancelledVolume is how many of them were cancelled.
func (e *EquityOrder) CancelledVolume() int64 { return e.d.CancelledVolume }

// Valid is how long the order stands.
func (e *EquityOrder) Valid() Validity { return e.d.Valid }

// Until is the last day of a GTD order.
func (e *EquityOrder) Until() Date { return e.d.Until }

// Status is the broker's words for the order's state.
func (e *EquityOrder) Status() string { return e.d.Status }

// CanCancel reports whether the broker would accept a cancellation.
func (e *EquityOrder) CanCancel() bool { return e.d.CanCancel }

// CanChangePriceVol reports whether the broker would accept another price or volume.
func (e *EquityOrder) CanChangePriceVol() bool { return e.d.CanChangePriceVol }

// CanChangeNVDR reports whether IsNVDR can be changed.
func (e *EquityOrder) CanChangeNVDR() bool { return e.d.CanChangeNVDR }

// CanChangeIceberg reports whether the shown part can be changed.
func (e *EquityOrder) CanChangeIceberg() bool { return e.d.CanChangeIceberg }

// CanChangeAccount reports whether the account can be changed.
func (e *EquityOrder) CanChangeAccount() bool { return e.d.CanChangeAccount }

// IsTradeReport reports whether it reports a trade made off the order book.
func (e *EquityOrder) IsTradeReport() bool { return e.d.IsTradeReport }

// AppendJSON appends the event JSON.
func (e *EquityOrder) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, KindEquityOrder)
	dst = append(dst, `,"version":`...)
	dst = strconv.AppendInt(dst, int64(e.d.Version), 10)
	dst = append(dst, `,"order_no":`...)
	dst = quote(dst, e.d.OrderNo)
	dst = append(dst, `,"ext_order_no":`...)
	dst = quote(dst, e.d.ExtOrderNo)
	dst = append(dst, `,"account_no":`...)
	dst = quote(dst, e.d.AccountNo)
	dst = append(dst, `,"entry_time":`...)
	dst = e.d.EntryTime.appendJSON(dst)
	dst = append(dst, `,"trade_date":`...)
	dst = e.d.TradeDate.appendJSON(dst)
	dst = append(dst, `,"symbol":`...)
	dst = quote(dst, e.d.Symbol)
	dst = append(dst, `,"is_nvdr":`...)
	dst = strconv.AppendBool(dst, e.d.IsNVDR)
	dst = append(dst, `,"price":`...)
	dst = decimal(dst, e.d.Price)
	dst = append(dst, `,"price_type":`...)
	dst = quote(dst, e.d.PriceType.String())
	dst = append(dst, `,"side":`...)
	dst = quote(dst, e.d.Side.String())
	dst = append(dst, `,"volume":`...)
	dst = strconv.AppendInt(dst, e.d.Volume, 10)
	dst = append(dst, `,"matched_volume":`...)
	dst = strconv.AppendInt(dst, e.d.MatchedVolume, 10)
	dst = append(dst, `,"balance_volume":`...)
	dst = strconv.AppendInt(dst, e.d.BalanceVolume, 10)
	dst = append(dst, `,"cancelled_volume":`...)
	dst = strconv.AppendInt(dst, e.d.CancelledVolume, 10)
	dst = append(dst, `,"valid":`...)
	dst = quote(dst, e.d.Valid.String())
	dst = append(dst, `,"until":`...)
	dst = e.d.Until.appendJSON(dst)
	dst = append(dst, `,"status":`...)
	dst = quote(dst, e.d.Status)
	dst = append(dst, `,"can_cancel":`...)
	dst = strconv.AppendBool(dst, e.d.CanCancel)
	dst = append(dst, `,"can_change_price_vol":`...)
	dst = strconv.AppendBool(dst, e.d.CanChangePriceVol)
	dst = append(dst, `,"can_change_nvdr":`...)
	dst = strconv.AppendBool(dst, e.d.CanChangeNVDR)
	dst = append(dst, `,"can_change_iceberg":`...)
	dst = strconv.AppendBool(dst, e.d.CanChangeIceberg)
	dst = append(dst, `,"can_change_account":`...)
	dst = strconv.AppendBool(dst, e.d.CanChangeAccount)
	dst = append(dst, `,"is_trade_report":`...)
	dst = strconv.AppendBool(dst, e.d.IsTradeReport)
	return append(dst, '}')
}

// MarshalJSON implements json.Marshaler.
func (e *EquityOrder) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }
