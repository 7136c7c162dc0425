// Package config reads the configuration: defaults, files, the environment, --set and
// flags, in this order, each layer over the one before, into one typed Config that is
// checked whole. Every error is told at once, each with its key, where it stands and, for a
// name nobody knows, the nearest known one.
//
// Load builds everything anew on each call and shares nothing with an earlier result: a
// program that reloads swaps its *Loaded whole. No error, note or listing of this package
// holds a secret or an account number.
package config

import "time"

// Config is everything that can be configured. Default gives it its defaults;
// config/feedtree.yaml (Reference) says of each key what it means.
type Config struct {
	Credentials Credentials `koanf:"credentials"`
	Session     Session     `koanf:"session"`
	TLS         TLS         `koanf:"tls"`
	Feed        Feed        `koanf:"feed"`
	Dispatcher  Dispatcher  `koanf:"dispatcher"`
	Health      Health      `koanf:"health"`
	Market      Market      `koanf:"market"`
	// Symbols get books and price infos to every strategy that names no symbols itself.
	Symbols     []string    `koanf:"symbols"`
	Strategies  []Strategy  `koanf:"strategies"`
	Supervision Supervision `koanf:"supervision"`
	Poison      Poison      `koanf:"poison"`
	HTTP        HTTP        `koanf:"http"`
	Log         Log         `koanf:"log"`
	Telemetry   Telemetry   `koanf:"telemetry"`
	Shutdown    Shutdown    `koanf:"shutdown"`
}

// Credentials are the exchange's, as its portal gives them out. They are read from the
// SETTRADE_* variables that users already have.
type Credentials struct {
	AppID     string `koanf:"app_id"`
	AppSecret Secret `koanf:"app_secret"` // base64 of a P-256 scalar
	AppCode   string `koanf:"app_code"`
	BrokerID  string `koanf:"broker_id"` // SANDBOX means UAT and 098
	BaseURL   string `koanf:"base_url"`  // "" means production, or UAT with SANDBOX
	// EquityAccount and DerivativesAccount are needed by strategies that follow orders.
	EquityAccount      Secret `koanf:"equity_account"`
	DerivativesAccount Secret `koanf:"derivatives_account"`
}

// Session is the connection to the exchange.
type Session struct {
	KeepAlive        time.Duration `koanf:"keep_alive"` // whole seconds: MQTT counts in them
	PingTimeout      time.Duration `koanf:"ping_timeout"`
	ConnectTimeout   time.Duration `koanf:"connect_timeout"`
	SubscribeTimeout time.Duration `koanf:"subscribe_timeout"`
	SubscribeBatch   int           `koanf:"subscribe_batch"`
	RenewBefore      time.Duration `koanf:"renew_before"`
	Rollover         string        `koanf:"rollover"`    // one of the Rollover constants
	StallAfter       time.Duration `koanf:"stall_after"` // 0: silence of a topic is not judged
	FastLane         bool          `koanf:"fast_lane"`
	RESTTimeout      time.Duration `koanf:"rest_timeout"`
	CloseTimeout     time.Duration `koanf:"close_timeout"`
	FailFast         bool          `koanf:"fail_fast"` // end if the first attempt fails
	Backoff          Backoff       `koanf:"backoff"`
}

// How a connection with a new token replaces the old one: by overlap until the exchange shows that
// it does not allow that; make before break; break before make, with a Gap.
const (
	RolloverAuto       = "auto"
	RolloverOverlap    = "overlap"
	RolloverSequential = "sequential"
)

// Backoff is the delay before a further attempt. After n failures in a row, n from 1, it is
// at most Min·Factorⁿ, never above Max, and never below Min. Jitter is the share of that span
// which is drawn at random, from its longest delay down: 1, the default, draws from all of it.
// 0 is a value like any other and what a Backoff made in code without it has: nothing is drawn,
// each delay is the longest of its span, and those who failed together come again together.
// Without the others it is refused.
type Backoff struct {
	Min    time.Duration `koanf:"min"`
	Max    time.Duration `koanf:"max"`
	Factor float64       `koanf:"factor"`
	Jitter float64       `koanf:"jitter"`
}

// TLS is how the exchange's certificate is verified.
type TLS struct {
	CAFile string `koanf:"ca_file"` // "" means the system's authorities
}

// Feed holds what lies between the socket and the decoder.
type Feed struct {
	RawQueue RawQueue `koanf:"raw_queue"`
}

// RawQueue bounds undecoded messages, in number and in bytes; the oldest are dropped.
type RawQueue struct {
	Capacity int   `koanf:"capacity"`
	MaxBytes Bytes `koanf:"max_bytes"`
}

// Dispatcher bounds decoded events on their way to the strategies.
type Dispatcher struct {
	Capacity int `koanf:"capacity"`
}

// Health says after how much silence the feed is dead and a symbol stale.
type Health struct {
	FeedGap   time.Duration            `koanf:"feed_gap"`
	SymbolGap time.Duration            `koanf:"symbol_gap"`
	Symbols   map[string]time.Duration `koanf:"symbols"` // instead of SymbolGap
	Sweep     time.Duration            `koanf:"sweep"`
}

// Market is what is known of the exchange's days; its own announcements go before it.
type Market struct {
	Markets     []string        `koanf:"markets"`
	Derivatives []string        `koanf:"derivatives"`
	Sessions    []MarketSession `koanf:"sessions"`
	Holidays    []Date          `koanf:"holidays"`
}

// MarketSession is a part of the day in which trading goes on, in the exchange's time.
type MarketSession struct {
	Open  TimeOfDay `koanf:"open"`
	Close TimeOfDay `koanf:"close"`
}

// bangkok has had one offset since 1920, so that no time zone file is needed.
var bangkok = time.FixedZone("Asia/Bangkok", 7*60*60)

// Location is the exchange's time zone, which cannot be configured: Asia/Bangkok.
func (Market) Location() *time.Location { return bangkok }

// Strategy is one instance of a strategy type that was registered in code.
type Strategy struct {
	Name      string         `koanf:"name"`
	Type      string         `koanf:"type"`
	Symbols   []string       `koanf:"symbols"`   // none: Config.Symbols
	Events    []string       `koanf:"events"`    // none: what its type asks for
	Intervals []string       `koanf:"intervals"` // of candlesticks
	Watch     []string       `koanf:"watch"`     // what else it is told of; none: what its type asks for
	Params    map[string]any `koanf:"params"`    // for the type to read
	Snapshot  bool           `koanf:"snapshot"`
	Mailbox   Mailbox        `koanf:"mailbox"`
	// Supervision is its own; what it does not say is that of all strategies.
	Supervision Override `koanf:"supervision"`
}

// WatchSupervision in Strategy.Watch has a strategy told what happens to the tree's actors.
const WatchSupervision = "supervision"

// Mailbox is a strategy's queue.
type Mailbox struct {
	Capacity    int           `koanf:"capacity"`
	Overflow    string        `koanf:"overflow"` // DropOldest or Conflate
	MaxAge      time.Duration `koanf:"max_age"`  // 0: any age
	DropWarning float64       `koanf:"drop_warning"`
}

// What a strategy's full mailbox does.
const (
	DropOldest = "drop_oldest"
	Conflate   = "conflate"
)

// Poison bounds the store of messages that could not be processed.
type Poison struct {
	Entries int   `koanf:"entries"`
	Bytes   Bytes `koanf:"bytes"`
}

// HTTP is the door for operators. On loopback nothing but the address is needed; off it the
// door wants TLS, and of its clients the token, a certificate, or both.
type HTTP struct {
	Addr  string  `koanf:"addr"`
	Token Secret  `koanf:"token"` // "" means that no request needs one
	TLS   HTTPTLS `koanf:"tls"`
	Ask   HTTPAsk `koanf:"ask"`
}

// HTTPTLS is the door's certificate and its clients' authority; without a certificate the
// door speaks plain HTTP. The files are in PEM.
type HTTPTLS struct {
	CertFile     string `koanf:"cert_file"` // with what leads to its authority behind it
	KeyFile      string `koanf:"key_file"`
	ClientCAFile string `koanf:"client_ca_file"` // "" means that clients need no certificate
}

// HTTPAsk is how a command that asks a door verifies it and shows who it is itself.
type HTTPAsk struct {
	CAFile   string `koanf:"ca_file"` // "" means the system's authorities
	CertFile string `koanf:"cert_file"`
	KeyFile  string `koanf:"key_file"`
}

// Log is how much is logged, and in which form.
type Log struct {
	Level  string `koanf:"level"`  // debug, info, warn or error
	Format string `koanf:"format"` // auto, text or json
	// Levels are components with a level of their own, each written node=level.
	Levels []string `koanf:"levels"`
}

// Telemetry is what goes to the tools that watch a feed.
type Telemetry struct {
	OTLP    OTLP             `koanf:"otlp"`
	Metrics TelemetryMetrics `koanf:"metrics"`
	Logs    TelemetryLogs    `koanf:"logs"`
	Traces  TelemetryTraces  `koanf:"traces"`
}

// OTLP is a collector. What is empty here is left to the OTEL_* variables.
type OTLP struct {
	Endpoint string `koanf:"endpoint"` // a URL; with http the connection is not encrypted
	Protocol string `koanf:"protocol"` // OTLPGRPC, OTLPHTTP, or "" for the variables', else grpc
	Headers  Secret `koanf:"headers"`  // key=value, separated by commas, sent with each request
}

// The protocols of OTLP.
const (
	OTLPGRPC = "grpc"
	OTLPHTTP = "http"
)

// TelemetryMetrics says which metrics there are beyond the usual ones.
type TelemetryMetrics struct {
	Symbols bool `koanf:"symbols"` // one series of each kind for every symbol
}

// TelemetryLogs says where log lines go besides standard error.
type TelemetryLogs struct {
	OTLP bool `koanf:"otlp"`
}

// TelemetryTraces says which events' paths have a trace, once there is somewhere to send it.
type TelemetryTraces struct {
	Slow      time.Duration `koanf:"slow"`       // socket read → end of Receive; 0: none is slow
	Ratio     float64       `koanf:"ratio"`      // of the others
	PerSecond int           `koanf:"per_second"` // the most of each class beyond the ratio's
	Queue     int           `koanf:"queue"`      // spans that wait for the collector
}

// Shutdown bounds an orderly end.
type Shutdown struct {
	Deadline time.Duration `koanf:"deadline"`
}
