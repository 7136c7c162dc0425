package httpd

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/ratelog"
	"github.com/feedtree/feedtree/telemetry/measure"
	"github.com/feedtree/feedtree/test/certtest"
	"github.com/feedtree/feedtree/test/harness"
)

const secret = "a-token-that-nobody-guesses"

// foreign is an address of this machine that is not loopback's; where there is none, every
// address stands in for it.
func foreign(t *testing.T) string {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() && n.IP.To4() != nil {
			return n.IP.String()
		}
	}
	return "0.0.0.0"
}

// guarded opens a door with a page for everybody and one that is guarded; log is its log.
func guarded(t *testing.T, c config.HTTP) (s *Server, turned *Refusals, log *harness.Buffer) {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	log = &harness.Buffer{}
	lines := ratelog.New(slog.New(slog.NewTextHandler(log, nil)))
	turned = NewRefusals(lines)
	s, err := Open(c, turned, slog.New(slog.NewTextHandler(log, nil)), func(guard Guard) Handlers {
		return Handlers{"/livez": live, "/poison": guard(live), "POST /change": guard(live)}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, turned, log
}

// trusting makes a client that knows an authority, with a certificate or without.
func trusting(t *testing.T, ca *certtest.Authority, mine ...certtest.Pair) *http.Client {
	t.Helper()
	text, err := os.ReadFile(ca.File)
	if err != nil {
		t.Fatal(err)
	}
	c := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "feed.example", ClientSessionCache: tls.NewLRUClientSessionCache(8)}
	c.RootCAs.AppendCertsFromPEM(text)
	for _, p := range mine {
		pair, err := tls.LoadX509KeyPair(p.CertFile, p.KeyFile)
		if err != nil {
			t.Fatal(err)
		}
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: c, DisableKeepAlives: true}}
}

// reach is the door's address as another machine would write it.
func reach(s *Server) string {
	_, port, _ := net.SplitHostPort(s.Addr())
	if host, _, _ := net.SplitHostPort(s.Addr()); !net.ParseIP(host).IsUnspecified() {
		return s.URL()
	}
	return "https://127.0.0.1:" + port
}

func TestOffLoopbackNobodyGetsInWhoIsNotKnown(t *testing.T) {
	ca, others := certtest.New(t), certtest.New(t)
	server := ca.Server("feed.example")
	one := config.HTTPTLS{CertFile: server.CertFile, KeyFile: server.KeyFile}
	mutual := one
	mutual.ClientCAFile = ca.File
	const none = -1 // no answer at all
	for name, row := range map[string]struct {
		token config.Secret
		tls   config.HTTPTLS
		mine  []certtest.Pair
		// want is the status, by the Authorization that is presented.
		want    map[string]int
		refused measure.Refused
	}{
		"a token": {secret, one, nil, map[string]int{"": 401, "Bearer wrong": 401, "Bearer " + secret: 200, "bearer " + secret: 200,
			secret: 401, "Basic " + secret: 401, "Bearer": 401, "Bearer " + secret + "x": 401, "Bearer " + secret[1:]: 401, "Bearer  ": 401}, measure.Refused{Token: 8}},
		"a certificate":                {"", mutual, []certtest.Pair{ca.Client()}, map[string]int{"": 200, "Bearer wrong": 200}, measure.Refused{}},
		"none":                         {"", mutual, nil, map[string]int{"": none}, measure.Refused{Certificate: 1}},
		"another authority's":          {"", mutual, []certtest.Pair{others.Client()}, map[string]int{"": none}, measure.Refused{Certificate: 1}},
		"a server's":                   {"", mutual, []certtest.Pair{server}, map[string]int{"": none}, measure.Refused{Certificate: 1}},
		"a certificate and a token":    {secret, mutual, []certtest.Pair{ca.Client()}, map[string]int{"": 401, "Bearer " + secret: 200}, measure.Refused{Token: 1}},
		"the token, no certificate":    {secret, mutual, nil, map[string]int{"Bearer " + secret: none}, measure.Refused{Certificate: 1}},
		"a token, on loopback as well": {secret, config.HTTPTLS{}, nil, map[string]int{"": 401, "Bearer " + secret: 200}, measure.Refused{Token: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			c := config.HTTP{Addr: net.JoinHostPort(foreign(t), "0"), Token: row.token, TLS: row.tls}
			client := trusting(t, ca, row.mine...)
			if row.tls == (config.HTTPTLS{}) {
				c.Addr = "127.0.0.1:0"
			}
			s, turned, log := guarded(t, c)
			refused := measure.Refused{}
			for presented, want := range row.want {
				for path, method := range map[string]string{"/livez": "GET", "/poison": "GET", "/change": "POST", "/nothing": "GET"} {
					r, _ := http.NewRequest(method, reach(s)+path, nil)
					if presented != "" {
						r.Header.Set("Authorization", presented)
					}
					res, err := client.Do(r)
					if err != nil {
						if want != none {
							t.Errorf("%q, %s: %v", presented, path, err)
						}
						continue
					}
					body, _ := io.ReadAll(res.Body)
					res.Body.Close()
					want := want
					if path == "/nothing" && want == 200 {
						want = 404
					}
					if res.StatusCode != want {
						t.Errorf("%q, %s: %d, want %d", presented, path, res.StatusCode, want)
					}
					if want == 401 && (res.Header.Get("WWW-Authenticate") != "Bearer" || !res.Close || string(body) != "{\n  \"error\": \"unauthorized\"\n}\n") {
						t.Errorf("%q, %s: %v %s", presented, path, res.Header, body)
					}
				}
			}
			s.Close()
			refused.Token, refused.Certificate = 4*row.refused.Token, 4*row.refused.Certificate
			if turned.Count() != refused {
				t.Errorf("counted %+v, want %+v", turned.Count(), refused)
			}
			if n := strings.Count(log.String(), "event=http_refused"); (n == 0) != (refused == measure.Refused{}) || n > 20 || strings.Contains(log.String(), secret[1:]) {
				t.Errorf("%d lines: %s", n, log)
			}
			if path, _ := TokenFile(s.Addr()); ReadToken(s.Addr()) != "" {
				t.Errorf("%s: a token that nobody asks for", path)
			}
		})
	}
}

func TestOffLoopbackAnyHostWillDoAndAWebPageStillWillNot(t *testing.T) {
	ca := certtest.New(t)
	server := ca.Server("feed.example")
	s, _, _ := guarded(t, config.HTTP{Addr: net.JoinHostPort(foreign(t), "0"), Token: secret, TLS: config.HTTPTLS{CertFile: server.CertFile, KeyFile: server.KeyFile}})
	for _, c := range []struct {
		host, origin string
		want         int
	}{{"feed.example", "", 200}, {"10.0.0.1:1", "", 200}, {"", "", 200}, {"feed.example", "https://feed.example", 403}, {"", "null", 403}} {
		r, _ := http.NewRequest("GET", reach(s)+"/livez", nil)
		r.Header.Set("Authorization", "Bearer "+secret)
		r.Host = c.host
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		res, err := trusting(t, ca).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.want {
			t.Errorf("host %q, origin %q: %d, want %d", c.host, c.origin, res.StatusCode, c.want)
		}
	}
}

func TestWhoeverTriesTokensFillsNoLog(t *testing.T) {
	s, turned, log := guarded(t, config.HTTP{Addr: "127.0.0.1:0", Token: secret})
	const tries = 50
	for i := range tries {
		r, _ := http.NewRequest("GET", s.URL()+"/livez", nil)
		r.Header.Set("Authorization", fmt.Sprintf("Bearer try-%d-%s", i, secret))
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if !res.Close {
			t.Fatal("who presented a wrong token keeps the connection")
		}
	}
	s.Close()
	turned.lines.Flush(true)
	if got := turned.Count(); got.Token != tries {
		t.Errorf("%+v", got)
	}
	if n := strings.Count(log.String(), "\n"); n != 11 || !strings.Contains(log.String(), "event=repeated class=http_refused count=50") ||
		strings.Contains(log.String(), secret) || !strings.Contains(log.String(), `reason="a wrong token" remote=127.0.0.1`) {
		t.Errorf("%d lines: %s", n, log)
	}
}

func TestADoorSpeaksModernTLSAlone(t *testing.T) {
	ca := certtest.New(t)
	server := ca.Server("feed.example")
	s, turned, log := guarded(t, config.HTTP{Addr: "127.0.0.1:0", TLS: config.HTTPTLS{CertFile: server.CertFile, KeyFile: server.KeyFile}})
	for version, want := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		c, err := tls.Dial("tcp", s.Addr(), &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version, NextProtos: []string{"h2", "http/1.1"}})
		if (err == nil) != want {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil {
			if p := c.ConnectionState().NegotiatedProtocol; p != "http/1.1" {
				t.Errorf("%s: %q", tls.VersionName(version), p)
			}
			c.Close()
		}
	}
	if res, err := http.Get("http://" + s.Addr() + "/livez"); err != nil || res.StatusCode != 400 {
		t.Error(res, err)
	}
	client := trusting(t, ca) // it remembers sessions
	for range 2 {
		r, _ := http.NewRequest("GET", s.URL()+"/livez", nil)
		r.Host = "localhost"
		res, err := client.Do(r)
		if err != nil || res.StatusCode != 200 || res.TLS.DidResume {
			t.Fatalf("%+v %v", res, err)
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	// A line for people is what people can do something about.
	if res, err := http.Get(s.URL()); err == nil {
		t.Error(res)
	}
	s.Close()
	if turned.Count() != (measure.Refused{}) || strings.Count(log.String(), "level=WARN") != 1 || !strings.Contains(log.String(), "event=http_distrusted remote=127.0.0.1 error=\"remote error: tls: ") {
		t.Errorf("%+v %s", turned.Count(), log)
	}
}

func TestADoorOnLoopbackOverTLSAsksForNothingMoreThanInTheClear(t *testing.T) {
	ca := certtest.New(t)
	server := ca.Server("feed.example")
	s, _, _ := guarded(t, config.HTTP{Addr: "127.0.0.1:0", TLS: config.HTTPTLS{CertFile: server.CertFile, KeyFile: server.KeyFile}})
	for path, want := range map[string]int{"/livez": 200, "/poison": 401} {
		res, err := trusting(t, ca).Get(s.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
	}
	r, _ := http.NewRequest("GET", s.URL()+"/livez", nil)
	r.Host = "feed.example"
	res, err := trusting(t, ca).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 403 {
		t.Errorf("a rebound name: %d", res.StatusCode)
	}
}
