package httpd

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/ratelog"
	"github.com/feedtree/feedtree/telemetry/measure"
)

// unheard counts refusals and tells nobody.
func unheard() *Refusals { return NewRefusals(ratelog.New(slog.New(slog.DiscardHandler))) }

// listen opens a door for a test; change, if not nil, changes its limits.
func listen(t *testing.T, c config.HTTP, change func(*limits), h Handlers) *Server {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	l := defaultLimits
	if change != nil {
		change(&l)
	}
	s, err := openWith(c, unheard(), slog.New(slog.DiscardHandler), func(Guard) Handlers { return h }, l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func open(t *testing.T) *Server {
	t.Helper()
	return listen(t, config.HTTP{Addr: "127.0.0.1:0"}, nil, Handlers{"/livez": live})
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
		s.Addr():     "--addr",
		"0.0.0.0:0":  "is not loopback: the door wants TLS there, and a token or clients' certificates",
		"9330":       "missing port",
		"127.0.0.1:": "", // any free one
	} {
		s, err := Open(config.HTTP{Addr: addr}, unheard(), slog.New(slog.DiscardHandler), func(Guard) Handlers { return nil })
		if want == "" && err == nil {
			s.Close()
		} else if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want a word on %q", addr, err, want)
		}
	}
}

func TestWhatWantsATokenIsRefusedWithoutIt(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	turned := unheard()
	s, err := Open(config.HTTP{Addr: "127.0.0.1:0"}, turned, slog.New(slog.DiscardHandler), func(guard Guard) Handlers {
		return Handlers{"/secret": guard(func(w http.ResponseWriter, _ *http.Request) { JSON(w, 200, "ok") })}
	})
	if err != nil {
		t.Fatal(err)
	}
	path, _ := TokenFile(s.Addr())
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	for header, want := range map[string]int{"": 401, "Bearer wrong": 401, "Bearer " + ReadToken(s.Addr()): 200} {
		r, _ := http.NewRequest("GET", s.URL()+"/secret", nil)
		r.Header.Set("Authorization", header)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%.12s: %d, want %d", header, res.StatusCode, want)
		}
	}
	s.Close()
	if _, err := os.Stat(path); err == nil || ReadToken(s.Addr()) != "" {
		t.Error("the token outlived its door")
	}
	if turned.Count() != (measure.Refused{Token: 2}) {
		t.Errorf("%+v", turned.Count())
	}
	refused := (&access{turned: turned}).wants("")(func(w http.ResponseWriter, _ *http.Request) { t.Error("a door without a token let someone through") })
	refused(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
}
