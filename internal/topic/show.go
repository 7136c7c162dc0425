package topic

import (
	"strings"

	"github.com/feedtree/feedtree/messages"
)

const redacted = "{account}"

// Key names the topic safely, for logs, metrics and people: an account number is replaced.
func (t *Topic) Key() string {
	if t.Account != "" {
		return Order(t.Kind, redacted)
	}
	return t.Name
}

// Template names the topic's family: "proto/topic/bidofferv3/{symbol}".
func (t *Topic) Template() string {
	switch t.Kind {
	case messages.KindBidOffer, messages.KindPriceInfo:
		return Of(t.Kind, "{symbol}")
	case messages.KindCandlestick:
		return Candlestick("{symbol}", "{interval}")
	case messages.KindEquityExchangeInfo, messages.KindDerivativesExchangeInfo:
		return Of(t.Kind, "{market}")
	case messages.KindEquityOrder, messages.KindDerivativesOrder:
		return Order(t.Kind, redacted)
	}
	return ""
}

// Redact makes any topic name safe to show, one of the feed's or not: clipped, printable,
// the account replaced, and outside market data every digit too, for a name of unknown
// form may hold an account number anywhere.
func Redact(name []byte) string {
	s := string(name[:min(len(name), 120)])
	if strings.HasPrefix(s, marketPrefix) {
		return printable(s, false)
	}
	if rest, ok := strings.CutPrefix(s, accountPrefix); ok {
		_, tail, _ := strings.Cut(rest, "/")
		return accountPrefix + redacted + "/" + printable(tail, true)
	}
	return printable(s, true)
}

func printable(s string, hideDigits bool) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r > '~':
			return '?'
		case hideDigits && '0' <= r && r <= '9':
			return '*'
		}
		return r
	}, s)
}
