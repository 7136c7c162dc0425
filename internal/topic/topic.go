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

// Topic is one parsed topic. Symbol is the instrument or, for exchange infos, the market;
// order topics have an Account instead.
type Topic struct {
	Name     string
	Kind     messages.Kind
	Symbol   string
	Interval string // candlesticks only
	Account  string // order topics only; keep it out of logs, spans, metrics and errors
	Index    int    // dense, given by a Table
}

// ErrUnknown is wrapped by the errors of Parse.
var ErrUnknown = errors.New("no topic of the feed")

const (
	market   = "proto/topic/"
	account  = "proto/ua/_broker/"
	front    = "/_front/"
	redacted = "{account}"
)

var kinds = map[string]messages.Kind{
	"bidofferv3":   messages.KindBidOffer,
	"infov3":       messages.KindPriceInfo,
	"cdlv3":        messages.KindCandlestick,
	"exchinfoeqv3": messages.KindEquityExchangeInfo,
	"exchinfodvv3": messages.KindDerivativesExchangeInfo,
	"ordereqv3":    messages.KindEquityOrder,
	"orderdvv3":    messages.KindDerivativesOrder,
}

var segments = func() map[messages.Kind]string {
	m := map[messages.Kind]string{}
	for s, k := range kinds {
		m[k] = s
	}
	return m
}()

// Intervals are the candlestick intervals that the exchange publishes.
var Intervals = []string{"1m", "3m", "5m", "10m", "15m", "30m", "60m", "120m", "240m", "1d", "1w", "1M"}

// Of writes the market-data topic of a symbol (or a market, for exchange infos).
func Of(k messages.Kind, symbol string) string { return market + segments[k] + "/" + symbol }

// Candlestick writes the topic of a symbol's bars.
func Candlestick(symbol, interval string) string {
	return Of(messages.KindCandlestick, symbol) + "/" + interval
}

// Order writes the topic of an account's orders: KindEquityOrder or KindDerivativesOrder.
func Order(k messages.Kind, accountNo string) string {
	return account + accountNo + front + segments[k]
}

// Parse reads a topic's name. Its errors never contain an account number.
func Parse(name string) (Topic, error) {
	if rest, ok := strings.CutPrefix(name, account); ok {
		acc, seg, ok := strings.Cut(rest, front)
		k := kinds[seg]
		if !ok || acc == "" || strings.ContainsAny(acc, "/+#\x00") || (k != messages.KindEquityOrder && k != messages.KindDerivativesOrder) {
			return Topic{}, fmt.Errorf("%w: %s", ErrUnknown, Redact([]byte(name)))
		}
		return Topic{Name: name, Kind: k, Account: acc}, nil
	}
	rest, ok := strings.CutPrefix(name, market)
	parts := strings.Split(rest, "/")
	if !ok || len(parts) < 2 {
		return Topic{}, fmt.Errorf("%w: %q", ErrUnknown, clip(name))
	}
	t := Topic{Name: name, Kind: kinds[parts[0]], Symbol: parts[1]}
	good := validName(t.Symbol)
	switch t.Kind {
	case messages.KindCandlestick:
		good = good && len(parts) == 3 && slices.Contains(Intervals, parts[len(parts)-1])
		t.Interval = parts[len(parts)-1]
	case messages.KindBidOffer, messages.KindPriceInfo, messages.KindEquityExchangeInfo, messages.KindDerivativesExchangeInfo:
		good = good && len(parts) == 2
	default:
		good = false
	}
	if !good {
		return Topic{}, fmt.Errorf("%w: %q", ErrUnknown, clip(name))
	}
	return t, nil
}

// validName accepts any name that a topic level can hold: the exchange, not we, decides
// which symbols there are. What users type is held to NormalizeSymbol.
func validName(s string) bool { return s != "" && !strings.ContainsAny(s, "+#\x00") }

// Key names the topic safely: an account number is replaced.
func (t *Topic) Key() string {
	if t.Account != "" {
		return account + redacted + front + segments[t.Kind]
	}
	return t.Name
}

// Template names the topic's family: "proto/topic/bidofferv3/{symbol}".
func (t *Topic) Template() string {
	switch t.Kind {
	case messages.KindEquityOrder, messages.KindDerivativesOrder:
		return t.Key()
	case messages.KindCandlestick:
		return Of(t.Kind, "{symbol}") + "/{interval}"
	case messages.KindEquityExchangeInfo, messages.KindDerivativesExchangeInfo:
		return Of(t.Kind, "{market}")
	}
	return Of(t.Kind, "{symbol}")
}

// Redact makes any topic name safe to show: clipped, quoted where needed, without an account.
func Redact(name []byte) string {
	s := string(name[:min(len(name), 200)])
	if rest, ok := strings.CutPrefix(s, account); ok {
		_, tail, _ := strings.Cut(rest, "/")
		return clip(account + redacted + "/" + tail)
	}
	if strings.Contains(s, "/_broker/") && !strings.HasPrefix(s, "$sys/") {
		return redacted
	}
	return clip(s)
}

func clip(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), 120)], "?")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
}

// NormalizeSymbol trims and upper-cases what a user typed, and says whether that changed
// it. A symbol is 1 to 20 of A–Z, 0–9, '-', '.', '&'; anything else is an error.
func NormalizeSymbol(s string) (symbol string, changed bool, err error) {
	symbol = strings.ToUpper(strings.TrimSpace(s))
	if symbol == "" || len(symbol) > 20 {
		return "", false, fmt.Errorf("symbol %q: expected 1 to 20 characters, like PTT, BBL-F or S50Z26", clip(s))
	}
	for _, r := range symbol {
		if (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-.&", r) {
			return "", false, fmt.Errorf("symbol %q: a symbol holds letters, digits, '-', '.' and '&' alone, not %q", clip(s), r)
		}
	}
	return symbol, symbol != s, nil
}

// NormalizeSymbols does the same for a list and takes repeated ones out; notes says what was changed.
func NormalizeSymbols(in []string) (symbols, notes []string, err error) {
	var errs []error
	for _, s := range in {
		n, changed, err := NormalizeSymbol(s)
		switch {
		case err != nil:
			errs = append(errs, err)
			continue
		case slices.Contains(symbols, n):
			notes = append(notes, fmt.Sprintf("symbol %q is named more than once; once is enough", n))
			continue
		case changed:
			notes = append(notes, fmt.Sprintf("symbol %q was taken as %s", clip(s), n))
		}
		symbols = append(symbols, n)
	}
	return symbols, notes, errors.Join(errs...)
}
