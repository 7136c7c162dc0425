package topic

import (
	"slices"
	"strings"
	"testing"
)

func TestSymbolsAreTrimmedAndUpperCasedAndSaySo(t *testing.T) {
	for in, want := range map[string]struct {
		symbol  string
		changed bool
	}{
		"AOT": {"AOT", false}, " aot\n": {"AOT", true}, "bbl-f": {"BBL-F", true}, "L&E": {"L&E", false},
		"s50z26": {"S50Z26", true}, "2S": {"2S", false}, "A.B": {"A.B", false},
	} {
		got, changed, err := NormalizeSymbol(in)
		if err != nil || got != want.symbol || changed != want.changed {
			t.Errorf("%q: %q, %v, %v", in, got, changed, err)
		}
	}
	for _, in := range []string{"", "  ", "A B", "A/B", "A+", "#", "ſET", "ก", "A\x00", "\xff", strings.Repeat("A", 21)} {
		if got, _, err := NormalizeSymbol(in); err == nil {
			t.Errorf("%q was taken as %q", in, got)
		}
	}
}

func TestAMarketKeepsItsCase(t *testing.T) {
	for in, want := range map[string]string{"mai": "mai", " sSET ": "sSET", "TFEX": "TFEX"} {
		if got, changed, err := NormalizeMarket(in); err != nil || got != want || changed != (in != want) {
			t.Errorf("%q: %q, %v, %v", in, got, changed, err)
		}
	}
	if _, _, err := NormalizeMarket("m/i"); err == nil {
		t.Error("a market with a slash was accepted")
	}
}

func TestAListOfSymbolsNamesEachOnceAndJoinsTheErrors(t *testing.T) {
	symbols, notes, err := NormalizeSymbols([]string{"PTT", "aot", "AOT", "PTT"})
	if err != nil || !slices.Equal(symbols, []string{"PTT", "AOT"}) || len(notes) != 3 {
		t.Errorf("%v, %q, %v", symbols, notes, err)
	}
	symbols, _, err = NormalizeSymbols([]string{"A B", "PTT", "x/y"})
	if err == nil || !strings.Contains(err.Error(), "A B") || !strings.Contains(err.Error(), "x/y") || !slices.Equal(symbols, []string{"PTT"}) {
		t.Errorf("%v, %v", symbols, err)
	}
}

func FuzzNormalizeSymbol(f *testing.F) {
	f.Add(" aot ")
	f.Add("L&E")
	f.Fuzz(func(t *testing.T, s string) {
		n, changed, err := NormalizeSymbol(s)
		if err != nil {
			return
		}
		if changed != (n != s) {
			t.Errorf("%q became %q, changed %v", s, n, changed)
		}
		if again, changed, err := NormalizeSymbol(n); again != n || changed || err != nil {
			t.Errorf("%q normalizes to %q, %v, %v", n, again, changed, err)
		}
		if p, err := Parse(BidOffer(n)); err != nil || p.Symbol != n {
			t.Errorf("%q makes no topic: %v", n, err)
		}
	})
}
