package config

import (
	"os"
	"strings"
	"testing"
)

func TestBadFilesAreToldWithKeyAndLine(t *testing.T) {
	inTemp(t)
	long := strings.Repeat("x", 200)
	for text, want := range map[string][]string{
		"dispatcher:\n  capacty: 5\n":                          {"c.yaml:2: dispatcher.capacty: unknown key, did you mean dispatcher.capacity?"},
		"\ndispacher: {capacity: 5}\n":                         {"c.yaml:2: dispacher: unknown key, did you mean dispatcher?"},
		"fast_lane: true\n":                                    {"c.yaml:1: fast_lane: unknown key, did you mean session.fast_lane?"},
		"http: {address: x}\n":                                 {"c.yaml:1: http.address: unknown key, did you mean http.addr?"},
		"http: {Addr: x}\n":                                    {"c.yaml:1: http.Addr: unknown key, did you mean http.addr?"},
		"session: {backoff: {mim: 1s}}\n":                      {"c.yaml:1: session.backoff.mim: unknown key, did you mean session.backoff.min?"},
		long + ": 1\n":                                         {"c.yaml:1: " + long[:80] + "…: unknown key; known here: credentials, session, tls, feed, dispatcher, health, market, symbols, strategies, supervision, poison, http, log, telemetry, shutdown"},
		"dispatcher: {capacity: 1, capacity: 2}":               {"c.yaml:1: dispatcher.capacity: written twice, first on line 1"},
		"tls: {}\nlog: {}\ntls: {}\n":                          {"c.yaml:3: tls: written twice, first on line 1"},
		"dispatcher: {capacity: many}":                         {`c.yaml:1: dispatcher.capacity: "many": expected a whole number`},
		"dispatcher: {capacity: 1.5}":                          {`c.yaml:1: dispatcher.capacity: "1.5": expected a whole number`},
		"dispatcher: {capacity: }":                             {`c.yaml:1: dispatcher.capacity: no value: leave the key out for its default, or write "" for nothing`},
		"dispatcher: {capacity: [1]}":                          {"c.yaml:1: dispatcher.capacity: expected one value, not a list or keys"},
		"dispatcher: 5":                                        {`c.yaml:1: dispatcher: "5": expected keys with values (key: value)`},
		"dispatcher: [5]":                                      {"c.yaml:1: dispatcher: expected keys with values (key: value)"},
		"dispatcher: {capacity: !foo 5}":                       {"c.yaml:1: dispatcher.capacity: a tag of YAML (!) has no meaning here"},
		"session: {ping_timeout: 5}":                           {`c.yaml:1: session.ping_timeout: "5": a duration needs a unit, like 5s or 5ms`},
		"session: {ping_timeout: 5 sec}":                       {`c.yaml:1: session.ping_timeout: "5 sec": expected a duration, like 5s, 250ms or 1m30s`},
		"session: {fast_lane: yes}":                            {`c.yaml:1: session.fast_lane: "yes": expected true or false`},
		"session: {backoff: {factor: .nan}}":                   {`c.yaml:1: session.backoff.factor: ".nan": expected a number`},
		"poison: {bytes: 5 parsecs}":                           {`c.yaml:1: poison.bytes: "5 parsecs": expected a size, like 64MiB`},
		"poison: {bytes: 9999999999GiB}":                       {`c.yaml:1: poison.bytes: "9999999999GiB": expected a size, like 64MiB`},
		"symbols: AOT":                                         {`c.yaml:1: symbols: "AOT": expected a list, like [a, b]`},
		"symbols:\n- A\n- [B]\n- \n":                           {"c.yaml:3: symbols[1]: expected one value, not a list or keys", `c.yaml:4: symbols[2]: no value: leave the key out for its default, or write "" for nothing`},
		"symbols: [PTT,\n 'A B']":                              {`c.yaml:2: symbols[1]: symbol "A B": expected letters, digits, '-', '.' and '&' alone, not ' '`},
		"health: {symbols: {A/B: 1s}}":                         {`c.yaml:1: health.symbols: symbol "A/B": expected letters, digits, '-', '.' and '&' alone, not '/'`},
		"health: {symbols: {AOT: 1s, aot: 2s}}":                {"c.yaml:1: health.symbols.AOT: written twice"},
		"health: {symbols: {AOT: 7}}":                          {`c.yaml:1: health.symbols.AOT: "7": a duration needs a unit, like 7s or 7ms`},
		"market: {holidays: [2026-02-30]}":                     {`c.yaml:1: market.holidays[0]: "2026-02-30": expected a day of the calendar, like 2026-12-31`},
		"market: {sessions: [{open: 25:00}]}":                  {`c.yaml:1: market.sessions[0].open: "25:00": expected a time of day, like 10:00`},
		"market: {sessions: [10:00-12:00]}":                    {`c.yaml:1: market.sessions[0]: "10:00-12:00": expected keys with values (key: value)`},
		"just words":                                           {"c.yaml:1: expected keys with values (key: value)"},
		"- a\n- b\n":                                           {"c.yaml:1: expected keys with values (key: value)"},
		"? [a]\n: b\n":                                         {"c.yaml:1: a key must be a word"},
		"tls: {<<: {ca_file: x}}":                              {"c.yaml:1: tls: << is not read here: write the keys out"},
		"tls: {}\n---\nlog: {}\n":                              {"c.yaml:2: a second document (---): one file holds one"},
		"tls: *nowhere\n":                                      {"c.yaml: not YAML: an alias (*) has no anchor (&)"},
		"log:\n\tlevel: info\n":                                {"c.yaml:2: not YAML: found character that cannot start any token (a tab? YAML wants spaces)"},
		"log: {level: info\n":                                  {"c.yaml:1: not YAML: did not find expected ',' or '}'"},
		"a: b: c\n":                                            {"c.yaml: not YAML: mapping values are not allowed in this context"},
		"strategies: [{name: a, type: b, nam: c}]":             {"c.yaml:1: strategies[0].nam: unknown key, did you mean strategies[0].name?"},
		"strategies: [{type: b}]":                              {"c.yaml:1: strategies[0].name: missing: a strategy needs a name"},
		"strategies: [{name: a, type: b, params: 5}]":          {"c.yaml:1: strategies[0].params: expected keys with values (key: value)"},
		"strategies: [{name: a, type: b, params: {x: .inf}}]":  {"c.yaml:1: strategies[0].params.x: expected a number, true, false or a string"},
		"strategies: &s [*s]":                                  {"c.yaml:1: strategies[0]: expected keys with values (key: value)"},
		"strategies: [{name: a, type: b, params: &p {x: *p}}]": {"c.yaml:1: too deep, or more than 100000 values with what aliases (*) repeat"},
	} {
		wantErrors(t, Check(write(t, "c.yaml", text)), want...)
	}
}

func TestAllErrorsOfAllSourcesComeAtOnce(t *testing.T) {
	inTemp(t)
	f := write(t, "c.yaml", `dispatcher:
  capacity: 0
session:
  keep_alive: 1500ms
  backoff: {min: 5s, max: 2s}
strategies:
- name: a
  type: x
  events: [bid_ofer]
- name: a
  mailbox:
    capacity: lots
    overflow: conflat
`)
	_, err := Load(Sources{
		Files: []string{f, "missing.yaml"}, EnvFile: write(t, "my.env", "FEEDTREE_LOG_LEVL=info\nnonsense\n"),
		Environ: []string{"FEEDTREE_LOG_LEVEL=inof", "FEEDTREE_CONFIG=c.yaml"},
		Set:     []string{"poison.entries=-1", "poison.entrys=5", "secretvalue", "poison=5", "strategies.a.type=x"},
		Flags:   map[string]any{"http.addr": "0.0.0.0:80", "symbols": []string{"A B"}},
	})
	wantErrors(t, err,
		`c.yaml:2: dispatcher.capacity: "0": expected 1 to 100000000`,
		`c.yaml:4: session.keep_alive: "1.5s": expected whole seconds, 1s to 65535s: MQTT counts in them`,
		`c.yaml:5: session.backoff.max: "2s": less than session.backoff.min, which is 5s`,
		`c.yaml:9: strategies[0].events[0]: "bid_ofer": expected bid_offer, price_info, candlestick, equity_exchange_info, derivatives_exchange_info, equity_order or derivatives_order, did you mean bid_offer?`,
		`c.yaml:10: strategies[1].name: "a": the name of strategies[0] too: each needs its own`,
		`c.yaml:10: strategies[1].type: missing: a strategy needs the name of its type`,
		`c.yaml:12: strategies[1].mailbox.capacity: "lots": expected a whole number`,
		`c.yaml:13: strategies[1].mailbox.overflow: "conflat": expected drop_oldest or conflate, did you mean conflate?`,
		`missing.yaml: this file does not exist`,
		`my.env:1: FEEDTREE_LOG_LEVL: unknown variable, did you mean FEEDTREE_LOG_LEVEL?`,
		`my.env:2: expected NAME=value`,
		`FEEDTREE_LOG_LEVEL: log.level: "inof": expected debug, info, warn or error, did you mean info?`,
		`--set: poison.entries: "-1": expected 1 to 100000000`,
		`--set: poison.entrys: unknown key, did you mean poison.entries?`,
		`--set: number 3 has no '=': expected key=value`,
		`--set: poison: this is a section; its keys are entries, bytes`,
		`--set: strategies.a.type: a strategy's keys are set in a file, or all strategies at once: strategies=[{name: a, type: b}]`,
		`http.tls.cert_file: missing: http.addr opens the door to the network (0.0.0.0), which needs TLS: set http.tls.cert_file and http.tls.key_file, or stay on loopback (127.0.0.1, ::1 or localhost)`,
		`http.token: missing: http.addr opens the door to the network (0.0.0.0), where clients must show who they are: set FEEDTREE_HTTP_TOKEN_FILE to a file that holds a token, or http.tls.client_ca_file to the authority of their certificates, or stay on loopback (127.0.0.1, ::1 or localhost)`,
		`--symbols: symbols[0]: symbol "A B": expected letters, digits, '-', '.' and '&' alone, not ' '`,
	)
}

func TestFilesThatAreNoneAreRefused(t *testing.T) {
	inTemp(t)
	if err := os.Mkdir("dir", 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, "large.yaml", "# "+strings.Repeat("x", maxFile))
	write(t, "binary.yaml", "\x00\x01\xff")
	write(t, "bomb.yaml", "strategies: [{name: a, type: b, params: {a: &a [x,x,x,x,x,x,x,x,x], b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a], c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b],"+
		" d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c], e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d], f: [*e,*e,*e,*e,*e,*e,*e,*e,*e]}}]")
	for name, want := range map[string]string{
		"dir":         "dir: this file is a directory",
		"large.yaml":  "large.yaml: larger than 1 MiB: this is no configuration",
		"binary.yaml": "binary.yaml: not YAML: control characters are not allowed",
		"bomb.yaml":   "bomb.yaml:1: too deep, or more than 100000 values with what aliases (*) repeat",
	} {
		wantErrors(t, Check(name), want)
	}
	var many strings.Builder
	for i := range 1000 {
		many.WriteString(strings.Repeat("z", i+1) + ": 1\n")
	}
	if errs := Errors(Check(write(t, "many.yaml", many.String()))); len(errs) != maxErrors+1 || !strings.HasPrefix(errs[maxErrors].Reason, "and more") {
		t.Errorf("%d errors", len(errs))
	}
}

func TestALongListOfNonsenseIsToldInBearableLength(t *testing.T) {
	l := parseYAML("c.yaml", []byte("strategies:\n"+strings.Repeat("- {name: a, type: b}\n", 10_000)))
	_, err := build([]*layer{l})
	if errs := Errors(err); len(errs) != maxErrors+1 || errs[maxErrors].Reason != andMore {
		t.Errorf("%d errors", len(errs))
	}
}

func TestFlagsAndSetMayBeWrittenInManyWays(t *testing.T) {
	l := load(t, Sources{
		Set:   []string{"strategies=[{name: a, type: b, params: {x: 1}}]", "symbols=", "market.markets=SET", "log.level=debug", "log.level=warn"},
		Flags: map[string]any{"log.format": "json", "dispatcher.capacity": "7", "poison.entries": int64(9), "session.ping_timeout": "3s"},
	})
	if c := l.Config; len(c.Strategies) != 1 || c.Strategies[0].Params["x"] != 1 || c.Log.Level != "warn" || c.Log.Format != "json" ||
		c.Dispatcher.Capacity != 7 || c.Poison.Entries != 9 || len(c.Market.Markets) != 1 || l.Origin("strategies[0].params.x") != "--set" {
		t.Errorf("%+v", l)
	}
	_, err := Load(Sources{Set: []string{"strategies=5", "market.sessions=a: b: c", "health.symbols.a b=5s", "health.symbols=AOT", "nothing=1"}, Flags: map[string]any{"nothing": 1, "log.level": nil}})
	wantErrors(t, err,
		`--set: strategies: "5": expected a list, like [a, b]`,
		"--set: market.sessions: expected a list, as YAML on one line: [a, b]",
		`--set: health.symbols.a b: symbol "a b": expected letters, digits, '-', '.' and '&' alone, not ' '`,
		`--set: health.symbols: "AOT": expected symbols and durations, like AOT=10s,PTT=1m`,
		"--set: nothing: unknown key; known here: "+strings.Join([]string{"credentials, session, tls, feed, dispatcher, health, market, symbols, strategies, supervision, poison, http, log, telemetry, shutdown"}, ""),
		"--nothing: nothing: unknown key; known here: credentials, session, tls, feed, dispatcher, health, market, symbols, strategies, supervision, poison, http, log, telemetry, shutdown",
		`--log-level: log.level: "<nil>": expected debug, info, warn or error`,
	)
}
