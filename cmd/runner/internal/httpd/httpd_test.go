package httpd

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

func open(t *testing.T) *Server {
	t.Helper()
	s, err := Listen("127.0.0.1:0", Handlers{"/livez": func(w http.ResponseWriter, _ *http.Request) { JSON(w, 200, "ok") }}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestRequestsThatATrickedBrowserWouldMakeAreRefused(t *testing.T) {
	s := open(t)
	for _, c := range []struct {
		name, method, path, host, origin string
		want                             int
	}{
		{"a plain request", "GET", "/livez", "", "", 200},
		{"by name", "GET", "/livez", "localhost:9330", "", 200},
		{"IPv6", "GET", "/livez", "[::1]:9330", "", 200},
		{"a rebound name", "GET", "/livez", "evil.example:9330", "", 403},
		{"a web page", "GET", "/livez", "", "https://evil.example", 403},
		{"another method", "POST", "/livez", "", "", 405},
		{"another path", "GET", "/nothing", "", "", 404},
	} {
		r, _ := http.NewRequest(c.method, s.URL()+c.path, nil)
		if c.host != "" {
			r.Host = c.host
		}
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(c.name, err)
		}
		res.Body.Close()
		if res.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", c.name, res.StatusCode, c.want)
		}
	}
}

func TestAnAddressThatCannotBeUsedSaysWhatToDo(t *testing.T) {
	s := open(t)
	for addr, want := range map[string]string{
		s.Addr():       "--addr",
		"0.0.0.0:0":    "loopback",
		"example.com:": "loopback",
		"9330":         "host:port",
	} {
		if _, err := Listen(addr, nil, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want a word on %q", addr, err, want)
		}
	}
}
