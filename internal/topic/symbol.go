package topic

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxSymbol is the length that a symbol may have; the longest seen are derivative
// warrants' of 11 characters.
const maxSymbol = 20

// NormalizeSymbol trims and upper-cases what a user typed, and says whether that changed
// it. A symbol is 1 to 20 of A–Z, 0–9, '-', '.', '&'; anything else is an error.
func NormalizeSymbol(s string) (symbol string, changed bool, err error) {
	symbol = strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' { // not unicode.ToUpper: it makes an S of 'ſ'
			return r - 'a' + 'A'
		}
		return r
	}, strings.TrimSpace(s))
	if err := check("symbol", s, symbol, "PTT, BBL-F or S50Z26"); err != nil {
		return "", false, err
	}
	return symbol, symbol != s, nil
}

// NormalizeMarket trims the name of a market or index, whose case counts: SET, mai, sSET.
func NormalizeMarket(s string) (market string, changed bool, err error) {
	market = strings.TrimSpace(s)
	if err := check("market", s, market, "SET, mai or TFEX"); err != nil {
		return "", false, err
	}
	return market, market != s, nil
}

func check(what, typed, name, like string) error {
	if name == "" || len(name) > maxSymbol {
		return fmt.Errorf("%s %q: expected 1 to %d characters, like %s", what, shown(typed), maxSymbol, like)
	}
	for _, r := range name {
		if (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("-.&", r) {
			return fmt.Errorf("%s %q: expected letters, digits, '-', '.' and '&' alone, not %q", what, shown(typed), r)
		}
	}
	return nil
}

// shown clips what a user typed for an error, which quotes it.
func shown(s string) string { return s[:min(len(s), 60)] }

// NormalizeSymbols does the same for a list and takes repeated ones out; notes says, one
// line each, what was changed. The error joins those of all bad symbols.
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
			notes = append(notes, fmt.Sprintf("symbol %q was taken as %s", shown(s), n))
		}
		symbols = append(symbols, n)
	}
	return symbols, notes, errors.Join(errs...)
}
