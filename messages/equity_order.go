package messages

import "strconv"

// EquityOrderData is what an EquityOrder holds, to build one from.
type EquityOrderData struct {
	Meta
	Version           int32     // grows with each change of the order
	OrderNo           string    // the broker's number
	ExtOrderNo        string    // the client's own reference
	AccountNo         string    // keep it out of logs
	EntryTime         TimeOfDay // Bangkok time
	TradeDate         Date
	Symbol            string // the instrument
	IsNVDR            bool
	Price             Price // limit
	PriceType         PriceType
	Side              Side
	Volume            int64 // shares ordered
	MatchedVolume     int64 // of them traded
	BalanceVolume     int64 // of them waiting
	CancelledVolume   int64 // of them cancelled
	Valid             Validity
	Until             Date   // for GTD
	Status            string // the broker's words
	CanCancel         bool
	CanChangePriceVol bool
	CanChangeNVDR     bool
	CanChangeIceberg  bool
	CanChangeAccount  bool
	IsTradeReport     bool
}

// EquityOrder is the state of one equity order of an account.
type EquityOrder struct {
	meta
	d EquityOrderData
}

// NewEquityOrder makes the event; d is copied.
func NewEquityOrder(d *EquityOrderData) *EquityOrder {
	return &EquityOrder{meta: meta{d.Meta}, d: *d}
}

// Data copies the event out.
func (e *EquityOrder) Data() EquityOrderData { return e.d }

// Kind is KindEquityOrder.
func (e *EquityOrder) Kind() Kind { return KindEquityOrder }

// Version: grows with each change of the order.
func (e *EquityOrder) Version() int32 { return e.d.Version }

// OrderNo: the broker's number.
func (e *EquityOrder) OrderNo() string { return e.d.OrderNo }

// ExtOrderNo: the client's own reference.
func (e *EquityOrder) ExtOrderNo() string { return e.d.ExtOrderNo }

// AccountNo: keep it out of logs.
func (e *EquityOrder) AccountNo() string { return e.d.AccountNo }

// EntryTime: Bangkok time.
func (e *EquityOrder) EntryTime() TimeOfDay { return e.d.EntryTime }

// TradeDate is trade_date of the exchange's message.
func (e *EquityOrder) TradeDate() Date { return e.d.TradeDate }

// Symbol: the instrument.
func (e *EquityOrder) Symbol() string { return e.d.Symbol }

// IsNVDR is is_nvdr of the exchange's message.
func (e *EquityOrder) IsNVDR() bool { return e.d.IsNVDR }

// Price: limit.
func (e *EquityOrder) Price() Price { return e.d.Price }

// PriceType is price_type of the exchange's message.
func (e *EquityOrder) PriceType() PriceType { return e.d.PriceType }

// Side is side of the exchange's message.
func (e *EquityOrder) Side() Side { return e.d.Side }

// Volume: shares ordered.
func (e *EquityOrder) Volume() int64 { return e.d.Volume }

// MatchedVolume: of them traded.
func (e *EquityOrder) MatchedVolume() int64 { return e.d.MatchedVolume }

// BalanceVolume: of them waiting.
func (e *EquityOrder) BalanceVolume() int64 { return e.d.BalanceVolume }

// CancelledVolume: of them cancelled.
func (e *EquityOrder) CancelledVolume() int64 { return e.d.CancelledVolume }

// Valid is valid of the exchange's message.
func (e *EquityOrder) Valid() Validity { return e.d.Valid }

// Until: for GTD.
func (e *EquityOrder) Until() Date { return e.d.Until }

// Status: the broker's words.
func (e *EquityOrder) Status() string { return e.d.Status }

// CanCancel is can_cancel of the exchange's message.
func (e *EquityOrder) CanCancel() bool { return e.d.CanCancel }

// CanChangePriceVol is can_change_price_vol of the exchange's message.
func (e *EquityOrder) CanChangePriceVol() bool { return e.d.CanChangePriceVol }

// CanChangeNVDR is can_change_nvdr of the exchange's message.
func (e *EquityOrder) CanChangeNVDR() bool { return e.d.CanChangeNVDR }

// CanChangeIceberg is can_change_iceberg of the exchange's message.
func (e *EquityOrder) CanChangeIceberg() bool { return e.d.CanChangeIceberg }

// CanChangeAccount is can_change_account of the exchange's message.
func (e *EquityOrder) CanChangeAccount() bool { return e.d.CanChangeAccount }

// IsTradeReport is is_trade_report of the exchange's message.
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
	dst = strconv.AppendInt(dst, int64(e.d.Volume), 10)
	dst = append(dst, `,"matched_volume":`...)
	dst = strconv.AppendInt(dst, int64(e.d.MatchedVolume), 10)
	dst = append(dst, `,"balance_volume":`...)
	dst = strconv.AppendInt(dst, int64(e.d.BalanceVolume), 10)
	dst = append(dst, `,"cancelled_volume":`...)
	dst = strconv.AppendInt(dst, int64(e.d.CancelledVolume), 10)
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
