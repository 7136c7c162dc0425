package httpd

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/test/certtest"
	"github.com/feedtree/feedtree/test/harness"
)

// served is the number of the certificate that a door shows now.
func served(t *testing.T, addr string) string {
	t.Helper()
	c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

// number is that of the certificate in a file.
func number(t *testing.T, p certtest.Pair) string {
	t.Helper()
	c, err := tls.LoadX509KeyPair(p.CertFile, p.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	return c.Leaf.SerialNumber.String()
}

func TestARenewedCertificateIsShownWithoutARestart(t *testing.T) {
	ca := certtest.New(t)
	p := ca.Server("feed.example")
	s, _, log := guarded(t, config.HTTP{Addr: "127.0.0.1:0", TLS: config.HTTPTLS{CertFile: p.CertFile, KeyFile: p.KeyFile}})
	for range 3 {
		if got, want := served(t, s.Addr()), number(t, p); got != want {
			t.Fatalf("%s is shown, %s is there", got, want)
		}
		ca.Renew(p, time.Now().Add(time.Hour), "feed.example")
	}
	served(t, s.Addr())
	s.Close()
	if n := strings.Count(log.String(), "event=http_certificate_renewed until="); n != 3 || strings.Count(log.String(), "\n") != 3 {
		t.Errorf("%d lines: %s", n, log)
	}
}

// Kubernetes puts a new directory beside the old one and moves a link.
func TestACertificateThatIsRenewedByALinkIsSeen(t *testing.T) {
	ca := certtest.New(t)
	dir := t.TempDir()
	link := func(to string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, "new")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "data")); err != nil {
			t.Fatal(err)
		}
	}
	before, after := ca.Server("feed.example"), ca.Server("feed.example")
	link(filepath.Dir(before.CertFile))
	s, _, _ := guarded(t, config.HTTP{Addr: "127.0.0.1:0", TLS: config.HTTPTLS{CertFile: filepath.Join(dir, "data/tls.crt"), KeyFile: filepath.Join(dir, "data/tls.key")}})
	if served(t, s.Addr()) != number(t, before) {
		t.Fatal("another certificate")
	}
	link(filepath.Dir(after.CertFile))
	if served(t, s.Addr()) != number(t, after) {
		t.Error("the old certificate is shown")
	}
}

func TestWhileWhatIsNewIsBrokenWhatWasBeforeGoesOn(t *testing.T) {
	for name, spoil := range map[string]func(p, other certtest.Pair){
		"no certificate":         func(p, _ certtest.Pair) { os.WriteFile(p.CertFile, []byte("half of a file"), 0o600) },
		"an empty key":           func(p, _ certtest.Pair) { os.Truncate(p.KeyFile, 0) },
		"no file":                func(p, _ certtest.Pair) { os.Remove(p.CertFile) },
		"another's certificate":  func(p, other certtest.Pair) { os.Rename(other.CertFile, p.CertFile) },
		"the key, not yet":       func(p, other certtest.Pair) { os.Rename(other.KeyFile, p.KeyFile) },
		"a directory in between": func(p, _ certtest.Pair) { os.Remove(p.KeyFile); os.Mkdir(p.KeyFile, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			ca := certtest.New(t)
			p := ca.Server("feed.example")
			s, _, log := guarded(t, config.HTTP{Addr: "127.0.0.1:0", TLS: config.HTTPTLS{CertFile: p.CertFile, KeyFile: p.KeyFile}})
			before := number(t, p)
			spoil(p, ca.Server("feed.example"))
			for range 5 {
				if served(t, s.Addr()) != before {
					t.Fatal("another certificate is shown")
				}
			}
			if n := strings.Count(log.String(), "event=http_certificate_broken"); n != 1 {
				t.Errorf("%d lines: %s", n, log)
			}
			os.Remove(p.KeyFile)
			ca.Renew(p, time.Now().Add(time.Hour), "feed.example")
			if served(t, s.Addr()) != number(t, p) {
				t.Error("the old certificate is shown, and the new one is good")
			}
			if n := strings.Count(log.String(), "event=http_certificate_renewed"); n != 1 {
				t.Errorf("%d lines: %s", n, log)
			}
		})
	}
}

// shown is the number of the certificate that c has for a handshake now.
func shown(t *testing.T, c *certs) string {
	t.Helper()
	conf, err := c.config(nil)
	if err != nil {
		t.Fatal(err)
	}
	return conf.Certificates[0].Leaf.SerialNumber.String()
}

// alike puts p's certificate and key where to's are, so that they look as old and as large as
// anything that was put there so.
func alike(t *testing.T, p, to certtest.Pair, when time.Time) {
	t.Helper()
	for from, to := range map[string]string{p.CertFile: to.CertFile, p.KeyFile: to.KeyFile} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, bytes.Repeat([]byte("\n"), 2000-len(text))...)
		if err := os.WriteFile(to, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(to, when, when); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFilesThatLookAlikeAreReadAgainOnlyWhereTheyMayHaveChanged(t *testing.T) {
	ca := certtest.New(t)
	one, two, place := ca.Server("a"), ca.Server("b"), ca.Server("c")
	when := time.Unix(1_700_000_000, 0)
	start := func(now *time.Time) (*certs, *harness.Buffer) {
		alike(t, one, place, when)
		var log harness.Buffer
		c, err := newCerts(config.HTTPTLS{CertFile: place.CertFile, KeyFile: place.KeyFile}, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		c.now, c.fresh = func() time.Time { return *now }, *now
		return c, &log
	}
	t.Run("within the resolution of a file system's times", func(t *testing.T) {
		now := when
		c, _ := start(&now)
		now = now.Add(settled - time.Nanosecond)
		alike(t, two, place, when)
		if shown(t, c) != number(t, two) {
			t.Error("the old certificate is shown")
		}
	})
	t.Run("once after it, however late the next client comes, and no more", func(t *testing.T) {
		now := when
		c, _ := start(&now)
		alike(t, two, place, when)
		now = now.Add(time.Hour)
		if shown(t, c) != number(t, two) {
			t.Error("the old certificate is shown")
		}
		alike(t, one, place, when)
		if shown(t, c) != number(t, two) {
			t.Error("the files were read for every client")
		}
	})
	t.Run("what could not be read, after a second", func(t *testing.T) {
		now := when.Add(time.Hour)
		c, log := start(&now)
		os.WriteFile(place.CertFile, bytes.Repeat([]byte("x"), 2000), 0o600)
		os.Chtimes(place.CertFile, when, when.Add(time.Second))
		for range 3 {
			if shown(t, c) != number(t, one) {
				t.Fatal("another certificate is shown")
			}
		}
		alike(t, two, place, when)
		os.Chtimes(place.CertFile, when, when.Add(time.Second))
		now = now.Add(tryAgain - time.Nanosecond)
		if shown(t, c) != number(t, one) {
			t.Error("it was tried again for every client")
		}
		now = now.Add(time.Nanosecond)
		if shown(t, c) != number(t, two) {
			t.Error("it was not tried again")
		}
		if strings.Count(log.String(), "http_certificate_broken") != 1 || strings.Count(log.String(), "http_certificate_renewed") != 1 {
			t.Error(log)
		}
	})
}

func TestARenewedAuthorityOfClientsCountsForNewConnections(t *testing.T) {
	ca, next := certtest.New(t), certtest.New(t)
	p := ca.Server("feed.example")
	authority := filepath.Join(t.TempDir(), "clients.pem")
	put := func(from *certtest.Authority) {
		t.Helper()
		text, err := os.ReadFile(from.File)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(authority, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(ca)
	s, _, _ := guarded(t, config.HTTP{Addr: "127.0.0.1:0", TLS: config.HTTPTLS{CertFile: p.CertFile, KeyFile: p.KeyFile, ClientCAFile: authority}})
	old, young := trusting(t, ca, ca.Client()), trusting(t, ca, next.Client())
	in := func(c *http.Client) bool {
		r, _ := http.NewRequest("GET", s.URL()+"/livez", nil)
		r.Host = "localhost"
		res, err := c.Do(r)
		if err == nil {
			res.Body.Close()
		}
		return err == nil && res.StatusCode == 200
	}
	if !in(old) || in(young) {
		t.Error("before: the wrong one gets in")
	}
	put(next)
	if in(old) || !in(young) {
		t.Error("after: the wrong one gets in")
	}
}
