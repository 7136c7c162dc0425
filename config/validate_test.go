package config

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestEachNonsensicalValueIsRefusedWithItsKey(t *testing.T) {
	const second = time.Second
	for want, change := range map[string]func(*Config){
		`feed.raw_queue.capacity: "-1": expected 1 to 100000000`:                                     func(c *Config) { c.Feed.RawQueue.Capacity = -1 },
		`feed.raw_queue.max_bytes: "1KiB": expected 64KiB to 1024GiB`:                                func(c *Config) { c.Feed.RawQueue.MaxBytes = 1024 },
		`dispatcher.capacity: "100000001": expected 1 to 100000000`:                                  func(c *Config) { c.Dispatcher.Capacity = maxCapacity + 1 },
		`poison.entries: "0": expected 1 to 100000000`:                                               func(c *Config) { c.Poison.Entries = 0 },
		`poison.bytes: "0B": expected 64KiB to 1024GiB`:                                              func(c *Config) { c.Poison.Bytes = 0 },
		`session.keep_alive: "500ms": expected whole seconds, 1s to 65535s: MQTT counts in them`:     func(c *Config) { c.Session.KeepAlive = second / 2 },
		`session.keep_alive: "18h12m16s": expected whole seconds, 1s to 65535s: MQTT counts in them`: func(c *Config) { c.Session.KeepAlive = 65536 * second },
		`session.ping_timeout: "0s": expected a duration above 0 and at most a year`:                 func(c *Config) { c.Session.PingTimeout = 0 },
		`session.connect_timeout: "-1s": expected a duration above 0 and at most a year`:             func(c *Config) { c.Session.ConnectTimeout = -second },
		`session.subscribe_timeout: "0s": expected a duration above 0 and at most a year`:            func(c *Config) { c.Session.SubscribeTimeout = 0 },
		`session.rest_timeout: "0s": expected a duration above 0 and at most a year`:                 func(c *Config) { c.Session.RESTTimeout = 0 },
		`session.close_timeout: "0s": expected a duration above 0 and at most a year`:                func(c *Config) { c.Session.CloseTimeout = 0 },
		`session.renew_before: "10000h": expected a duration above 0 and at most a year`:             func(c *Config) { c.Session.RenewBefore = 10000 * time.Hour },
		`session.rollover: "overlop": expected auto, overlap or sequential, did you mean overlap?`:   func(c *Config) { c.Session.Rollover = "overlop" },
		`session.stall_after: "-1s": expected a duration of at most a year, or 0s for none`:          func(c *Config) { c.Session.StallAfter = -second },
		`session.subscribe_batch: "0": expected 1 to 10000`:                                          func(c *Config) { c.Session.SubscribeBatch = 0 },
		`session.backoff.min: "0s": expected a duration above 0 and at most a year`:                  func(c *Config) { c.Session.Backoff.Min = 0 },
		`supervision.backoff.max: "100ms": less than supervision.backoff.min, which is 200ms`:        func(c *Config) { c.Supervision.Backoff.Max = second / 10 },
		`supervision.backoff.factor: "0.5": expected 1 to 100`:                                       func(c *Config) { c.Supervision.Backoff.Factor = 0.5 },
		`session.backoff.factor: "NaN": expected 1 to 100`:                                           func(c *Config) { c.Session.Backoff.Factor = math.NaN() },
		`supervision.budget.restarts: "0": expected 1 to 1000000`:                                    func(c *Config) { c.Supervision.Budget.Restarts = 0 },
		`supervision.budget.window: "0s": expected a duration above 0 and at most a year`:            func(c *Config) { c.Supervision.Budget.Window = 0 },
		`supervision.stable: "0s": expected a duration above 0 and at most a year`:                   func(c *Config) { c.Supervision.Stable = 0 },
		`shutdown.deadline: "0s": expected a duration above 0 and at most a year`:                    func(c *Config) { c.Shutdown.Deadline = 0 },
		`health.feed_gap: "0s": expected a duration above 0 and at most a year`:                      func(c *Config) { c.Health.FeedGap = 0 },
		`health.sweep: "6s": longer than the shortest gap that it looks for, which is 5s`:            func(c *Config) { c.Health.Sweep = 6 * second },
		`health.symbols.AOT: "0s": expected a duration above 0 and at most a year`:                   func(c *Config) { c.Health.Symbols = map[string]time.Duration{"AOT": 0} },
		`health.sweep: "250ms": longer than the shortest gap that it looks for, which is 1ms`:        func(c *Config) { c.Health.Symbols = map[string]time.Duration{"AOT": second / 1000} },
		`health.symbols: symbol "": expected 1 to 20 characters, like PTT, BBL-F or S50Z26`:          func(c *Config) { c.Health.Symbols = map[string]time.Duration{"": second} },
		`market.markets[0]: market "m/i": expected letters, digits, '-', '.' and '&' alone, not '/'`: func(c *Config) { c.Market.Markets = []string{"m/i"} },
		`market.derivatives[0]: market "": expected 1 to 20 characters, like SET, mai or TFEX`:       func(c *Config) { c.Market.Derivatives = []string{""} },
		`market.sessions[0]: "12:00-12:00": it closes before it opens`:                               func(c *Config) { c.Market.Sessions = []MarketSession{{At(12, 0), At(12, 0)}} },
		`market.sessions[1]: "11:00-13:00": it opens before the session above it has closed`: func(c *Config) {
			c.Market.Sessions = []MarketSession{{At(10, 0), At(12, 0)}, {At(11, 0), At(13, 0)}}
		},
		`market.sessions[0]: "10:00-24:00": expected times of one day`:                                             func(c *Config) { c.Market.Sessions = []MarketSession{{At(10, 0), At(24, 0)}} },
		`market.holidays[0]: "2026-02-30": there is no such day`:                                                   func(c *Config) { c.Market.Holidays = []Date{{2026, 2, 30}} },
		`log.level: empty, expected debug, info, warn or error`:                                                    func(c *Config) { c.Log.Level = "" },
		`log.format: "jsn": expected auto, text or json, did you mean json?`:                                       func(c *Config) { c.Log.Format = "jsn" },
		`log.levels[0]: "debug": expected a component and its level, like session=debug`:                           func(c *Config) { c.Log.Levels = []string{"debug"} },
		`log.levels[0]: "loud": expected debug, info, warn or error`:                                               func(c *Config) { c.Log.Levels = []string{"session=loud"} },
		`log.levels[1]: "session=warn": session has a level already`:                                               func(c *Config) { c.Log.Levels = []string{"session=debug", "session=warn"} },
		`telemetry.otlp.endpoint: expected an address with its scheme and no password, like http://localhost:4317`: func(c *Config) { c.Telemetry.OTLP.Endpoint = "localhost:4317" },
		`telemetry.otlp.protocol: "grcp": expected grpc or http, did you mean grpc?`:                               func(c *Config) { c.Telemetry.OTLP.Protocol = "grcp" },
		`telemetry.traces.slow: "-1s": expected a duration above 0 and at most a year`:                             func(c *Config) { c.Telemetry.Traces.Slow = -time.Second },
		`telemetry.traces.ratio: "1.5": expected 0 to 1`:                                                           func(c *Config) { c.Telemetry.Traces.Ratio = 1.5 },
		`telemetry.traces.per_second: "-1": expected 0 to 1000000`:                                                 func(c *Config) { c.Telemetry.Traces.PerSecond = -1 },
		`telemetry.traces.queue: "0": expected 1 to 10000000`:                                                      func(c *Config) { c.Telemetry.Traces.Queue = 0 },
		`telemetry.otlp.headers: expected key=value, separated by commas`:                                          func(c *Config) { c.Telemetry.OTLP.Headers = "hunter2" },
		`http.addr: expected an address and a port, like 127.0.0.1:9330`:                                           func(c *Config) { c.HTTP.Addr = "" },
		`http.addr: "127.0.0.1": expected an address and a port, like 127.0.0.1:9330`:                              func(c *Config) { c.HTTP.Addr = "127.0.0.1" },
		`http.addr: "localhost:http": expected an address and a port, like 127.0.0.1:9330`:                         func(c *Config) { c.HTTP.Addr = "localhost:http" },
		`http.addr: "[::1]:65536": expected an address and a port, like 127.0.0.1:9330`:                            func(c *Config) { c.HTTP.Addr = "[::1]:65536" },
		`credentials.base_url: expected an address like https://open-api.settrade.com`:                             func(c *Config) { c.Credentials.BaseURL = "http://open-api.settrade.com" },
		`credentials.equity_account: expected an account number, without blanks and without any of / + #`:          func(c *Config) { c.Credentials.EquityAccount = "1/#" },
	} {
		c := Default()
		change(&c)
		wantErrors(t, c.Validate(), want)
	}
	for _, addr := range []string{"127.0.0.1:0", "[::1]:9330", "localhost:1", "127.1.2.3:1"} {
		c := Default()
		c.HTTP.Addr = addr
		wantErrors(t, c.Validate())
	}
}

func TestAStrategyIsCheckedWhole(t *testing.T) {
	for want, change := range map[string]func(*Strategy){
		"name: missing: a strategy needs a name":                                                                                                             func(s *Strategy) { s.Name = "" },
		`name: "A b": expected 1 to 64 of a-z, 0-9, '_' and '-'`:                                                                                             func(s *Strategy) { s.Name = "A b" },
		"name: \"" + strings.Repeat("a", 65) + "\": expected 1 to 64 of a-z, 0-9, '_' and '-'":                                                               func(s *Strategy) { s.Name = strings.Repeat("a", 65) },
		"type: missing: a strategy needs the name of its type":                                                                                               func(s *Strategy) { s.Type = " " },
		`symbols[1]: symbol "#": expected letters, digits, '-', '.' and '&' alone, not '#'`:                                                                  func(s *Strategy) { s.Symbols = []string{"AOT", "#"} },
		`events[0]: "book": expected bid_offer, price_info, candlestick, equity_exchange_info, derivatives_exchange_info, equity_order or derivatives_order`: func(s *Strategy) { s.Events = []string{"book"} },
		`intervals[0]: "2m": expected 1m, 3m, 5m, 10m, 15m, 30m, 60m, 120m, 240m, 1d, 1w or 1M`:                                                              func(s *Strategy) { s.Intervals = []string{"2m"} },
		"intervals: empty: candlesticks need at least one, like 1m":                                                                                          func(s *Strategy) { s.Events, s.Intervals = []string{"candlestick"}, nil },
		`mailbox.capacity: "0": expected 1 to 100000000`:                                                                                                     func(s *Strategy) { s.Mailbox.Capacity = 0 },
		`mailbox.overflow: "drop-oldest": expected drop_oldest or conflate, did you mean drop_oldest?`:                                                       func(s *Strategy) { s.Mailbox.Overflow = "drop-oldest" },
		`mailbox.max_age: "-1s": expected a duration of at most a year, or 0s for none`:                                                                      func(s *Strategy) { s.Mailbox.MaxAge = -time.Second },
		`mailbox.drop_warning: "0": expected a share above 0 and at most 1, like 0.01`:                                                                       func(s *Strategy) { s.Mailbox.DropWarning = 0 },
		`mailbox.drop_warning: "1.5": expected a share above 0 and at most 1, like 0.01`:                                                                     func(s *Strategy) { s.Mailbox.DropWarning = 1.5 },
	} {
		c := Default()
		s := DefaultStrategy("one", "spread")
		change(&s)
		c.Strategies = []Strategy{s}
		wantErrors(t, c.Validate(), "strategies[0]."+want)
	}
}

func TestMissingCredentialsAreNamedWithTheirVariables(t *testing.T) {
	c := Default()
	wantErrors(t, c.Validate()) // the sandbox gives them out later
	wantErrors(t, c.CheckCredentials(),
		"credentials.app_id: missing: set SETTRADE_APP_ID or SETTRADE_APP_ID_FILE",
		"credentials.app_secret: missing: set SETTRADE_APP_SECRET or SETTRADE_APP_SECRET_FILE",
		"credentials.app_code: missing: set SETTRADE_APP_CODE or SETTRADE_APP_CODE_FILE",
		"credentials.broker_id: missing: set SETTRADE_BROKER_ID or SETTRADE_BROKER_ID_FILE")
	c.Credentials = Credentials{AppID: "a", AppSecret: "b", AppCode: "c", BrokerID: "d"}
	wantErrors(t, c.CheckCredentials())
	s := DefaultStrategy("orders", "x")
	s.Events = []string{"equity_order", "derivatives_order"}
	c.Strategies = []Strategy{DefaultStrategy("other", "x"), s}
	wantErrors(t, c.CheckCredentials(),
		`credentials.equity_account: missing, and strategy "orders" follows equity orders: set SETTRADE_EQUITY_ACCOUNT or SETTRADE_EQUITY_ACCOUNT_FILE`,
		`credentials.derivatives_account: missing, and strategy "orders" follows derivatives orders: set SETTRADE_DERIVATIVES_ACCOUNT or SETTRADE_DERIVATIVES_ACCOUNT_FILE`)
	c.Credentials.EquityAccount, c.Credentials.DerivativesAccount = "1", "2"
	wantErrors(t, c.CheckCredentials())
}

func TestAConfigurationMadeInCodeIsNormalisedOnRequest(t *testing.T) {
	mine := []string{" aot", "AOT", "#"}
	c := Default()
	c.Symbols, c.Health.Symbols = mine, map[string]time.Duration{"ptt": time.Second, "PTT": time.Minute, "#": 1}
	c.Market.Markets = []string{" SET", "mai"}
	notes := c.Normalize()
	if len(notes) != 4 || len(c.Symbols) != 2 || c.Symbols[0] != "AOT" || c.Health.Symbols["PTT"] != time.Minute || len(c.Health.Symbols) != 2 || c.Market.Markets[0] != "SET" {
		t.Errorf("%q %+v", notes, c)
	}
	if mine[0] != " aot" {
		t.Error("the caller's list was written to")
	}
	if again := c.Normalize(); len(again) != 0 {
		t.Errorf("normalised twice: %q", again)
	}
}
