package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// Each row gives one key a value in each layer; every layer must beat those before it.
func TestEachLayerBeatsTheOnesBelowForEveryKindOfValue(t *testing.T) {
	inTemp(t)
	for _, row := range []struct {
		key                  string
		yaml1, yaml2         string
		dotenv, env, set     string
		flag                 any
		f1, f2, d, e, s, f   any
		read                 func(Config) any
		defaultIs            any
		notByVariable, isMap bool
	}{
		{key: "dispatcher.capacity", yaml1: "1", yaml2: "2", dotenv: "3", env: "4", set: "5", flag: 6,
			f1: 1, f2: 2, d: 3, e: 4, s: 5, f: 6, defaultIs: 100_000, read: func(c Config) any { return c.Dispatcher.Capacity }},
		{key: "session.ping_timeout", yaml1: "1s", yaml2: "2s", dotenv: "3s", env: "4s", set: "5s", flag: 6 * time.Second,
			f1: time.Second, f2: 2 * time.Second, d: 3 * time.Second, e: 4 * time.Second, s: 5 * time.Second, f: 6 * time.Second,
			defaultIs: 5 * time.Second, read: func(c Config) any { return c.Session.PingTimeout }},
		{key: "poison.bytes", yaml1: "1MiB", yaml2: "2_000_000", dotenv: "3MiB", env: "4 MiB", set: "5MB", flag: Bytes(6 << 20),
			f1: Bytes(1 << 20), f2: Bytes(2e6), d: Bytes(3 << 20), e: Bytes(4 << 20), s: Bytes(5e6), f: Bytes(6 << 20),
			defaultIs: Bytes(16 << 20), read: func(c Config) any { return c.Poison.Bytes }},
		{key: "session.fast_lane", yaml1: "false", yaml2: "true", dotenv: "false", env: "true", set: "false", flag: true,
			f1: false, f2: true, d: false, e: true, s: false, f: true, defaultIs: true, read: func(c Config) any { return c.Session.FastLane }},
		{key: "session.backoff.factor", yaml1: "1", yaml2: "1.5", dotenv: "3", env: "4", set: "5", flag: 6.5,
			f1: 1.0, f2: 1.5, d: 3.0, e: 4.0, s: 5.0, f: 6.5, defaultIs: 2.0, read: func(c Config) any { return c.Session.Backoff.Factor }},
		{key: "log.level", yaml1: "debug", yaml2: "info", dotenv: "warn", env: "error", set: "debug", flag: "warn",
			f1: "debug", f2: "info", d: "warn", e: "error", s: "debug", f: "warn", defaultIs: "info", read: func(c Config) any { return c.Log.Level }},
		{key: "symbols", yaml1: "[A]", yaml2: "[B, C]", dotenv: "D", env: "E, F", set: "[G, H]", flag: []string{"I"},
			f1: []string{"A"}, f2: []string{"B", "C"}, d: []string{"D"}, e: []string{"E", "F"}, s: []string{"G", "H"}, f: []string{"I"},
			defaultIs: []string(nil), read: func(c Config) any { return c.Symbols }},
		{key: "market.holidays", yaml1: "[2026-01-01]", yaml2: "['2026-01-02']", dotenv: "2026-01-03", env: "2026-01-04", set: "2026-01-05", flag: []string{"2026-01-06"},
			f1: []Date{{2026, 1, 1}}, f2: []Date{{2026, 1, 2}}, d: []Date{{2026, 1, 3}}, e: []Date{{2026, 1, 4}}, s: []Date{{2026, 1, 5}}, f: []Date{{2026, 1, 6}},
			defaultIs: []Date(nil), read: func(c Config) any { return c.Market.Holidays }},
		{key: "market.sessions", yaml1: "[{open: 09:00, close: '10:00'}]", yaml2: "[]", notByVariable: true, set: "[{open: 11:00, close: 12:00}]", flag: []MarketSession{{At(1, 0), At(2, 0)}},
			f1: []MarketSession{{At(9, 0), At(10, 0)}}, f2: []MarketSession{}, s: []MarketSession{{At(11, 0), At(12, 0)}}, f: []MarketSession{{At(1, 0), At(2, 0)}},
			defaultIs: Default().Market.Sessions, read: func(c Config) any { return c.Market.Sessions }},
		{key: "health.symbols", yaml1: "{A: 1s}", yaml2: "{A: 2s}", dotenv: "A=3s", env: "A=4s", set: "A=5s", flag: map[string]time.Duration{"A": 6 * time.Second}, isMap: true,
			f1: time.Second, f2: 2 * time.Second, d: 3 * time.Second, e: 4 * time.Second, s: 5 * time.Second, f: 6 * time.Second,
			defaultIs: time.Duration(0), read: func(c Config) any { return c.Health.Symbols["A"] }},
	} {
		one := write(t, "one.yaml", "# a line\n"+nest(row.key, row.yaml1))
		two := write(t, "two.yaml", nest(row.key, row.yaml2))
		name := EnvName(row.key)
		dot := write(t, ".env", "# \n"+name+"="+row.dotenv+"\n")
		origin := row.key
		if row.isMap {
			origin += ".A"
		}
		depth := strings.Count(row.key, ".")
		check := func(s Sources, want any, from string) {
			t.Helper()
			l := load(t, s)
			if got := row.read(l.Config); !reflect.DeepEqual(got, want) {
				t.Errorf("%s from %s: %v, want %v", row.key, from, got, want)
			}
			if got := l.Origin(origin); got != from {
				t.Errorf("%s: origin %q, want %q", row.key, got, from)
			}
		}
		s := Sources{}
		check(s, row.defaultIs, "default")
		s.Files = []string{one}
		check(s, row.f1, "file one.yaml:"+string(rune('2'+depth)))
		s.Files = []string{one, two}
		check(s, row.f2, "file two.yaml:"+string(rune('1'+depth)))
		if !row.notByVariable {
			s.EnvFile = dot
			check(s, row.d, "env file .env:2")
			s.Environ = []string{"HOME=/x", name + "=" + row.env}
			check(s, row.e, "environment "+name)
		}
		s.Set = []string{row.key + "=" + row.set}
		check(s, row.s, "--set")
		s.Flags = map[string]any{row.key: row.flag}
		check(s, row.f, "flag "+flagName(row.key))
	}
}

// nest writes a dotted key as YAML.
func nest(key, value string) string {
	var b strings.Builder
	for i, part := range strings.Split(key, ".") {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(strings.Repeat("  ", i) + part + ":")
	}
	return b.String() + " " + value + "\n"
}

func TestKeysAreMergedAndListsReplaced(t *testing.T) {
	inTemp(t)
	one := write(t, "one.yaml", "health: {symbols: {AOT: 1s, A.B: 2s}}\nstrategies:\n- {name: a, type: x, params: {n: 1}}\n- {name: b, type: x}\n")
	two := write(t, "two.yaml", "health: {symbols: {aot: 3s}}\nstrategies: [{name: c, type: y}]\nsession: {backoff: {max: 20s}}\n")
	l := load(t, Sources{Files: []string{one, two}, Set: []string{"health.symbols.A.B=9s", "session.backoff.min=2s"}})
	if want := map[string]time.Duration{"AOT": 3 * time.Second, "A.B": 9 * time.Second}; !reflect.DeepEqual(l.Config.Health.Symbols, want) {
		t.Errorf("gaps %v", l.Config.Health.Symbols)
	}
	if want := []Strategy{DefaultStrategy("c", "y")}; !reflect.DeepEqual(l.Config.Strategies, want) {
		t.Errorf("strategies %+v", l.Config.Strategies)
	}
	if want := (Backoff{2 * time.Second, 20 * time.Second, 2, 1}); l.Config.Session.Backoff != want {
		t.Errorf("backoff %v", l.Config.Session.Backoff)
	}
	if got := l.Origin("strategies[1].name"); got != "default" {
		t.Errorf("what was replaced still has an origin: %s", got)
	}
}

func TestAStrategyHasTheDefaultsOfWhatItDoesNotSay(t *testing.T) {
	inTemp(t)
	f := write(t, "c.yaml", `strategies:
  - name: one
    type: spread
    symbols: [aot, PTT, aot]
    events: [candlestick, equity_order]
    params: &p {ticks: 2, ratio: 0.5, deep: {list: [1, two, true, null, 2026-01-01]}}
    mailbox: &m {capacity: 7, overflow: conflate}
  - {name: two, type: spread, params: *p, mailbox: *m, snapshot: true}
`)
	l := load(t, Sources{Files: []string{f}})
	one := DefaultStrategy("one", "spread")
	one.Symbols, one.Events = []string{"AOT", "PTT"}, []string{"candlestick", "equity_order"}
	one.Params = map[string]any{"ticks": 2, "ratio": 0.5, "deep": map[string]any{"list": []any{1, "two", true, nil, "2026-01-01"}}}
	one.Mailbox.Capacity, one.Mailbox.Overflow = 7, Conflate
	two := DefaultStrategy("two", "spread")
	two.Params, two.Mailbox, two.Snapshot = one.Params, one.Mailbox, true
	if want := []Strategy{one, two}; !reflect.DeepEqual(l.Config.Strategies, want) {
		t.Errorf("got  %+v\nwant %+v", l.Config.Strategies, want)
	}
	want := []string{
		`file c.yaml:4: strategies[0].symbols[0]: "aot" was taken as AOT`,
		`file c.yaml:4: strategies[0].symbols[2]: "AOT" is named more than once; once is enough`,
	}
	if !slices.Equal(l.Notes, want) {
		t.Errorf("notes %q", l.Notes)
	}
	if got := l.Origin("strategies[0].params.deep.list[1]"); got != "file c.yaml:6" {
		t.Errorf("a parameter's origin: %s", got)
	}
}

func TestAFileOfCommentsAndEmptySectionsChangesNothing(t *testing.T) {
	inTemp(t)
	for _, text := range []string{"", "\n", "# only this\n", "---\n", "dispatcher:\n  # capacity: 5\nsymbols:\nstrategies:\nhealth: {symbols: }\n", "\ufeffsymbols: []\n"} {
		l := load(t, Sources{Files: []string{write(t, "c.yaml", text)}})
		l.Config.Symbols = nil
		if !reflect.DeepEqual(l.Config, Default()) {
			t.Errorf("%q: %+v", text, l.Config)
		}
	}
}

func TestTwoLoadsShareNothing(t *testing.T) {
	inTemp(t)
	s := Sources{Files: []string{write(t, "c.yaml", "symbols: [A]\nhealth: {symbols: {A: 1s}}\nstrategies: [{name: a, type: b, events: [bid_offer], params: {x: [1]}}]\n")}}
	one, two := load(t, s), load(t, s)
	one.Config.Symbols[0], one.Config.Market.Markets[0], one.Config.Health.Symbols["A"] = "Z", "Z", 0
	one.Config.Strategies[0].Params["x"], one.Config.Strategies[0].Events[0] = 2, "Z"
	if again := load(t, s); !reflect.DeepEqual(again.Config, two.Config) || !reflect.DeepEqual(load(t, Sources{}).Config, Default()) {
		t.Error("a change in one configuration is seen in another")
	}
}

func TestScalarsOfYAMLAreTakenAsTheyAreWritten(t *testing.T) {
	inTemp(t)
	l := load(t, Sources{Files: []string{write(t, "c.yaml", "credentials: {broker_id: 098, app_code: 1e3, app_id: 0x10}\ndispatcher: {capacity: \"5\"}\n")}})
	if c := l.Config.Credentials; c.BrokerID != "098" || c.AppCode != "1e3" || c.AppID != "0x10" || l.Config.Dispatcher.Capacity != 5 {
		t.Errorf("%v %v", c, l.Config.Dispatcher)
	}
}
