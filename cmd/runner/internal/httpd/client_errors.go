package httpd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/feedtree/feedtree/config"
)

// AddressError is an address that no door can have, or that must not be asked so.
type AddressError struct{ Addr, Reason string }

func (e *AddressError) Error() string { return fmt.Sprintf("--addr %q: %s", e.Addr, e.Reason) }

// AuthError is a door that does not know who asks. It says what to show it.
type AuthError struct{ Addr, Reason string }

func (e *AuthError) Error() string { return e.Addr + " " + e.Reason }

// UnreachableError is that there is no door, or none that may be trusted. It says what to do.
type UnreachableError struct {
	Reason string
	Err    error // nil where Reason says it
}

func (e *UnreachableError) Error() string { return e.Reason }

// Unwrap gives the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

// unanswered makes an error of a request's that came to nothing.
func (c *Client) unanswered(err error) error {
	var op *net.OpError
	var untrusted *tls.CertificateVerificationError
	alert := errors.As(err, &op) && op.Op == "remote error"
	switch {
	case errors.As(err, &untrusted):
		return &UnreachableError{c.distrusted(untrusted), err}
	case errors.Is(err, http.ErrSchemeMismatch):
		return &UnreachableError{fmt.Sprintf("%s does not speak TLS; ask --addr http://%[1]s", c.Addr()), err}
	case c.wanted.Load() && !slow(err):
		// Where TLS is 1.3 the refusal comes behind the handshake, and may be overtaken by the
		// connection's end: its words are not to be counted on.
		if c.conf.Ask.CertFile == "" {
			return &AuthError{c.Addr(), "wants a client's certificate: give --cert and --key, or set http.ask.cert_file and http.ask.key_file"}
		}
		return &AuthError{c.Addr(), fmt.Sprintf("does not accept the certificate in %s (%v): it must be for client authentication, valid now, and from an authority in http.tls.client_ca_file there", c.conf.Ask.CertFile, err)}
	case alert:
		return &UnreachableError{fmt.Sprintf("%s refuses to speak TLS: %v", c.Addr(), op.Err), err}
	}
	return &UnreachableError{fmt.Sprintf("no process answers at %s: %v; is runner run going there? Name another with --addr", c.Addr(), err), err}
}

// slow says that it was time that ran out, or patience.
func slow(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout() || errors.Is(err, context.Canceled)
}

// distrusted says why a door's certificate was not taken, and what to do about it.
func (c *Client) distrusted(e *tls.CertificateVerificationError) string {
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	what := fmt.Sprintf("the certificate of %s is not trusted: %v", c.Addr(), e.Err)
	switch {
	case errors.As(e, &name):
		return fmt.Sprintf("%s; ask it by a name that is in the certificate: %.200q", what, name.Certificate.DNSNames)
	case errors.As(e, &invalid) && invalid.Reason == x509.Expired:
		return what + "; it must be renewed there (http.tls.cert_file)"
	case c.conf.Ask.CAFile != "":
		return what + "; is its authority in http.ask.ca_file, " + c.conf.Ask.CAFile + "?"
	}
	return what + "; name the file of its authority with --cacert, or http.ask.ca_file"
}

// refused makes an error of an answer that is none.
func (c *Client) refused(res *http.Response, text []byte) error {
	said := answer(text)
	const give = "give it with --token-file, or set http.token (FEEDTREE_HTTP_TOKEN_FILE)"
	switch {
	case res.StatusCode == http.StatusUnauthorized && c.conf.Token != "":
		return &AuthError{c.Addr(), "does not accept the token of http.token or --token-file (401): expected the one that http.token was there when that process started, and none if it was not set"}
	case res.StatusCode == http.StatusUnauthorized && config.LoopbackHost(c.url.Hostname()):
		return &AuthError{c.Addr(), "wants a token (401): if http.token is set there, " + give + "; if not, ask as the user whose process it is, on the same machine (its log has http_token_failed where it could write none)"}
	case res.StatusCode == http.StatusUnauthorized:
		return &AuthError{c.Addr(), "wants a token (401): " + give}
	case res.StatusCode == http.StatusBadRequest && strings.Contains(string(text), "HTTP request to an HTTPS server"):
		return &UnreachableError{fmt.Sprintf("%s speaks TLS; ask --addr https://%[1]s", c.Addr()), nil}
	case res.StatusCode/100 == 3:
		return &UnreachableError{fmt.Sprintf("%s answers %s, which is not followed: that is no runner's door, or something stands before it", c.Addr(), res.Status), nil}
	}
	return fmt.Errorf("%s answered %s: %s", c.Addr(), res.Status, said)
}
