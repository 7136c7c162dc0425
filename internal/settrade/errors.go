package settrade

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/feedtree/feedtree/telemetry/ledger"
)

// Error says why a call failed. It holds no secret: what the server said is cut short and
// cleaned of tokens.
type Error struct {
	Op         string // "login", "refresh" or "dispatcher"
	Class      ledger.FailClass
	Status     int    // of the answer, 0 without one
	Code       string // the server's own
	Message    string // the server's own
	RetryAfter time.Duration
	Hint       string // what to do
	Err        error
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s failed", e.Op)
	if e.Status != 0 {
		fmt.Fprintf(&b, ": the server answered %d", e.Status)
	}
	if e.Code != "" || e.Message != "" {
		fmt.Fprintf(&b, " (%s)", strings.TrimSpace(e.Code+" "+e.Message))
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// FieldError is one part of a configuration that cannot work.
type FieldError struct{ Key, Value, Reason string }

func (e *FieldError) Error() string {
	if e.Value != "" {
		return fmt.Sprintf("%s: %q: %s", e.Key, e.Value, e.Reason)
	}
	return e.Key + ": " + e.Reason
}

// ClassOf gives the class of an error of this package; anything else is transport.
func ClassOf(err error) ledger.FailClass {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	var f *FieldError
	if errors.As(err, &f) {
		return ledger.FailConfiguration
	}
	return ledger.FailTransport
}

// transportError classes what kept an answer from coming.
func (c *Client) transportError(op string, err error) *Error {
	e := &Error{Op: op, Class: ledger.FailTransport, Err: innermost(err)}
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var dns *net.DNSError
	var moved *redirected
	switch {
	case errors.As(err, &moved):
		// Where to is the server's word, and may echo a token.
		e.Class, e.Err = ledger.FailProtocol, &redirected{c.clean(moved.to)}
	case errors.As(err, &authority):
		e.Class, e.Hint = ledger.FailTLS, "if the server's certificate is signed by an authority of your own, set tls.ca_file (FEEDTREE_TLS_CA_FILE)"
	case errors.As(err, &name):
		e.Class, e.Hint = ledger.FailTLS, "check credentials.base_url (SETTRADE_BASE_URL)"
	case IsTLS(err):
		e.Class = ledger.FailTLS
	case slices.ContainsFunc(notHTTP, func(words string) bool { return strings.Contains(err.Error(), words) }):
		// The library's words hold what the server sent, at any length.
		e.Class, e.Err = ledger.FailProtocol, errors.New("the answer is not HTTP, or its headers are endless")
	case errors.Is(err, context.DeadlineExceeded):
		e.Err = errors.New("no answer in time")
	case errors.As(err, &dns):
		e.Hint = "check the network and credentials.base_url (SETTRADE_BASE_URL)"
	}
	// So may other words of the library's: they pass as they are while they hold nothing of ours.
	if said := e.Err.Error(); c.clean(said) != said {
		e.Err = errors.New(c.clean(said))
	}
	return e
}

// notHTTP is in the library's errors, which have no type, where an answer could not be read.
var notHTTP = []string{"malformed ", "response headers exceeded", "Content-Length", "transfer encoding", "railer key", "chunk"}

// IsTLS reports whether an error is TLS's own, on this side or the other: a certificate, a
// version, a record that is none.
func IsTLS(err error) bool {
	var verify *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	if errors.As(err, &verify) || errors.As(err, &authority) || errors.As(err, &name) || errors.As(err, &invalid) || errors.As(err, &record) {
		return true
	}
	// An alert has no type of its own but over QUIC; the rest has nothing but its words.
	var op *net.OpError
	if errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error") {
		return true
	}
	return strings.HasPrefix(innermost(err).Error(), "tls: ")
}

// innermost peels off the request's method and URL, which the operation's name says better.
func innermost(err error) error {
	var u interface {
		error
		Timeout() bool
		Unwrap() error
	}
	if errors.As(err, &u) {
		return u.Unwrap()
	}
	return err
}

// statusError classes an answer that is no success.
func (c *Client) statusError(op string, res *http.Response, body []byte, now time.Time) *Error {
	e := &Error{Op: op, Status: res.StatusCode, RetryAfter: retryAfter(res.Header, now)}
	e.Code, e.Message = c.said(body)
	switch s := res.StatusCode; {
	case s == http.StatusTooManyRequests:
		e.Class, e.RetryAfter = ledger.FailRateLimit, max(e.RetryAfter, rateLimited)
		e.Hint = "another program may use the same credentials"
	case s == http.StatusUnauthorized || s == http.StatusForbidden,
		op == opLogin && (s == http.StatusBadRequest || s == http.StatusNotFound || s == http.StatusUnprocessableEntity):
		e.Class = ledger.FailAuth
		if op == opLogin {
			e.Hint = "check SETTRADE_APP_ID, SETTRADE_APP_SECRET, SETTRADE_APP_CODE and SETTRADE_BROKER_ID" + skew(res.Header, now)
		}
	case s >= 500:
		e.Class = ledger.FailServer
	default:
		e.Class = ledger.FailProtocol
	}
	return e
}

// skew tells how far the local clock is off, if it is: the server checks a login's time.
func skew(h http.Header, now time.Time) string {
	server, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return ""
	}
	off := now.Sub(server).Round(time.Second)
	switch {
	case off > time.Minute:
		return fmt.Sprintf("; the local clock is %v ahead of the server's: set it right", off)
	case off < -time.Minute:
		return fmt.Sprintf("; the local clock is %v behind the server's: set it right", -off)
	}
	return ""
}

// clean makes a server's words fit for a log: one short line without our secrets.
func (c *Client) clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	for _, secret := range c.secrets() {
		s = strings.ReplaceAll(s, secret, redacted)
	}
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200]) + "…"
	}
	return s
}
