package httpd

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/test/certtest"
)

func TestHowAnAddressIsRead(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	p := certtest.New(t).Server("x")
	tlsConf := config.HTTP{Addr: "127.0.0.1:1", TLS: config.HTTPTLS{CertFile: p.CertFile, KeyFile: p.KeyFile}}
	for _, row := range []struct {
		addr string
		conf config.HTTP
		want string // a URL, or a word of the error
	}{
		{"", config.HTTP{Addr: "127.0.0.1:9330"}, "http://127.0.0.1:9330"},
		{"", config.HTTP{Addr: ":9330"}, "http://127.0.0.1:9330"},
		{"", config.HTTP{Addr: "0.0.0.0:9330", TLS: tlsConf.TLS}, "https://127.0.0.1:9330"},
		{"", config.HTTP{Addr: "[::]:9330", TLS: tlsConf.TLS}, "https://[::1]:9330"},
		{"", config.HTTP{Addr: "10.0.0.1:9330", TLS: tlsConf.TLS}, "https://10.0.0.1:9330"},
		{"localhost:1", config.HTTP{}, "http://localhost:1"},
		{"[::1]:1", config.HTTP{}, "http://[::1]:1"},
		{"localhost:1", tlsConf, "https://localhost:1"},
		{"http://localhost:1", tlsConf, "http://localhost:1"},
		{"localhost:1", config.HTTP{Ask: config.HTTPAsk{CertFile: p.CertFile, KeyFile: p.KeyFile}}, "https://localhost:1"},
		{"feed.example:1", config.HTTP{}, "https://feed.example:1"},
		{"https://feed.example:1/", config.HTTP{}, "https://feed.example:1"},
		{"https://feed.example", config.HTTP{}, "https://feed.example"},
		{"http://feed.example:1", config.HTTP{}, "http://feed.example:1"},
		{"http://feed.example:1", config.HTTP{Token: secret}, "not sent in the clear"},
		{"http://10.0.0.1:1", config.HTTP{Token: secret}, "ask https://10.0.0.1:1"},
		{"http://127.0.0.1:1", config.HTTP{Token: secret}, "http://127.0.0.1:1"},
		{"9330", config.HTTP{}, "expected host:port"},
		{"localhost", config.HTTP{}, "expected host:port"},
		{":9330", config.HTTP{}, "expected host:port"},
		{"localhost:99999", config.HTTP{}, "expected host:port"},
		{"localhost:x", config.HTTP{}, "expected host:port"},
		{"ftp://localhost:1", config.HTTP{}, "expected host:port"},
		{"https://localhost:1/tree", config.HTTP{}, "expected host:port"},
		{"https://localhost:1?x", config.HTTP{}, "expected host:port"},
		{"https://me:" + secret + "@localhost:1", config.HTTP{}, "--token-file"},
		{"a\nb", config.HTTP{}, "expected host:port"},
	} {
		c, err := NewClient(row.addr, row.conf)
		var wrong *AddressError
		switch {
		case err == nil && c.url.String() != row.want:
			t.Errorf("%q: %s, want %s", row.addr, c.url.String(), row.want)
		case err != nil && (!errors.As(err, &wrong) || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), secret)):
			t.Errorf("%q: %v, want %s", row.addr, err, row.want)
		}
	}
}

// kind is what an error of a client's is.
func kind(err error) string {
	var unknown *AuthError
	var unreachable *UnreachableError
	switch {
	case err == nil:
		return "answered"
	case errors.As(err, &unknown):
		return "unknown"
	case errors.As(err, &unreachable):
		return "unreachable"
	}
	return "other"
}

func TestWhoAsksADoorIsToldWhatItWants(t *testing.T) {
	ca, others := certtest.New(t), certtest.New(t)
	server, client, stranger := ca.Server("localhost", "127.0.0.1"), ca.Client(), others.Client()
	elsewhere := ca.Server("feed.example")
	old := ca.Server("localhost")
	ca.Renew(old, time.Now().Add(-time.Hour), "localhost", "127.0.0.1")
	one := config.HTTPTLS{CertFile: server.CertFile, KeyFile: server.KeyFile}
	mutual := one
	mutual.ClientCAFile = ca.File
	by := func(p certtest.Pair) config.HTTPAsk {
		return config.HTTPAsk{CAFile: ca.File, CertFile: p.CertFile, KeyFile: p.KeyFile}
	}
	for name, row := range map[string]struct {
		door, asks config.HTTP
		path       string
		scheme     string // of the question, if not the door's
		kind, says string
	}{
		"in the clear":      {config.HTTP{}, config.HTTP{}, "/poison", "", "answered", ""},
		"with a token":      {config.HTTP{Token: secret}, config.HTTP{Token: secret}, "/poison", "", "answered", ""},
		"without one":       {config.HTTP{Token: secret}, config.HTTP{}, "/livez", "", "unknown", "FEEDTREE_HTTP_TOKEN_FILE"},
		"with another":      {config.HTTP{Token: secret}, config.HTTP{Token: "another-" + secret}, "/livez", "", "unknown", "does not accept the token of http.token or --token-file"},
		"with one too many": {config.HTTP{}, config.HTTP{Token: secret}, "/poison", "", "unknown", "none if it was not set"},
		"over TLS":          {config.HTTP{TLS: one}, config.HTTP{Ask: config.HTTPAsk{CAFile: ca.File}}, "/poison", "", "answered", ""},
		"the same configuration": {config.HTTP{TLS: config.HTTPTLS{CertFile: elsewhere.CertFile, KeyFile: elsewhere.KeyFile}, Token: secret},
			config.HTTP{TLS: config.HTTPTLS{CertFile: elsewhere.CertFile, KeyFile: elsewhere.KeyFile}, Token: secret}, "/poison", "", "answered", ""},
		"the certificate of another": {config.HTTP{TLS: config.HTTPTLS{CertFile: elsewhere.CertFile, KeyFile: elsewhere.KeyFile}},
			config.HTTP{TLS: one, Ask: config.HTTPAsk{CAFile: ca.File}}, "/livez", "", "unreachable", "feed.example"},
		"one's own is elsewhere":    {config.HTTP{TLS: one}, config.HTTP{TLS: config.HTTPTLS{CertFile: elsewhere.CertFile}, Ask: config.HTTPAsk{CAFile: ca.File}}, "/livez", "", "answered", ""},
		"an authority nobody knows": {config.HTTP{TLS: one}, config.HTTP{}, "/livez", "https", "unreachable", "--cacert"},
		"another authority":         {config.HTTP{TLS: one}, config.HTTP{Ask: config.HTTPAsk{CAFile: others.File}}, "/livez", "", "unreachable", "is its authority in http.ask.ca_file"},
		"a certificate that has ended": {config.HTTP{TLS: config.HTTPTLS{CertFile: old.CertFile, KeyFile: old.KeyFile}},
			config.HTTP{Ask: config.HTTPAsk{CAFile: ca.File}}, "/livez", "", "unreachable", "renewed there"},
		"a name it does not have": {config.HTTP{TLS: config.HTTPTLS{CertFile: elsewhere.CertFile, KeyFile: elsewhere.KeyFile}},
			config.HTTP{Ask: config.HTTPAsk{CAFile: ca.File}}, "/livez", "", "unreachable", "by a name that is in the certificate"},
		"in the clear, of TLS":      {config.HTTP{TLS: one}, config.HTTP{}, "/livez", "http", "unreachable", "--addr https://"},
		"over TLS, of none":         {config.HTTP{}, config.HTTP{}, "/livez", "https", "unreachable", "--addr http://"},
		"with a certificate":        {config.HTTP{TLS: mutual}, config.HTTP{Ask: by(client)}, "/poison", "", "answered", ""},
		"with both":                 {config.HTTP{TLS: mutual, Token: secret}, config.HTTP{Ask: by(client), Token: secret}, "/poison", "", "answered", ""},
		"with a certificate of two": {config.HTTP{TLS: mutual, Token: secret}, config.HTTP{Ask: by(client)}, "/livez", "", "unknown", "--token-file"},
		"without a certificate":     {config.HTTP{TLS: mutual}, config.HTTP{Ask: config.HTTPAsk{CAFile: ca.File}}, "/livez", "", "unknown", "--cert and --key"},
		"with a stranger's":         {config.HTTP{TLS: mutual}, config.HTTP{Ask: by(stranger)}, "/livez", "", "unknown", "http.tls.client_ca_file there"},
		"with a server's":           {config.HTTP{TLS: mutual}, config.HTTP{Ask: by(server)}, "/livez", "", "unknown", "client authentication"},
		"what is not there":         {config.HTTP{}, config.HTTP{}, "/nothing", "", "other", "answered 404 Not Found: no such page"},
	} {
		t.Run(name, func(t *testing.T) {
			row.door.Addr = "127.0.0.1:0"
			s, _, _ := guarded(t, row.door)
			addr := s.URL()
			if row.scheme != "" {
				addr = row.scheme + "://" + s.Addr()
			}
			c, err := NewClient(addr, row.asks)
			if err != nil {
				t.Fatal(err)
			}
			for range 3 { // how a connection that is refused ends is a race
				res, err := c.Do(t.Context(), "GET", row.path, nil, 0)
				if err == nil {
					res.Body.Close()
				}
				if kind(err) != row.kind || err != nil && !strings.Contains(err.Error(), row.says) {
					t.Errorf("%s: %v, want %s, %q", kind(err), err, row.kind, row.says)
				}
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Error("the error shows a token")
				}
			}
		})
	}
}

func TestATokenFollowsNoRedirectAndGoesToNoOtherMachineInTheClear(t *testing.T) {
	var met atomic.Int32
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { met.Add(1) }))
	defer thief.Close()
	front := httptest.NewServer(http.RedirectHandler(thief.URL, http.StatusTemporaryRedirect))
	defer front.Close()
	c, err := NewClient(front.URL, config.HTTP{Token: secret})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), "POST", "/x", strings.NewReader("x"), 0); kind(err) != "unreachable" || !strings.Contains(err.Error(), "not followed") || met.Load() != 0 {
		t.Errorf("%v; met %d times", err, met.Load())
	}
	// Whatever a name turns out to be.
	if err := onlyLoopback("tcp", "10.0.0.1:1", nil); err == nil || !strings.Contains(err.Error(), "https://") {
		t.Error(err)
	}
	if err := errors.Join(onlyLoopback("tcp", "127.0.0.1:1", nil), onlyLoopback("tcp6", "[::1]:1", nil)); err != nil {
		t.Error(err)
	}
	dialer := net.Dialer{Control: onlyLoopback}
	if c, err := dialer.Dial("tcp", net.JoinHostPort(foreign(t), "1")); err == nil || !strings.Contains(err.Error(), "not this machine") && foreign(t) != "0.0.0.0" {
		t.Error(c, err)
	}
}

func TestTheProcessesTokenIsFoundByEveryNameOfItsAddress(t *testing.T) {
	s, _, _ := guarded(t, config.HTTP{Addr: "127.0.0.1:0"})
	_, port, _ := net.SplitHostPort(s.Addr())
	for _, addr := range []string{s.Addr(), "http://" + s.Addr(), "localhost:" + port} {
		c, err := NewClient(addr, config.HTTP{})
		if err != nil {
			t.Fatal(err)
		}
		res, err := c.Do(t.Context(), "GET", "/poison", nil, 0)
		if err != nil {
			t.Errorf("%s: %v", addr, err)
			continue
		}
		res.Body.Close()
	}
}

func TestADoorThatShakesHandsAndSaysNothingIsNotTakenForOneThatWantsACertificate(t *testing.T) {
	ca := certtest.New(t)
	p := ca.Server("127.0.0.1")
	pair, err := tls.LoadX509KeyPair(p.CertFile, p.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequestClientCert})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go io.Copy(io.Discard, conn)
		}
	}()
	c, err := NewClient("https://"+ln.Addr().String(), config.HTTP{Ask: config.HTTPAsk{CAFile: ca.File}})
	if err != nil {
		t.Fatal(err)
	}
	c.http.Transport.(*http.Transport).ResponseHeaderTimeout = 50 * time.Millisecond
	if _, err := c.Do(t.Context(), "GET", "/livez", nil, 0); kind(err) != "unreachable" {
		t.Error(err)
	}
}

func TestFilesToAskWithThatAreOfNoUseAreErrorsOfTheConfiguration(t *testing.T) {
	for key, ask := range map[string]config.HTTPAsk{
		"http.ask.ca_file":   {CAFile: filepath.Join(t.TempDir(), "no.pem")},
		"http.ask.cert_file": {CertFile: "no.crt", KeyFile: "no.key"},
	} {
		_, err := NewClient("https://127.0.0.1:1", config.HTTP{Ask: ask})
		if errs := config.Errors(err); len(errs) == 0 || errs[0].Key != key {
			t.Errorf("%s: %v", key, err)
		}
	}
	_, err := Open(config.HTTP{Addr: "127.0.0.1:0", TLS: config.HTTPTLS{CertFile: "no.crt", KeyFile: "no.key", ClientCAFile: "no.pem"}}, unheard(), slog.New(slog.DiscardHandler), nil)
	if len(config.Errors(err)) != 3 {
		t.Error(err)
	}
}
