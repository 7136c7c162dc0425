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
// <, == and >; a float never stands in between.
type Price int64

// Baht is one baht; Satang a hundredth of it.
const (
	Baht   Price = 1_000_000_000
	Satang Price = Baht / 100
)

// ErrPrice is wrapped by what ParsePrice and the tick arithmetic return.
var ErrPrice = errors.New("price")

// ParsePrice reads a decimal number of baht with up to nine decimals, "34.25" or "-0.75".
func ParsePrice(s string) (Price, error) {
	digits, neg := s, false
	if strings.HasPrefix(s, "-") {
		digits, neg = s[1:], true
	}
	whole, frac, dot := strings.Cut(digits, ".")
	if whole == "" || (dot && frac == "") || len(frac) > 9 || !allDigits(whole) || !allDigits(frac) {
		return 0, fmt.Errorf("%w: %q is no decimal number with at most nine decimals, like 34.25", ErrPrice, s)
	}
	units, err := strconv.ParseUint(whole, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %q does not fit a 64-bit count of nano-baht", ErrPrice, s)
	}
	nanos, _ := strconv.ParseUint((frac + "000000000")[:9], 10, 64)
	hi, lo := bits.Mul64(units, uint64(Baht))
	lo, carry := bits.Add64(lo, nanos, 0)
	limit := uint64(math.MaxInt64)
	if neg {
		limit++
	}
	if hi+carry != 0 || lo > limit {
		return 0, fmt.Errorf("%w: %q does not fit a 64-bit count of nano-baht", ErrPrice, s)
	}
	if neg {
		return Price(-lo), nil // two's complement: right for the least price too
	}
	return Price(lo), nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// String writes the price in baht without trailing zeros: "34.25", "0", "-0.75".
func (p Price) String() string { return string(p.Append(nil)) }

// Append appends what String returns.
func (p Price) Append(dst []byte) []byte {
	u := uint64(p)
	if p < 0 {
		dst = append(dst, '-')
		u = -u
	}
	return appendDecimal(dst, u/uint64(Baht), uint32(u%uint64(Baht)))
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

// Float64 is for display and statistics; it is not exact.
func (p Price) Float64() float64 { return float64(p) / float64(Baht) }

// ticks is SET's table for equities: up to a price, the tick.
var ticks = [...]struct{ below, tick Price }{
	{2 * Baht, Satang}, {5 * Baht, 2 * Satang}, {10 * Baht, 5 * Satang}, {25 * Baht, 10 * Satang},
	{100 * Baht, 25 * Satang}, {200 * Baht, 50 * Satang}, {400 * Baht, Baht},
}

// Tick is the tick size of SET equities upwards from this price. Prices of zero and below
// have the smallest one.
func (p Price) Tick() Price {
	for _, t := range ticks {
		if p < t.below {
			return t.tick
		}
	}
	return 2 * Baht
}

// tickDown is the tick size downwards: at the lower edge of a band it is the band's below.
func (p Price) tickDown() Price { return (p - 1).Tick() }

// OnTick reports whether the price is a whole number of its ticks.
func (p Price) OnTick() bool { return p%p.Tick() == 0 }

// RoundDown gives the highest price on SET's grid that is not above p.
func (p Price) RoundDown() Price {
	t := p.Tick()
	r := p % t
	if r < 0 {
		r += t
	}
	return p - r
}

// RoundUp gives the lowest price on SET's grid that is not below p.
func (p Price) RoundUp() Price {
	if d := p.RoundDown(); d != p {
		return d + p.Tick()
	}
	return p
}

// AddTicks moves the price n ticks up, or down for a negative n, along SET's grid; the tick
// changes where the bands do. The price is rounded down to the grid first.
func (p Price) AddTicks(n int) Price {
	p = p.RoundDown()
	for ; n > 0; n-- {
		p += p.Tick()
	}
	for ; n < 0; n++ {
		p -= p.tickDown()
	}
	return p
}

// Money is an amount that need not fit a Price: turnover passes 10¹¹ THB. Units and Nanos
// have the same sign, and |Nanos| < 10⁹, so that == compares amounts.
type Money struct {
	Units int64 // baht
	Nanos int32 // 10⁻⁹ baht
}

// NewMoney takes the sum of units and nanos whatever their signs, and reports whether it fits.
func NewMoney(units int64, nanos int32) (Money, bool) {
	carry, rest := int64(nanos)/int64(Baht), int64(nanos)%int64(Baht)
	sum := units + carry
	if (carry > 0) != (sum > units) && carry != 0 {
		return Money{}, false
	}
	switch {
	case sum > 0 && rest < 0:
		sum, rest = sum-1, rest+int64(Baht)
	case sum < 0 && rest > 0:
		sum, rest = sum+1, rest-int64(Baht)
	}
	return Money{Units: sum, Nanos: int32(rest)}, true
}

// Price converts the amount and reports whether it fits a 64-bit count of nano-baht.
func (m Money) Price() (Price, bool) {
	hi, lo := bits.Mul64(abs(m.Units), uint64(Baht))
	lo, carry := bits.Add64(lo, abs(int64(m.Nanos)), 0)
	if hi+carry != 0 || lo > math.MaxInt64 {
		// MinInt64 itself is given up: its absolute value has no Price.
		return 0, false
	}
	if m.Units < 0 || m.Nanos < 0 {
		return -Price(lo), true
	}
	return Price(lo), true
}

func abs(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// String writes the amount in baht without trailing zeros.
func (m Money) String() string { return string(m.Append(nil)) }

// Append appends what String returns.
func (m Money) Append(dst []byte) []byte {
	if m.Units < 0 || m.Nanos < 0 {
		dst = append(dst, '-')
	}
	return appendDecimal(dst, abs(m.Units), uint32(abs(int64(m.Nanos))))
}

// Cmp is -1, 0 or +1 as m is less than, equal to or more than n.
func (m Money) Cmp(n Money) int {
	return cmp.Or(cmp.Compare(m.Units, n.Units), cmp.Compare(m.Nanos, n.Nanos))
}
