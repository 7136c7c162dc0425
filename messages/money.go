package messages

import (
	"cmp"
	"fmt"
	"math/bits"
)

// Money is an amount of baht that need not fit a Price: turnover passes 10¹¹ THB. Units and
// Nanos never have opposite signs, and |Nanos| < 10⁹, so that == compares amounts.
type Money struct {
	Units int64 // baht
	Nanos int32 // 10⁻⁹ baht
}

// NewMoney takes the sum of units and nanos whatever their signs (−1 and +0.25 make −0.75,
// as some servers write it), and reports whether it fits.
func NewMoney(units int64, nanos int32) (Money, bool) {
	carry, rest := int64(nanos)/int64(Baht), int64(nanos)%int64(Baht)
	sum := units + carry
	if carry != 0 && (carry > 0) != (sum > units) {
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

// ParseMoney reads a decimal number of baht with up to nine decimals.
func ParseMoney(s string) (Money, error) {
	units, nanos, neg, err := parseDecimal(s)
	if err != nil {
		return Money{}, err
	}
	u, ok := signed(units, neg)
	if !ok {
		return Money{}, fmt.Errorf("%w: %q does not fit 64-bit units", ErrPrice, clip(s))
	}
	if neg {
		return Money{Units: u, Nanos: -int32(nanos)}, nil
	}
	return Money{Units: u, Nanos: int32(nanos)}, nil
}

// Price converts the amount and reports whether it fits a 64-bit count of nano-baht.
func (m Money) Price() (Price, bool) {
	hi, lo := bits.Mul64(magnitude(m.Units), uint64(Baht))
	lo, carry := bits.Add64(lo, magnitude(int64(m.Nanos)), 0)
	p, ok := signed(lo, m.negative())
	if hi+carry != 0 || !ok {
		return 0, false
	}
	return Price(p), true
}

func (m Money) negative() bool { return m.Units < 0 || m.Nanos < 0 }

// String writes the amount in baht without trailing zeros: "123456789012.5".
func (m Money) String() string { return string(m.Append(nil)) }

// Append appends what String returns.
func (m Money) Append(dst []byte) []byte {
	if m.negative() {
		dst = append(dst, '-')
	}
	return appendDecimal(dst, magnitude(m.Units), uint32(magnitude(int64(m.Nanos))))
}

// MarshalText implements encoding.TextMarshaler: in JSON an amount is a string.
func (m Money) MarshalText() ([]byte, error) { return m.Append(nil), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *Money) UnmarshalText(text []byte) (err error) {
	*m, err = ParseMoney(string(text))
	return err
}

// Cmp is -1, 0 or +1 as m is less than, equal to or more than n.
func (m Money) Cmp(n Money) int {
	return cmp.Or(cmp.Compare(m.Units, n.Units), cmp.Compare(m.Nanos, n.Nanos))
}
