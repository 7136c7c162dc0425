package config

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/feedtree/feedtree/internal/topic"
)

// Normalize trims and upper-cases symbols, trims markets and takes repeated names out of
// lists; notes say what was changed, one line each. What has an impossible form stays as it
// is, for Validate to refuse. Load has done it; a Config made in code needs it.
func (c *Config) Normalize() (notes []string) {
	c.normalize(func(key, what string) { notes = append(notes, key+": "+what) })
	return notes
}

// normalize replaces lists and never writes into them: they may be the caller's.
func (c *Config) normalize(note func(key, what string)) {
	c.Symbols = names("symbols", c.Symbols, topic.NormalizeSymbol, note)
	c.Market.Markets = names("market.markets", c.Market.Markets, topic.NormalizeMarket, note)
	c.Market.Derivatives = names("market.derivatives", c.Market.Derivatives, topic.NormalizeMarket, note)
	c.Health.Symbols = gaps(c.Health.Symbols, note)
	c.Strategies = slices.Clone(c.Strategies)
	for i := range c.Strategies {
		s, key := &c.Strategies[i], fmt.Sprintf("strategies[%d].", i)
		s.Symbols = names(key+"symbols", s.Symbols, topic.NormalizeSymbol, note)
		s.Events = names(key+"events", s.Events, asItIs, note)
		s.Intervals = names(key+"intervals", s.Intervals, asItIs, note)
		s.Watch = names(key+"watch", s.Watch, asItIs, note)
	}
}

func asItIs(s string) (string, bool, error) { return s, false, nil }

func names(key string, in []string, normal func(string) (string, bool, error), note func(key, what string)) []string {
	if in == nil {
		return nil
	}
	out := make([]string, 0, len(in))
	seen := make(map[string]bool, len(in))
	for i, typed := range in {
		name, changed, err := normal(typed)
		at := fmt.Sprintf("%s[%d]", key, i)
		switch {
		case err != nil:
			out = append(out, typed)
			continue
		case seen[name]:
			note(at, fmt.Sprintf("%q is named more than once; once is enough", name))
			continue
		case changed:
			note(at, fmt.Sprintf("%q was taken as %s", clip(typed), name))
		}
		seen[name] = true
		out = append(out, name)
	}
	return out
}

func gaps(in map[string]time.Duration, note func(key, what string)) map[string]time.Duration {
	if in == nil {
		return nil
	}
	out := make(map[string]time.Duration, len(in))
	for _, typed := range slices.Sorted(maps.Keys(in)) {
		symbol, changed, err := topic.NormalizeSymbol(typed)
		_, twice := out[symbol]
		switch {
		case err != nil:
			out[typed] = in[typed]
			continue
		case twice:
			note(healthSymbol, fmt.Sprintf("%q is named more than once; the first counts", symbol))
			continue
		case changed:
			note(healthSymbol, fmt.Sprintf("%q was taken as %s", clip(typed), symbol))
		}
		out[symbol] = in[typed]
	}
	return out
}
