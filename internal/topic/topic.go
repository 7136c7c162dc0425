// Package topic knows the exchange's MQTT topics: how they are written, what they carry,
// and how to show one without showing an account number. Table gives each topic in use a
// dense index, so that nothing behind the decoder looks a string up.
package topic

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/feedtree/feedtree/messages"
)

// Topic is one parsed topic. It is not written to once it was interned.
type Topic struct {
	Name     string // as on the wire; Key is the name to show
	Kind     messages.Kind
	Symbol   string // the instrument; for exchange infos the market; "" for order topics
	Interval string // candlesticks only
	Market   string // exchange infos only, the same as Symbol
	Account  string // order topics only; keep it out of logs, spans, metrics and errors
	Index    int    // dense, given by a Table
}

// ErrUnknown is wrapped by the errors of Parse: it is no topic that the feed can decode.
var ErrUnknown = errors.New("no topic of the feed")

const (
	marketPrefix  = "proto/topic/"
	accountPrefix = "proto/ua/_broker/"
	front         = "/_front/"
)

// segments are the parts of the names that say what a topic carries.
var segments = [...]string{
	messages.KindBidOffer:                "bidofferv3",
	messages.KindPriceInfo:               "infov3",
	messages.KindCandlestick:             "cdlv3",
	messages.KindEquityExchangeInfo:      "exchinfoeqv3",
	messages.KindDerivativesExchangeInfo: "exchinfodvv3",
	messages.KindEquityOrder:             "ordereqv3",
	messages.KindDerivativesOrder:        "orderdvv3",
}

func kindOf(segment string) messages.Kind {
	for k, s := range segments {
		if s == segment && s != "" {
			return messages.Kind(k)
		}
	}
	return 0
}

// Intervals are the candlestick intervals that the exchange publishes.
var Intervals = []string{"1m", "3m", "5m", "10m", "15m", "30m", "60m", "120m", "240m", "1d", "1w", "1M"}

// Of writes the topic of a symbol's books or price infos, or of a market's exchange info.
func Of(k messages.Kind, symbol string) string { return marketPrefix + segments[k] + "/" + symbol }

// BidOffer writes the topic of a symbol's books.
func BidOffer(symbol string) string { return Of(messages.KindBidOffer, symbol) }

// PriceInfo writes the topic of a symbol's price infos.
func PriceInfo(symbol string) string { return Of(messages.KindPriceInfo, symbol) }

// Candlestick writes the topic of a symbol's bars; interval is one of Intervals.
func Candlestick(symbol, interval string) string {
	return Of(messages.KindCandlestick, symbol) + "/" + interval
}

// EquityExchangeInfo writes the topic of an equity market's state.
func EquityExchangeInfo(market string) string { return Of(messages.KindEquityExchangeInfo, market) }

// DerivativesExchangeInfo writes the topic of a derivatives market's state.
func DerivativesExchangeInfo(market string) string {
	return Of(messages.KindDerivativesExchangeInfo, market)
}

// EquityOrder writes the topic of an account's equity orders. It holds the account number.
func EquityOrder(account string) string { return Order(messages.KindEquityOrder, account) }

// DerivativesOrder writes the topic of an account's derivatives orders, likewise.
func DerivativesOrder(account string) string { return Order(messages.KindDerivativesOrder, account) }

// Order writes the topic of an account's orders of one of the two kinds.
func Order(k messages.Kind, account string) string {
	return accountPrefix + account + front + segments[k]
}

// Parse reads a topic's name. Its errors wrap ErrUnknown and never hold an account number.
func Parse(name string) (Topic, error) {
	t, ok := parseMarket(name)
	if !ok {
		t, ok = parseOrder(name)
	}
	if !ok {
		return Topic{}, fmt.Errorf("%w: %q", ErrUnknown, Redact([]byte(name)))
	}
	return t, nil
}

func parseMarket(name string) (Topic, bool) {
	rest, ok := strings.CutPrefix(name, marketPrefix)
	segment, rest, _ := strings.Cut(rest, "/")
	symbol, interval, deeper := strings.Cut(rest, "/")
	if !ok || !validLevel(symbol) {
		return Topic{}, false
	}
	t := Topic{Name: name, Kind: kindOf(segment), Symbol: symbol}
	switch t.Kind {
	case messages.KindBidOffer, messages.KindPriceInfo:
		return t, !deeper
	case messages.KindCandlestick:
		t.Interval = interval
		return t, slices.Contains(Intervals, interval)
	case messages.KindEquityExchangeInfo, messages.KindDerivativesExchangeInfo:
		t.Market = symbol
		return t, !deeper
	}
	return Topic{}, false
}

func parseOrder(name string) (Topic, bool) {
	rest, ok := strings.CutPrefix(name, accountPrefix)
	account, segment, found := strings.Cut(rest, front)
	t := Topic{Name: name, Kind: kindOf(segment), Account: account}
	order := t.Kind == messages.KindEquityOrder || t.Kind == messages.KindDerivativesOrder
	return t, ok && found && order && validLevel(account)
}

// validLevel accepts what one level of an MQTT topic can hold, in any letters: which
// symbols there are the exchange decides, and its markets have names like mai and sSET.
// What users type is held to NormalizeSymbol.
func validLevel(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c == 0x7f || c == '+' || c == '#' || c == '/' {
			return false
		}
	}
	return s != ""
}
