package messages

import (
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPricesAreReadAndWrittenExactly(t *testing.T) {
	for s, want := range map[string]Price{
		"0": 0, "34.25": 34*Baht + 25*Satang, "-0.75": -75 * Satang, "0.000000001": 1, "-0.000000001": -1,
		"2": 2 * Baht, "9223372036.854775807": MaxPrice, "-9223372036.854775808": MinPrice, "1.1": 1_100_000_000,
	} {
		if got, err := ParsePrice(s); err != nil || got != want {
			t.Errorf("%s is read as %d, %v", s, got, err)
		}
		if got := want.String(); got != s {
			t.Errorf("%d is written %s, want %s", want, got, s)
		}
	}
	for s, want := range map[string]Price{"-0": 0, "007.50": 7*Baht + 50*Satang, "1.000000000": Baht, "-0.0": 0} {
		if got, err := ParsePrice(s); err != nil || got != want {
			t.Errorf("%s is read as %d, %v", s, got, err)
		}
	}
}

func TestWhatIsNoPriceIsRefused(t *testing.T) {
	for _, s := range []string{"", "-", ".", "1.", ".5", "+1", " 1", "1 ", "1,5", "1e3", "0x1", "--1", "1.-5", "1.2.3", "NaN", "Inf",
		"1.0000000001", "9223372036.854775808", "-9223372036.854775809", "99999999999999999999", "١", "1_000", strings.Repeat("9", 1000)} {
		if got, err := ParsePrice(s); !errors.Is(err, ErrPrice) {
			t.Errorf("%q is read as %v, %v", s, got, err)
		} else if len(err.Error()) > 200 {
			t.Errorf("the error is %d bytes long", len(err.Error()))
		}
	}
}

func TestParsingUndoesFormatting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Price(rapid.Int64().Draw(t, "price"))
		s := p.String()
		if got, err := ParsePrice(s); err != nil || got != p {
			t.Fatalf("%d is written %s and read as %d, %v", p, s, got, err)
		}
		if strings.Contains(s, ".") && strings.HasSuffix(s, "0") {
			t.Fatalf("%s has a trailing zero", s)
		}
		// An independent reading: exact rational arithmetic.
		r, ok := new(big.Rat).SetString(s)
		if !ok || r.Cmp(big.NewRat(int64(p), 1e9)) != 0 {
			t.Fatalf("%d is written %s", p, s)
		}
	})
}

func FuzzParsePrice(f *testing.F) {
	for _, s := range []string{"34.25", "-0.75", "9223372036.854775807", "1.", "", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePrice(s)
		m, merr := ParseMoney(s)
		if err != nil {
			if q, ok := m.Price(); merr == nil && ok {
				t.Errorf("%q is no price, but money of price %v", s, q)
			}
			return
		}
		if again, err := ParsePrice(p.String()); err != nil || again != p {
			t.Errorf("%q is %v, and that is %v, %v", s, p, again, err)
		}
		if r, ok := new(big.Rat).SetString(s); !ok || r.Cmp(big.NewRat(int64(p), 1e9)) != 0 {
			t.Errorf("%q is read as %d", s, p)
		}
		if q, ok := m.Price(); merr != nil || !ok || q != p {
			t.Errorf("%q is price %v and money %v, %v", s, p, m, merr)
		}
	})
}

func TestPricesAddAndSubtractOrSayThatTheyCannot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		any64 := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 1, -1, int64(MaxPrice), int64(MinPrice), int64(MaxPrice) / 2}))
		a, b := any64.Draw(t, "a"), any64.Draw(t, "b")
		check := func(op string, got Price, ok bool, want *big.Int) {
			if ok != want.IsInt64() || (ok && int64(got) != want.Int64()) || (!ok && got != 0) {
				t.Fatalf("%d %s %d is %d, %v", a, op, b, got, ok)
			}
		}
		sum, ok := Price(a).Add(Price(b))
		check("+", sum, ok, new(big.Int).Add(big.NewInt(a), big.NewInt(b)))
		difference, ok := Price(a).Sub(Price(b))
		check("-", difference, ok, new(big.Int).Sub(big.NewInt(a), big.NewInt(b)))
		if Price(a).Cmp(Price(b)) != big.NewInt(a).Cmp(big.NewInt(b)) {
			t.Fatalf("%d and %d compare wrongly", a, b)
		}
	})
}

func TestPricesAreTextInJSON(t *testing.T) {
	type params struct {
		Min   Price
		Limit Money
	}
	var p params
	if err := json.Unmarshal([]byte(`{"Min":"0.25","Limit":"123456789012.5"}`), &p); err != nil || p.Min != 25*Satang {
		t.Fatalf("%v, %v", p, err)
	}
	if b, err := json.Marshal(p); err != nil || string(b) != `{"Min":"0.25","Limit":"123456789012.5"}` {
		t.Fatalf("%s, %v", b, err)
	}
	if err := json.Unmarshal([]byte(`{"Min":"x"}`), &p); !errors.Is(err, ErrPrice) {
		t.Fatal(err)
	}
}
