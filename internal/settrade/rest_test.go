package settrade

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// calls are the three that there are.
var calls = map[string]func(*testing.T, *Client) error{
	opLogin:      func(t *testing.T, c *Client) error { _, err := c.Login(t.Context()); return err },
	opRefresh:    func(t *testing.T, c *Client) error { _, err := c.Refresh(t.Context(), held); return err },
	opDispatcher: func(t *testing.T, c *Client) error { _, err := c.Dispatcher(t.Context(), held); return err },
}

var held = Token{Access: "ACCESS-MARKED", Refresh: "REFRESH-MARKED", Type: "Bearer"}

func TestEveryCallClassesWhatItIsAnswered(t *testing.T) {
	for status, class := range map[int]string{401: "auth", 403: "auth", 408: "protocol", 429: "rate_limit", 500: "server", 502: "server", 503: "server", 504: "server"} {
		for _, body := range []string{"", "oops", `{"code":"C-1","message":"so it is"}`, `{"code":{"a":[1]}}`, "\x00\xff\x1b[31m"} {
			for op, call := range calls {
				err := call(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(status)
					io.WriteString(w, body)
				}, nil))
				var e *Error
				if !errors.As(err, &e) || e.Class.String() != class || e.Status != status || e.Op != op {
					t.Errorf("%s answered %d %q: %v, want %s", op, status, body, err, class)
				}
				if strings.Contains(body, "so it is") != strings.Contains(err.Error(), "C-1 so it is") || strings.ContainsAny(err.Error(), "\n\x00\x1b") {
					t.Errorf("%s answered %d %q: %q", op, status, body, err)
				}
			}
		}
	}
}

func TestWhatRetryAfterMayHold(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	date := func(in time.Duration) string { return now.Add(in).Format(http.TimeFormat) }
	for _, c := range []struct {
		value, server string
		want          time.Duration
	}{
		{"7", "", 7 * time.Second}, {" 7 ", "", 7 * time.Second}, {"0", "", 0}, {"-5", "", 0}, {"", "", 0}, {"soon", "", 0}, {"1.5", "", 0},
		{"300", "", maxRetryAfter}, {"301", "", maxRetryAfter}, {"99999999999", "", maxRetryAfter}, {"18446744073709551615", "", maxRetryAfter},
		{"99999999999999999999999", "", 0},
		{date(9 * time.Second), "", 9 * time.Second}, {date(-time.Hour), "", 0}, {date(24 * 365 * time.Hour), "", maxRetryAfter},
		// Our clock is an hour behind the server's: its own tells what it meant.
		{date(time.Hour + 20*time.Second), date(time.Hour), 20 * time.Second},
	} {
		h := http.Header{"Retry-After": {c.value}}
		if c.server != "" {
			h.Set("Date", c.server)
		}
		if got := retryAfter(h, now); got != c.want {
			t.Errorf("%q, Date %q: %v, want %v", c.value, c.server, got, c.want)
		}
	}
}

func TestAServerThatAsksForSilenceGetsIt(t *testing.T) {
	for _, c := range []struct {
		status int
		after  string
		want   time.Duration
	}{{429, "1", time.Second}, {429, "", rateLimited}, {503, "1", time.Second}} {
		var asked atomic.Int64
		client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if asked.Add(1) > 1 {
				io.WriteString(w, goodToken)
				return
			}
			if c.after != "" {
				w.Header().Set("Retry-After", c.after)
			}
			w.WriteHeader(c.status)
		}, nil)
		began := time.Now()
		if _, err := client.Login(t.Context()); err == nil {
			t.Error("no error")
		}
		if _, err := client.Login(t.Context()); err != nil || time.Since(began) < c.want {
			t.Errorf("%d, Retry-After %q: %v, after %v", c.status, c.after, err, time.Since(began))
		}
	}
}

func TestAnAnswerMustEndInTime(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"headers never": func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body) // only then is the end of the connection noticed
			<-r.Context().Done()
			panic(http.ErrAbortHandler) // a return would be an answer, and may come in time
		},
		"a body that trickles": func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			drip := time.NewTicker(5 * time.Millisecond)
			defer drip.Stop()
			for {
				io.WriteString(w, " ")
				w.(http.Flusher).Flush()
				select {
				case <-drip.C:
				case <-r.Context().Done():
					panic(http.ErrAbortHandler)
				}
			}
		},
	} {
		c := serve(t, h, func(c *Config) { c.Timeout = 100 * time.Millisecond })
		began := time.Now()
		_, err := c.Login(t.Context())
		if ClassOf(err).String() != "transport" || !strings.Contains(err.Error(), "no answer in time") || time.Since(began) > 2*time.Second {
			t.Errorf("%s: %v after %v", name, err, time.Since(began))
		}
	}
}

// raw serves bytes that are no answer.
func raw(t *testing.T, answer string) *Client {
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, buf, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		buf.WriteString(answer)
		buf.Flush()
	}, nil)
}

func TestWhatIsNoHTTPIsToldInOurWords(t *testing.T) {
	for name, c := range map[string]struct{ answer, class string }{
		"garbage":         {"\x00\x01GARBAGE-MARKED\r\n\r\n", "protocol"},
		"a broken header": {"HTTP/1.1 200 OK\r\nLocati\x00: https://ACCESS-MARKED\r\n\r\n", "protocol"},
		"a strange size":  {"HTTP/1.1 200 OK\r\nContent-Length: ACCESS-MARKED\r\n\r\n", "protocol"},
		"a strange form":  {"HTTP/1.1 200 OK\r\nTransfer-Encoding: ACCESS-MARKED\r\n\r\n", "protocol"},
		"a strange chunk": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nACCESS-MARKED\r\n", "protocol"},
		"endless headers": {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 300<<10) + "\r\n\r\n", "protocol"},
		"cut off":         {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "transport"},
		"nothing":         {"", "transport"},
	} {
		_, err := raw(t, c.answer).Login(t.Context())
		if ClassOf(err).String() != c.class || len(err.Error()) > 200 || strings.Contains(err.Error(), "MARKED") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCredentialsFollowNoRedirectOfAnyCall(t *testing.T) {
	var asked atomic.Int64
	count := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	plain, other := httptest.NewServer(count), httptest.NewUnstartedServer(count)
	other.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	other.StartTLS()
	defer plain.Close()
	defer other.Close()
	for _, to := range []string{plain.URL, other.URL, "/elsewhere", "//127.0.0.1:1/x", "ftp://x"} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			first := true
			c := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if !first {
					asked.Add(1) // followed to its own host
				}
				first = false
				w.Header().Set("Location", to+"?token=ACCESS-MARKED")
				w.WriteHeader(status)
			}, func(c *Config) { c.TLS.RootCAs.AddCert(other.Certificate()) })
			for op, call := range calls {
				first = true
				err := call(t, c)
				if ClassOf(err).String() != "protocol" || !strings.Contains(err.Error(), "the server redirects to ") ||
					!strings.Contains(err.Error(), "base_url") || strings.Contains(err.Error(), "MARKED") {
					t.Errorf("%s, %d to %s: %v", op, status, to, err)
				}
			}
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d redirects were followed", n)
	}
}

func TestHowALifetimeMayBeWritten(t *testing.T) {
	for text, want := range map[string]time.Duration{
		`3600`: time.Hour, `"3600"`: time.Hour, `3600.0`: time.Hour, `1.5`: 1500 * time.Millisecond, `"7.2e1"`: 72 * time.Second, `1`: time.Second,
		`0`: 0, `-1`: 0, `0.5`: 0, `99999999999`: 0, `1e300`: 0, `1e999`: 0, `"NaN"`: 0, `"Inf"`: 0, `"soon"`: 0, `""`: 0, `null`: 0, `true`: 0, `[1]`: 0, `{}`: 0,
	} {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"access_token":"a","expires_in":%s}`, text)
		}, nil)
		got, err := c.Login(t.Context())
		if want == 0 {
			if ClassOf(err).String() != "protocol" {
				t.Errorf("%s: %v, %v", text, got.Lifetime, err)
			}
		} else if err != nil || got.Lifetime != want {
			t.Errorf("%s: %v, %v", text, got.Lifetime, err)
		}
	}
}

func TestATokenThatEndsWhileTheLoginIsUnderWayIsNoToken(t *testing.T) {
	now := time.Now()
	var off atomic.Int64
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		off.Add(int64(20 * time.Second)) // the answer takes that long
		io.WriteString(w, `{"access_token":"a","expires_in":20}`)
	}, func(c *Config) { c.Now = func() time.Time { return now.Add(time.Duration(off.Load())) } })
	for op, call := range map[string]func(*testing.T, *Client) error{opLogin: calls[opLogin], opRefresh: calls[opRefresh]} {
		if err := call(t, c); ClassOf(err).String() != "server" || !strings.Contains(err.Error(), "20s had ended when it came, 20s after") {
			t.Errorf("%s: %v", op, err)
		}
	}
}

func TestALoginIsSignedWhenItsTurnHasCome(t *testing.T) {
	var stamps []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, rest, _ := strings.Cut(string(body), `"timestamp":"`)
		stamps = append(stamps, rest[:13])
		io.WriteString(w, goodToken)
	}, nil)
	c.posts.block(time.Now().Add(300 * time.Millisecond))
	began := time.Now()
	if _, err := c.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(stamps) != 1 || stamps[0] < fmt.Sprint(began.Add(290*time.Millisecond).UnixMilli()) {
		t.Errorf("signed at %v, began at %d", stamps, began.UnixMilli())
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	s.StartTLS()
	defer s.Close()
	c, err := New(Config{BaseURL: s.URL, BrokerID: "098", AppID: "app", AppCode: "code", AppSecret: secret})
	if err != nil {
		t.Fatal(err)
	}
	// Its certificate would be refused as well, but it must not come to that.
	if _, err := c.Login(t.Context()); ClassOf(err).String() != "tls" || !strings.Contains(err.Error(), "protocol version") {
		t.Error(err)
	}
}
