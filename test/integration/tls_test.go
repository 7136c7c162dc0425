package integration

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
)

// speaking is a server of one version of TLS, which counts the requests that reach it.
func speaking(t *testing.T, version uint16, answer http.HandlerFunc) (s *httptest.Server, asked *atomic.Int32) {
	t.Helper()
	asked = &atomic.Int32{}
	s = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		answer(w, r)
	}))
	s.TLS = &tls.Config{MinVersion: version, MaxVersion: version}
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of those who hang up
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, asked
}

// nothing is no answer of an exchange.
func nothing(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }

// granted is the REST API of an exchange whose endpoint is at a host.
func granted(host string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/login") {
			io.WriteString(w, `{"access_token":"a","token_type":"Bearer","refresh_token":"b","expires_in":3600}`)
			return
		}
		io.WriteString(w, `{"hosts":["`+host+`"],"token":"c"}`)
	}
}

func TestNothingIsSaidToAServerWhoseTLSIsOlderThan12(t *testing.T) {
	for version, reached := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		for _, what := range []string{"REST", "the endpoint"} {
			t.Run(tls.VersionName(version)+" of "+what, func(t *testing.T) {
				s, asked := speaking(t, version, nothing)
				base := s.URL
				if what == "the endpoint" {
					front, _ := speaking(t, tls.VersionTLS13, granted(strings.TrimPrefix(s.URL, "https://")))
					base = front.URL
				}
				tree := start(t, configured(t, exchange(t, nil), func(c *config.Config) {
					c.Credentials.BaseURL, c.TLS.CAFile, c.Session.FailFast = base, writeCA(t, s.Certificate().Raw), true
				}), recording("r", &record{}, nil))
				<-tree.Done()
				if got := asked.Load() > 0; got != reached {
					t.Errorf("reached: %v", got)
				}
				failed := tree.Snapshot().Connection.Failed
				if (failed["tls"] == 1) == reached {
					t.Errorf("%v: %v", failed, tree.Err())
				}
				if code := feedtree.ExitCode(tree.Err()); !reached && code != 5 {
					t.Errorf("exit %d", code)
				}
			})
		}
	}
}

// endless answers an upgrade with headers that never end, and counts what it could write.
func endless(written *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n")
		for line := "X-More: " + strings.Repeat("x", 1000) + "\r\n"; err == nil && written.Load() < 64<<20; {
			_, err = io.WriteString(conn, line)
			written.Add(int64(len(line)))
		}
	}
}

func TestAnUpgradeWhoseHeadersNeverEndIsGivenUp(t *testing.T) {
	var written atomic.Int64
	s, _ := speaking(t, tls.VersionTLS13, endless(&written))
	front, _ := speaking(t, tls.VersionTLS13, granted(strings.TrimPrefix(s.URL, "https://")))
	tree := start(t, configured(t, exchange(t, nil), func(c *config.Config) {
		c.Credentials.BaseURL, c.TLS.CAFile, c.Session.FailFast = front.URL, writeCA(t, s.Certificate().Raw), true
	}), recording("r", &record{}, nil))
	<-tree.Done()
	if failed := tree.Snapshot().Connection.Failed; failed["protocol"] != 1 || !strings.Contains(tree.Err().Error(), "too long") {
		t.Errorf("%v: %v", failed, tree.Err())
	}
	if n := written.Load(); n > 16<<20 { // what the system's buffers hold, and no more
		t.Errorf("%d bytes were taken", n)
	}
}
