package messages

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestMoneyIsTheSumOfItsPartsWhateverTheirSigns(t *testing.T) {
	for _, c := range []struct {
		units int64
		nanos int32
		want  string
	}{
		{0, 0, "0"}, {35, 250000000, "35.25"}, {-1, 250000000, "-0.75"}, {1, -250000000, "0.75"}, {0, -250000000, "-0.25"},
		{123456789012, 500000000, "123456789012.5"}, {1, 1500000000, "2.5"}, {-1, -1500000000, "-2.5"}, {-2, 2000000000, "0"},
		{math.MaxInt64, 999999999, "9223372036854775807.999999999"}, {math.MinInt64, -1, "-9223372036854775808.000000001"},
		{math.MinInt64, 1, "-9223372036854775807.999999999"}, {math.MaxInt64, -1000000000, "9223372036854775806"},
	} {
		m, ok := NewMoney(c.units, c.nanos)
		if !ok || m.String() != c.want {
			t.Errorf("%d and %d make %v, %v; want %s", c.units, c.nanos, m, ok, c.want)
		}
		if again, err := ParseMoney(c.want); err != nil || again != m {
			t.Errorf("%s is read as %v, %v", c.want, again, err)
		}
	}
	for _, c := range []Money{{math.MaxInt64, 1000000000}, {math.MinInt64, -1000000000}} {
		if m, ok := NewMoney(c.Units, c.Nanos); ok {
			t.Errorf("%d and %d make %v", c.Units, c.Nanos, m)
		}
	}
	for _, s := range []string{"9223372036854775808", "-9223372036854775809", "", "x"} {
		if m, err := ParseMoney(s); !errors.Is(err, ErrPrice) {
			t.Errorf("%q is read as %v, %v", s, m, err)
		}
	}
}

func TestMoneyAgreesWithBigIntegers(t *testing.T) {
	total := func(units int64, nanos int32) *big.Int {
		n := new(big.Int).Mul(big.NewInt(units), big.NewInt(1e9))
		return n.Add(n, big.NewInt(int64(nanos)))
	}
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-20, 20), rapid.SampledFrom([]int64{math.MaxInt64, math.MinInt64,
			9223372036, -9223372036, 9223372037, -9223372037}))
		u1, n1 := units.Draw(t, "units"), rapid.Int32().Draw(t, "nanos")
		u2, n2 := units.Draw(t, "units"), rapid.Int32().Draw(t, "nanos")
		m, ok := NewMoney(u1, n1)
		want := total(u1, n1)
		if fits := new(big.Int).Quo(want, big.NewInt(1e9)).IsInt64(); ok != fits {
			t.Fatalf("%d and %d: %v", u1, n1, ok)
		}
		if !ok {
			return
		}
		if total(m.Units, m.Nanos).Cmp(want) != 0 || m.Nanos >= 1e9 || m.Nanos <= -1e9 || int64(m.Nanos)*(m.Units>>63|1) < 0 && m.Units != 0 {
			t.Fatalf("%d and %d make %+v", u1, n1, m)
		}
		if p, ok := m.Price(); ok != want.IsInt64() || (ok && int64(p) != want.Int64()) {
			t.Fatalf("the price of %v is %v, %v", m, p, ok)
		}
		if again, err := ParseMoney(m.String()); err != nil || again != m {
			t.Fatalf("%v is read as %v, %v", m, again, err)
		}
		if other, ok := NewMoney(u2, n2); ok && m.Cmp(other) != want.Cmp(total(u2, n2)) {
			t.Fatalf("%v and %v compare as %d", m, other, m.Cmp(other))
		}
	})
}
