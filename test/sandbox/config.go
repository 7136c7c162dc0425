// Package sandbox is an exchange to develop and test against: the REST API and the MQTT
// endpoint of the real one behind one TLS port, a market that moves, and faults on demand.
//
// It is honest about what it does: delivered counts the PUBLISH packets that were handed to a
// socket, what a slow client had to lose is counted too, and the stream it publishes depends
// on its configuration alone. Use Start inside a test, or the sub-command as a process of its
// own.
package sandbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"time"

	"github.com/feedtree/feedtree/internal/settrade"
	"github.com/feedtree/feedtree/test/sandbox/market"
)

// Config says what the exchange is like. DefaultConfig is the place to start from.
type Config struct {
	Listen string // REST and MQTT, host:port on loopback; port 0 for any free one
	// Listener is used instead of listening on Listen: a Pipe, say, or whatever stands in
	// front. TLS is spoken on it.
	Listener net.Listener
	Admin    string // the admin API, plain HTTP; "" for none
	Dir      string // where ca.pem and env are written; "" for no directory

	Seed    int64
	Rate    float64 // messages a second over all topics, 1 to 100,000
	Symbols int     // equities
	Clock   string  // market.ClockOpen or market.ClockDay
	Speed   float64 // with ClockDay: virtual seconds a second
	// Silent keeps the market from publishing: only Publish does. For tests.
	Silent bool

	TokenTTL time.Duration
	// Linger lets a connection go on when its token ends, as brokers do that look at it once.
	Linger bool

	AppID, AppCode, BrokerID          string
	EquityAccount, DerivativesAccount string

	// TokenMark is what every token begins with, for tests that look for tokens where none may
	// be; "" for nothing.
	TokenMark string

	// PerSecond and PerMinute are the REST API's limits, for GET and for POST apart.
	PerSecond, PerMinute int
	// Backlog bounds what waits for a client that reads too slowly, in bytes.
	Backlog int
	Log     *slog.Logger
}

// DefaultConfig is the exchange as `runner sandbox` starts it without flags.
func DefaultConfig() Config {
	return Config{
		Listen: "127.0.0.1:8443", Admin: "127.0.0.1:8444", Seed: 1, Rate: 1000, Symbols: 50, Clock: market.ClockOpen, Speed: 1,
		TokenTTL: time.Hour, AppID: "sandbox-app", AppCode: "SANDBOX_APP", BrokerID: "098",
		EquityAccount: "0000001", DerivativesAccount: "0000002", PerSecond: 5, PerMinute: 60,
		Backlog: 32 << 20, Log: slog.New(slog.DiscardHandler),
	}
}

// Validate tells all that cannot work, each with its name and value.
func (c Config) Validate() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for name, addr := range map[string]string{"listen": c.Listen, "admin": c.Admin} {
		if (addr == "" && name == "admin") || (c.Listener != nil && name == "listen") {
			continue
		}
		host, _, err := net.SplitHostPort(addr)
		if ip := net.ParseIP(host); err != nil || (host != "localhost" && (ip == nil || !ip.IsLoopback())) {
			fail("%s %q: expected host:port with a loopback host, such as 127.0.0.1:8443", name, addr)
		}
	}
	m := c.market()
	if !(c.Rate >= 1 && c.Rate <= 100_000) {
		fail("rate %v: expected 1 to 100000 messages a second", c.Rate)
		m.Rate = 1 // said once
	}
	if !(c.Speed > 0 && c.Speed <= 10_000) {
		fail("speed %v: expected more than 0 and at most 10000", c.Speed)
	}
	if c.TokenTTL < time.Second {
		fail("token-ttl %v: expected at least 1s", c.TokenTTL)
	}
	if c.PerSecond < 1 || c.PerMinute < 1 {
		fail("limits %d a second, %d a minute: expected at least 1", c.PerSecond, c.PerMinute)
	}
	if c.Backlog < 1<<20 {
		fail("backlog %d: expected at least 1 MiB", c.Backlog)
	}
	if c.AppID == "" || c.AppCode == "" || c.BrokerID == "" {
		fail("credentials: expected an app id, an app code and a broker id")
	}
	if err := m.Validate(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c Config) market() market.Config {
	m := market.Config{Seed: c.Seed, Symbols: c.Symbols, Rate: c.Rate, Clock: c.Clock,
		EquityAccount: c.EquityAccount, DerivativesAccount: c.DerivativesAccount}
	if c.Clock == market.ClockDay {
		m.Rate = c.Rate / c.Speed
	}
	return m
}

// newSecret makes the application's key: by the seed, so that a user's shell goes on working
// with an exchange that was started again.
func newSecret(seed int64) (secret string, key *ecdsa.PublicKey, err error) {
	rng := rand.New(rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), byte(seed >> 24), 's', 'b'}))
	scalar := make([]byte, 32)
	for i := 1; i < len(scalar); i++ { // a first byte of 0 keeps it below the group's order
		scalar[i] = byte(rng.Uint32())
	}
	secret = base64.StdEncoding.EncodeToString(scalar)
	private, err := settrade.ParseKey(settrade.Secret(secret))
	if err != nil {
		return "", nil, err
	}
	if private.Curve != elliptic.P256() {
		return "", nil, errors.New("the key is not on P-256")
	}
	return secret, &private.PublicKey, nil
}
