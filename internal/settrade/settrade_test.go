package settrade

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/feedtree/feedtree/telemetry/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The secret of these tests: easy to find in a text it should not be in.
var scalar = strings.Repeat("\x00", 4) + "MARKED-SECRET-KEY-OF-28-BYTE"

var secret = Secret(base64.StdEncoding.EncodeToString([]byte(scalar)))

func serve(t *testing.T, h http.HandlerFunc, change func(*Config)) *Client {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	s.StartTLS()
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	cfg := Config{BaseURL: s.URL, BrokerID: "098", AppID: "app", AppCode: "code", AppSecret: secret, TLS: &tls.Config{RootCAs: pool}, Timeout: 2 * time.Second}
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdle)
	return c
}

const goodToken = `{"access_token":"ACCESS-MARKED","token_type":"Bearer","refresh_token":"REFRESH-MARKED","expires_in":3600}`

func TestALoginIsSignedAsTheExchangeChecksIt(t *testing.T) {
	key, err := ParseKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var q map[string]string
		json.NewDecoder(r.Body).Decode(&q)
		digest := sha256.Sum256([]byte(q["apiKey"] + "." + q["params"] + "." + q["timestamp"]))
		sig, err := hex.DecodeString(q["signature"])
		if err != nil || !ecdsa.VerifyASN1(&key.PublicKey, digest[:], sig) || r.URL.Path != "/api/oam/v1/098/broker-apps/code/login" {
			t.Errorf("%s %v %v", r.URL.Path, q, err)
		}
		io.WriteString(w, goodToken)
	}, nil)
	token, err := c.Login(t.Context())
	if err != nil || token.Lifetime != time.Hour || token.Authorization() != "Bearer ACCESS-MARKED" {
		t.Fatal(token.Lifetime, err)
	}
	if at := token.RenewAt(300 * time.Second); !at.Equal(token.ExpiresAt.Add(-300 * time.Second)) {
		t.Error(at)
	}
	if at := token.RenewAt(time.Hour); !at.Equal(token.ExpiresAt.Add(-20 * time.Minute)) {
		t.Error("a third of the lifetime:", at)
	}
}

func TestEveryAnswerHasItsClassAndOneClearLine(t *testing.T) {
	huge := strings.Repeat("x", 1<<20)
	for _, c := range []struct {
		name       string
		status     int
		header     map[string]string
		body       string
		dispatcher bool
		class      string
		says       string
	}{
		{"unauthorized", 401, nil, `{"code":"E1","message":"no"}`, false, "auth", "E1 no"},
		{"unknown app", 404, nil, ``, false, "auth", "SETTRADE_APP_CODE"},
		{"bad request", 400, nil, `{"code":7,"message":"x"}`, false, "auth", "7 x"},
		{"a token refused", 401, nil, ``, true, "auth", "401"},
		{"not found", 404, nil, ``, true, "protocol", "404"},
		{"too many", 429, map[string]string{"Retry-After": "7"}, ``, false, "rate_limit", "429"},
		{"broken", 500, nil, `oops`, false, "server", "500"},
		{"away", 503, nil, `<html>`, true, "server", "503"},
		{"HTML", 200, nil, `<html>hello</html>`, false, "protocol", "<html>hello"},
		{"nothing", 200, nil, ``, false, "protocol", "nothing"},
		{"another JSON", 200, nil, `[1]`, false, "protocol", "base_url"},
		{"no token", 200, nil, `{}`, false, "protocol", "access_token"},
		{"no lifetime", 200, nil, `{"access_token":"a"}`, false, "protocol", "expires_in"},
		{"a lifetime of ages", 200, nil, `{"access_token":"a","expires_in":99999999999}`, false, "protocol", "expires_in"},
		{"a token that splits a header", 200, nil, `{"access_token":"a\r\nX: y","expires_in":60}`, false, "protocol", "characters"},
		{"no hosts", 200, nil, `{"hosts":[],"token":"t"}`, true, "protocol", "hosts are empty"},
		{"no dispatcher token", 200, nil, `{"hosts":["h"]}`, true, "protocol", "lacks token"},
		{"a redirect", 302, map[string]string{"Location": "http://elsewhere.example/x"}, ``, false, "protocol", "http://elsewhere.example"},
		{"a huge answer", 200, nil, huge + huge, false, "protocol", "longer than 1 MiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				for k, v := range c.header {
					w.Header().Set(k, v)
				}
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			}, nil)
			var err error
			if c.dispatcher {
				_, err = client.Dispatcher(t.Context(), Token{Access: "ACCESS-MARKED", Type: "Bearer"})
			} else {
				_, err = client.Login(t.Context())
			}
			if err == nil || ClassOf(err).String() != c.class || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%v: %v, want %s and %q", ClassOf(err), err, c.class, c.says)
			}
			var e *Error
			if c.status == 429 && (!errors.As(err, &e) || e.RetryAfter != 7*time.Second) {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestAnAnswerOf100MBIsNotRead(t *testing.T) {
	var sent atomic.Int64
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		chunk := make([]byte, 1<<20)
		for range 100 {
			n, err := w.Write(chunk)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	}, nil)
	if _, err := c.Login(t.Context()); ClassOf(err).String() != "protocol" || sent.Load() > 32<<20 {
		t.Errorf("%v after %d bytes", err, sent.Load())
	}
}

func TestTimeOutsTLSAndNamesAreClassed(t *testing.T) {
	release := make(chan struct{})
	slow := serve(t, func(http.ResponseWriter, *http.Request) { <-release }, func(c *Config) { c.Timeout = 50 * time.Millisecond })
	defer close(release)
	if _, err := slow.Login(t.Context()); ClassOf(err).String() != "transport" {
		t.Error(err)
	}
	unknown := serve(t, nil, func(c *Config) { c.TLS = nil })
	if _, err := unknown.Login(t.Context()); ClassOf(err).String() != "tls" || !strings.Contains(err.Error(), "tls.ca_file") {
		t.Error(err)
	}
	nobody := serve(t, nil, func(c *Config) { c.BaseURL = "https://127.0.0.1:1" })
	if _, err := nobody.Login(t.Context()); ClassOf(err).String() != "transport" || !strings.Contains(err.Error(), "refused") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := slow.Login(ctx); err == nil {
		t.Error("a call that was given up succeeded")
	}
}

func TestAClockThatIsOffIsNamed(t *testing.T) {
	for off, want := range map[time.Duration]string{2 * time.Hour: "ahead of the server's", -2 * time.Hour: "behind the server's", time.Second: ""} {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, func(c *Config) { c.Now = func() time.Time { return time.Now().Add(off) } })
		_, err := c.Login(t.Context())
		if want == "" && strings.Contains(err.Error(), "clock") || !strings.Contains(err.Error(), want) {
			t.Errorf("%v off: %v", off, err)
		}
	}
}

func TestNoErrorAndNoFormHoldsASecret(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/login"):
			io.WriteString(w, goodToken)
		default:
			w.WriteHeader(500)
			fmt.Fprintf(w, `{"code":"ACCESS-MARKED","message":"you sent REFRESH-MARKED and %s"}`, secret.Reveal())
		}
	}, nil)
	token, err := c.Login(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Refresh(t.Context(), token)
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", secret, "token", token, "error", err)
	js, _ := json.Marshal(map[string]any{"s": secret, "t": token})
	text := fmt.Sprintf("%v %+v %#v %q %s %x %v %+v %s %s", secret, secret, secret, secret, token, secret, token, token, log.String(), js) + err.Error()
	for _, marked := range []string{"MARKED", secret.Reveal(), hex.EncodeToString([]byte(secret.Reveal()))} {
		if strings.Contains(text, marked) {
			t.Errorf("%s is in %s", marked, text)
		}
	}
}

// The transport parts a dial from the call that wanted it: without a limit of its own it
// would wait for ever, and each attempt at a silent network would leave one more behind.
func TestADialIntoASilentNetworkEndsWithItsCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waiting atomic.Int32
		c, err := New(Config{BaseURL: "https://localhost:1", BrokerID: "098", AppID: "app", AppCode: "code", AppSecret: secret, Timeout: 10 * time.Second,
			NetDial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				waiting.Add(1)
				defer waiting.Add(-1)
				<-ctx.Done()
				return nil, ctx.Err()
			}})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := c.Login(t.Context()); ClassOf(err) != ledger.FailTransport {
				t.Fatalf("%v", err)
			}
			if synctest.Wait(); waiting.Load() != 0 {
				t.Fatalf("%d dials go on after their call", waiting.Load())
			}
		}
	})
}

func TestASecretIsReadAsUsersPasteIt(t *testing.T) {
	good := secret.Reveal()
	want, err := ParseKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{good, " " + good + "\n", strings.TrimRight(good, "="), strings.NewReplacer("+", "-", "/", "_").Replace(good)} {
		if got, err := ParseKey(Secret(text)); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for name, text := range map[string]string{
		"is empty": "  ", "is not base64": "%%%", "is no private key": base64.StdEncoding.EncodeToString(make([]byte, 32)),
		"holds 40 bytes": base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 40))),
		"too large":      base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\xff", 32))),
	} {
		if _, err := ParseKey(Secret(text)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add(secret.Reveal())
	f.Add("====")
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := ParseKey(Secret(s)); err != nil && len(s) > 12 && strings.Contains(err.Error(), s) {
			t.Errorf("the error holds the secret: %v", err)
		}
	})
}

func TestWhereTheAPIIs(t *testing.T) {
	for _, c := range []struct{ base, broker, wantBase, wantBroker string }{
		{"", "013", Production, "013"}, {"", "sandbox", UAT, "098"}, {"https://localhost:8443", "SANDBOX", "https://localhost:8443", "098"},
		{" https://x/prefix/ ", "1", "https://x/prefix/", "1"},
	} {
		base, broker, err := Resolve(c.base, c.broker)
		if err != nil || base.String() != c.wantBase || broker != c.wantBroker {
			t.Errorf("%+v: %v %s %v", c, base, broker, err)
		}
	}
	for _, bad := range []string{"http://x", "nowhere", "https://", "https://u:MARKED@x", "https://x?a=b", "https://x#f", "https://x:99999", "://"} {
		if _, _, err := Resolve(bad, "1"); err == nil || strings.Contains(err.Error(), "MARKED") || !strings.Contains(err.Error(), "credentials.base_url") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestHosts(t *testing.T) {
	for host, want := range map[string]string{"h": "h:443", "h:8443": "h:8443", "127.0.0.1": "127.0.0.1:443", "::1": "[::1]:443",
		"[::1]": "[::1]:443", "[::1]:5": "[::1]:5", " h ": "h:443"} {
		if got, err := HostPort(host); err != nil || got != want {
			t.Errorf("%q: %q %v", host, got, err)
		}
	}
	for _, bad := range []string{"", "wss://h", "h/path", "h:0", "h:99999", "h:x", "a b", "u@h", "h:1:2"} {
		if got, err := HostPort(bad); err == nil {
			t.Errorf("%q: %q", bad, got)
		}
	}
}

func FuzzHostPort(f *testing.F) {
	f.Add("h:443")
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := HostPort(s); err == nil && strings.ContainsAny(got, "/ @?#") {
			t.Errorf("%q gave %q", s, got)
		}
	})
}
