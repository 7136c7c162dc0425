package httpd

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/feedtree/feedtree/config"
)

// certs are a door's certificate and its clients' authorities, as the files have them now:
// who renews certificates replaces files, and a feed is not restarted for that.
type certs struct {
	from config.HTTPTLS
	log  *slog.Logger
	now  func() time.Time

	mu    sync.Mutex
	inUse *tls.Config
	pool  *x509.CertPool // in it
	seen  [3]stamp       // of the files, when they were last read
	fresh time.Time      // when that was first seen; zero once they were read long enough after it
	tried time.Time      // when that failed; zero if it did not
	why   string         // it failed, as it was logged
}

// stamp is by what a file is known to have changed.
type stamp struct {
	modified, size int64
	mode           os.FileMode
}

const (
	// A file that cannot be read may become readable without looking changed, as by its
	// owner; so it is tried again, but not for every stranger who knocks.
	tryAgain = time.Second
	// What changed a moment ago may change again and look the same, for some file systems count
	// in seconds; so it is read once more after that. The wall clock has no part in it.
	settled = 2 * time.Second
)

// newCerts reads the files for the first time; nil without a certificate. The error has the
// key of each file that is of no use.
func newCerts(from config.HTTPTLS, log *slog.Logger) (*certs, error) {
	if from == (config.HTTPTLS{}) {
		return nil, nil
	}
	c := &certs{from: from, log: log, now: time.Now}
	c.seen, c.fresh = c.look(), c.now()
	return c, c.read()
}

// config is for tls.Config.GetConfigForClient: it looks at the files before each handshake,
// which costs a few microseconds beside its milliseconds.
func (c *certs) config(*tls.ClientHelloInfo) (*tls.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, seen := c.now(), c.look()
	again := c.tried.IsZero() && !c.fresh.IsZero() || !c.tried.IsZero() && now.Sub(c.tried) >= tryAgain
	if seen != c.seen {
		c.seen, c.fresh, again = seen, now, true
	}
	if again {
		if now.Sub(c.fresh) >= settled {
			c.fresh = time.Time{}
		}
		c.renew(now)
	}
	return c.inUse, nil
}

// renew takes what the files hold, or keeps what there is and says why.
func (c *certs) renew(now time.Time) {
	before, pool := c.inUse.Certificates[0].Leaf, c.pool
	if err := c.read(); err != nil {
		c.tried = now
		if why := strings.ReplaceAll(err.Error(), "\n", "; "); why != c.why {
			c.why = why
			c.log.Warn("the door's new certificate is of no use, the one before goes on", "event", "http_certificate_broken",
				"reason", why, "until", before.NotAfter.UTC().Format(time.RFC3339))
		}
		return
	}
	after := c.inUse.Certificates[0].Leaf
	if c.why != "" || !after.Equal(before) || !c.pool.Equal(pool) {
		c.log.Info("the door's certificate was renewed", "event", "http_certificate_renewed", "until", after.NotAfter.UTC().Format(time.RFC3339))
	}
	c.tried, c.why = time.Time{}, ""
}

func (c *certs) look() (out [3]stamp) {
	for i, name := range []string{c.from.CertFile, c.from.KeyFile, c.from.ClientCAFile} {
		if info, err := os.Stat(name); name != "" && err == nil {
			out[i] = stamp{info.ModTime().UnixNano(), info.Size(), info.Mode()}
		}
	}
	return out
}

// read puts what the files hold in use, if all of it can be used.
func (c *certs) read() error {
	cert, err := c.from.Certificate()
	pool, caErr := c.from.ClientAuthorities()
	if err = errors.Join(err, caErr); err != nil {
		return err
	}
	c.pool = pool
	c.inUse = &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*cert},
		// HTTP/2 would carry hundreds of requests over each of the connections that are counted.
		NextProtos: []string{"http/1.1"},
		// A ticket would outlive the authority that its client was let in by.
		SessionTicketsDisabled: true,
	}
	if pool != nil {
		c.inUse.ClientAuth, c.inUse.ClientCAs = tls.RequireAndVerifyClientCert, pool
	}
	return nil
}
