package config

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/feedtree/feedtree/internal/topic"
)

const (
	// maxCapacity bounds queues: a larger number is a slip of the hand.
	maxCapacity = 100_000_000
	// minBytes is what every bound in bytes must hold: the largest payload that is taken.
	minBytes = 64 << 10
	// maxDuration keeps sums and products of durations far from overflow.
	maxDuration = 366 * 24 * time.Hour
)

// Validate checks what the types do not say. Its error joins an *Error for each value that
// is wrong. Symbols may be in any case (see Normalize); whether a strategy's type exists is
// known to those who register types, and whether credentials are complete says
// CheckCredentials.
func (c Config) Validate() error {
	v := &checker{}
	v.credentials(c.Credentials)
	v.session(c.Session)
	v.between("feed.raw_queue.capacity", c.Feed.RawQueue.Capacity, 1, maxCapacity)
	v.bytes("feed.raw_queue.max_bytes", c.Feed.RawQueue.MaxBytes)
	v.between("dispatcher.capacity", c.Dispatcher.Capacity, 1, maxCapacity)
	v.health(c.Health)
	v.market(c.Market)
	v.symbols("symbols", c.Symbols)
	v.strategies(c.Strategies)
	v.supervision(c)
	v.between("poison.entries", c.Poison.Entries, 1, maxCapacity)
	v.bytes("poison.bytes", c.Poison.Bytes)
	v.http(c.HTTP)
	v.oneOf("log.level", c.Log.Level, logLevels...)
	v.oneOf("log.format", c.Log.Format, "auto", "text", "json")
	v.componentLevels(c.Log.Levels)
	v.telemetry(c.Telemetry)
	v.positive("shutdown.deadline", c.Shutdown.Deadline)
	return join(v.errs)
}

// checker collects errors.
type checker struct{ errs []*Error }

func (v *checker) fail(key string, value any, format string, args ...any) {
	e := &Error{Key: key, Reason: fmt.Sprintf(format, args...)}
	if d, ok := value.(time.Duration); ok {
		value = showDuration(d)
	}
	if value != nil && !hidden(key) {
		e.Value = fmt.Sprint(value)
	}
	v.errs = append(v.errs, e)
}

func (v *checker) between(key string, n, least, most int) {
	if n < least || n > most {
		v.fail(key, n, "expected %d to %d", least, most)
	}
}

func (v *checker) bytes(key string, b Bytes) {
	if most := Bytes(1 << 40); b < minBytes || b > most {
		v.fail(key, b, "expected %v to %v", Bytes(minBytes), most)
	}
}

func (v *checker) positive(key string, d time.Duration) {
	if d <= 0 || d > maxDuration {
		v.fail(key, d, "expected a duration above 0 and at most a year")
	}
}

// orNone is positive for what 0 switches off.
func (v *checker) orNone(key string, d time.Duration) {
	if d < 0 || d > maxDuration {
		v.fail(key, d, "expected a duration of at most a year, or 0s for none")
	}
}

func (v *checker) oneOf(key, value string, known ...string) {
	if !slices.Contains(known, value) {
		v.fail(key, value, "expected %s", oneOf(known))
		e := v.errs[len(v.errs)-1]
		if e.Nearest = Nearest(value, known); e.Nearest == "" && value == "" {
			e.Reason = "empty, " + e.Reason
		}
	}
}

// oneOf lists alternatives: a, b or c.
func oneOf(known []string) string {
	last := len(known) - 1
	if last < 1 {
		return strings.Join(known, "")
	}
	return strings.Join(known[:last], ", ") + " or " + known[last]
}

func (v *checker) backoff(key string, b Backoff) {
	v.positive(key+".min", b.Min)
	v.positive(key+".max", b.Max)
	if b.Max < b.Min && b.Max > 0 {
		v.fail(key+".max", b.Max, "less than %s.min, which is %s", key, showDuration(b.Min))
	}
	v.factor(key+".factor", b.Factor)
	v.jitter(key+".jitter", b.Jitter)
}

func (v *checker) factor(key string, f float64) {
	if !(f >= 1 && f <= 100) {
		v.fail(key, f, "expected 1 to 100")
	}
}

func (v *checker) jitter(key string, j float64) {
	if !(j >= 0 && j <= 1) {
		v.fail(key, j, "expected 0 to 1")
	}
}

func (v *checker) credentials(c Credentials) {
	if u, err := url.Parse(c.BaseURL); c.BaseURL != "" &&
		(err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil) {
		v.fail("credentials.base_url", nil, "expected an address like https://open-api.settrade.com")
	}
	for key, account := range map[string]Secret{"equity_account": c.EquityAccount, "derivatives_account": c.DerivativesAccount} {
		if strings.ContainsAny(account.Reveal(), "/+# \t\r\n\x00") {
			v.fail(credentials+key, nil, "expected an account number, without blanks and without any of / + #")
		}
	}
}

func (v *checker) session(s Session) {
	if s.KeepAlive < time.Second || s.KeepAlive > 65535*time.Second || s.KeepAlive%time.Second != 0 {
		v.fail("session.keep_alive", s.KeepAlive, "expected whole seconds, 1s to 65535s: MQTT counts in them")
	}
	v.positive("session.ping_timeout", s.PingTimeout)
	v.positive("session.connect_timeout", s.ConnectTimeout)
	v.positive("session.subscribe_timeout", s.SubscribeTimeout)
	v.between("session.subscribe_batch", s.SubscribeBatch, 1, 10_000)
	v.positive("session.renew_before", s.RenewBefore)
	v.oneOf("session.rollover", s.Rollover, RolloverAuto, RolloverOverlap, RolloverSequential)
	v.orNone("session.stall_after", s.StallAfter)
	v.positive("session.rest_timeout", s.RESTTimeout)
	v.positive("session.close_timeout", s.CloseTimeout)
	v.backoff("session.backoff", s.Backoff)
}

func (v *checker) health(h Health) {
	v.positive("health.feed_gap", h.FeedGap)
	v.positive("health.symbol_gap", h.SymbolGap)
	v.positive("health.sweep", h.Sweep)
	least := min(h.FeedGap, h.SymbolGap)
	for _, symbol := range slices.Sorted(maps.Keys(h.Symbols)) {
		key := healthSymbol + "." + symbol
		if _, _, err := topic.NormalizeSymbol(symbol); err != nil {
			v.fail(healthSymbol, nil, "%v", err)
		}
		v.positive(key, h.Symbols[symbol])
		least = min(least, h.Symbols[symbol])
	}
	if h.Sweep > least && least > 0 {
		v.fail("health.sweep", h.Sweep, "longer than the shortest gap that it looks for, which is %s", showDuration(least))
	}
}

func (v *checker) market(m Market) {
	for i, name := range m.Markets {
		v.marketName(fmt.Sprintf("market.markets[%d]", i), name)
	}
	for i, name := range m.Derivatives {
		v.marketName(fmt.Sprintf("market.derivatives[%d]", i), name)
	}
	for i, s := range m.Sessions {
		key := fmt.Sprintf("market.sessions[%d]", i)
		text := fmt.Sprintf("%v-%v", s.Open, s.Close)
		switch day := 24 * time.Hour; {
		case s.Open < 0 || s.Close.Duration() >= day:
			v.fail(key, text, "expected times of one day")
		case s.Close <= s.Open:
			v.fail(key, text, "it closes before it opens")
		case i > 0 && s.Open < m.Sessions[i-1].Close:
			v.fail(key, text, "it opens before the session above it has closed")
		}
	}
	for i, d := range m.Holidays {
		if DateOf(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)) != d {
			v.fail(fmt.Sprintf("market.holidays[%d]", i), d, "there is no such day")
		}
	}
}

func (v *checker) marketName(key, name string) {
	if _, _, err := topic.NormalizeMarket(name); err != nil {
		v.fail(key, nil, "%v", err)
	}
}

func (v *checker) symbols(key string, symbols []string) {
	for i, s := range symbols {
		if _, _, err := topic.NormalizeSymbol(s); err != nil {
			v.fail(fmt.Sprintf("%s[%d]", key, i), nil, "%v", err)
		}
	}
}
