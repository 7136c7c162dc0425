package httpd

import (
	"crypto/sha256"
	"crypto/subtle"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/ratelog"
	"github.com/feedtree/feedtree/telemetry/measure"
)

// Guard makes a handler of one that changes something or may show orders: it lets those
// through who may.
type Guard func(next func(http.ResponseWriter, *http.Request)) func(http.ResponseWriter, *http.Request)

// known is the guard of a door that lets nobody in whom it does not know.
func known(next func(http.ResponseWriter, *http.Request)) func(http.ResponseWriter, *http.Request) {
	return next
}

// Refusals counts what a door turns away, and tells a log that is limited: strangers are not
// to fill it. Make one with NewRefusals; methods are safe for concurrent use.
type Refusals struct {
	lines                *ratelog.Logger
	tokens, certificates atomic.Uint64
}

// NewRefusals tells lines, whose owner flushes them.
func NewRefusals(lines *ratelog.Logger) *Refusals { return &Refusals{lines: lines} }

// Count is how many there were so far.
func (r *Refusals) Count() measure.Refused {
	return measure.Refused{Token: r.tokens.Load(), Certificate: r.certificates.Load()}
}

// access decides who may ask a door anything at all.
type access struct {
	loopback bool // nobody else can reach it
	mutual   bool // clients show a certificate
	token    config.Secret
	turned   *Refusals
}

// authenticates says that whoever gets in is known.
func (a *access) authenticates() bool { return a.mutual || a.token != "" }

// over refuses, before anything else is looked at, what a browser could be tricked into
// asking, and who is not known where the door asks for that. Rebinding is a danger to doors
// that trust whoever reaches them; off loopback a door has many names and trusts nobody.
func (a *access) over(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		switch {
		case a.loopback && !config.LoopbackHost(hostOf(r.Host)):
			Fail(w, http.StatusForbidden, "the Host header names no loopback address")
		case r.Header.Get("Origin") != "":
			Fail(w, http.StatusForbidden, "requests of web pages are refused")
		case a.mutual && (r.TLS == nil || len(r.TLS.VerifiedChains) == 0), a.token != "" && !presents(r, a.token.Reveal()):
			a.refuse(w, r, "unauthorized")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// wants is the guard of a door that everybody may ask: for what is guarded it wants the
// token of the process. Without one nobody gets through.
func (a *access) wants(t Token) Guard {
	return func(next func(http.ResponseWriter, *http.Request)) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			if t == "" || !presents(r, string(t)) {
				a.refuse(w, r, "expected the bearer token that this process wrote when it started")
				return
			}
			next(w, r)
		}
	}
}

// refuse answers 401. The connection is not kept: who does not know the token has no claim
// to one of the few there are.
func (a *access) refuse(w http.ResponseWriter, r *http.Request, message string) {
	a.turned.tokens.Add(1)
	reason := "a wrong token"
	if r.Header.Get("Authorization") == "" {
		reason = "no token"
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	a.turned.lines.Log(slog.LevelWarn, "http_refused", "a request was refused", "event", "http_refused", "reason", reason, "remote", host)
	w.Header().Set("WWW-Authenticate", "Bearer")
	w.Header().Set("Connection", "close")
	Fail(w, http.StatusUnauthorized, message)
}

// presents compares in the same time whatever was presented: hashes are of one length, and
// tell nothing of what they are of.
func presents(r *http.Request, token string) bool {
	scheme, got, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	is, want := sha256.Sum256([]byte(strings.TrimSpace(got))), sha256.Sum256([]byte(token))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(is[:], want[:]) == 1
}

// hostOf is a host without its port and without brackets.
func hostOf(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.Trim(host, "[]")
}

// complaints is what the server says of connections that came to nothing. Of these, what is
// about certificates needs somebody to see to it; the rest is for debugging.
type complaints struct {
	turned *Refusals
	rest   *log.Logger
}

// Write implements io.Writer for a log.Logger: one call a line.
func (c complaints) Write(line []byte) (int, error) {
	const handshake = "http: TLS handshake error from "
	said := strings.TrimSpace(string(line))
	remote, why, ok := strings.Cut(strings.TrimPrefix(said, handshake), ": ")
	host, _, _ := net.SplitHostPort(remote)
	if len(why) > 300 { // it may quote a stranger's certificate
		why = why[:300]
	}
	switch {
	case !ok || !strings.HasPrefix(said, handshake) || !strings.Contains(why, "certificate"):
		c.rest.Print(said)
	case strings.HasPrefix(why, "remote error"):
		c.turned.lines.Log(slog.LevelWarn, "http_distrusted", "a client does not accept the door's certificate", "event", "http_distrusted", "remote", host, "error", why)
	default:
		c.turned.certificates.Add(1)
		c.turned.lines.Log(slog.LevelWarn, "http_refused_certificate", "a client's certificate was refused", "event", "http_refused", "reason", why, "remote", host)
	}
	return len(line), nil
}
