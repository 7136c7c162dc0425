package messages

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Price is an exact amount in nano-baht: 34.25 THB is 34_250_000_000. Prices compare with
// <, == and >; a float never stands in between. Index points and per cent are Prices too.
type Price int64

// Baht is one baht; Satang a hundredth of it. MaxPrice and MinPrice are the ends of what
// a Price can hold, some nine thousand million baht.
const (
	Baht     Price = 1_000_000_000
	Satang   Price = Baht / 100
	MaxPrice Price = math.MaxInt64
	MinPrice Price = math.MinInt64
)

// ErrPrice is wrapped by the errors of ParsePrice and ParseMoney.
var ErrPrice = errors.New("price")

// ParsePrice reads a decimal number of baht with up to nine decimals, "34.25" or "-0.75".
// Nothing is rounded: what does not fit a Price is an error.
func ParsePrice(s string) (Price, error) {
	units, nanos, neg, err := parseDecimal(s)
	if err != nil {
		return 0, err
	}
	hi, lo := bits.Mul64(units, uint64(Baht))
	lo, carry := bits.Add64(lo, uint64(nanos), 0)
	p, ok := signed(lo, neg)
	if hi+carry != 0 || !ok {
		return 0, fmt.Errorf("%w: %q does not fit a 64-bit count of nano-baht", ErrPrice, clip(s))
	}
	return Price(p), nil
}

// parseDecimal takes a decimal number apart.
func parseDecimal(s string) (units uint64, nanos uint32, neg bool, err error) {
	digits, neg := strings.CutPrefix(s, "-")
	whole, frac, dot := strings.Cut(digits, ".")
	if whole == "" || (dot && frac == "") || len(frac) > 9 || !allDigits(whole) || !allDigits(frac) {
		return 0, 0, false, fmt.Errorf("%w: %q: expected a decimal number with at most nine decimals, like 34.25", ErrPrice, clip(s))
	}
	units, err = strconv.ParseUint(whole, 10, 64)
	if err != nil {
		return 0, 0, false, fmt.Errorf("%w: %q does not fit 64 bits", ErrPrice, clip(s))
	}
	n, _ := strconv.ParseUint((frac + "000000000")[:9], 10, 32) // nine digits always parse
	return units, uint32(n), neg, nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func clip(s string) string { return s[:min(len(s), 60)] }

// signed gives a magnitude its sign, and reports whether it fits.
func signed(n uint64, neg bool) (int64, bool) {
	if neg {
		return int64(-n), n <= 1<<63 // two's complement: right for the least number too
	}
	return int64(n), n < 1<<63
}

// String writes the price in baht without trailing zeros: "34.25", "0", "-0.75".
func (p Price) String() string { return string(p.Append(nil)) }

// Append appends what String returns.
func (p Price) Append(dst []byte) []byte {
	u := magnitude(int64(p))
	if p < 0 {
		dst = append(dst, '-')
	}
	return appendDecimal(dst, u/uint64(Baht), uint32(u%uint64(Baht)))
}

// MarshalText implements encoding.TextMarshaler: in JSON a price is a string.
func (p Price) MarshalText() ([]byte, error) { return p.Append(nil), nil }

// UnmarshalText implements encoding.TextUnmarshaler, for prices in parameters.
func (p *Price) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePrice(string(text))
	return err
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

func appendDecimal(dst []byte, units uint64, nanos uint32) []byte {
	dst = strconv.AppendUint(dst, units, 10)
	if nanos == 0 {
		return dst
	}
	var frac [10]byte
	frac[0] = '.'
	for i := 9; i > 0; i-- {
		frac[i] = byte('0' + nanos%10)
		nanos /= 10
	}
	n := len(frac)
	for frac[n-1] == '0' {
		n--
	}
	return append(dst, frac[:n]...)
}

// Cmp is -1, 0 or +1 as p is less than, equal to or more than q.
func (p Price) Cmp(q Price) int { return cmp.Compare(p, q) }

// Add is p + q; ok is false, and the sum 0, when it does not fit.
func (p Price) Add(q Price) (sum Price, ok bool) {
	if sum = p + q; (sum > p) != (q > 0) && q != 0 {
		return 0, false
	}
	return sum, true
}

// Sub is p − q; ok is false, and the difference 0, when it does not fit.
func (p Price) Sub(q Price) (difference Price, ok bool) {
	if difference = p - q; (difference < p) != (q > 0) && q != 0 {
		return 0, false
	}
	return difference, true
}

// Float64 is for display and statistics; it is not exact.
func (p Price) Float64() float64 { return float64(p) / float64(Baht) }
