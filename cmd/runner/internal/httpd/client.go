package httpd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/feedtree/feedtree/config"
)

// Client asks a door. It presents what the configuration has: the token, and a certificate
// where the door wants one; a door on loopback that asks for neither is shown the token that
// its process wrote for its own user. A token goes out over TLS, or to loopback, and nowhere
// else, and follows no redirect.
type Client struct {
	url    url.URL
	conf   config.HTTP
	bearer string
	http   http.Client
	// wanted is set when the door asked for a certificate.
	wanted atomic.Bool
}

const (
	dialTimeout   = 5 * time.Second
	answerTimeout = 15 * time.Second // a replay may wait for a strategy for ten seconds
)

// NewClient makes a client for the door at addr: https://host:port, http://host:port, or
// host:port alone, which is https off loopback and wherever something about TLS is
// configured. "" means the address of c, which may be every address of this machine. It dials
// nothing. An *AddressError says what is wrong with addr, a *config.Error what is with files.
// Its methods are safe for concurrent use.
func NewClient(addr string, c config.HTTP) (*Client, error) {
	if addr == "" {
		addr = reachable(c.Addr)
	}
	u, err := door(addr, c)
	if err != nil {
		return nil, err
	}
	out := &Client{url: u, conf: c, bearer: c.Token.Reveal()}
	local := config.LoopbackHost(u.Hostname())
	if u.Scheme == "http" && !local && out.bearer != "" {
		return nil, &AddressError{addr, "the token is not sent in the clear to another machine: ask https://" + u.Host}
	}
	if out.bearer == "" && local {
		out.bearer = processToken(u)
	}
	transport := &http.Transport{ResponseHeaderTimeout: answerTimeout, DisableKeepAlives: true, TLSHandshakeTimeout: dialTimeout}
	dialer := net.Dialer{Timeout: dialTimeout}
	if u.Scheme == "http" && out.bearer != "" {
		dialer.Control = onlyLoopback
	}
	transport.DialContext = dialer.DialContext
	if u.Scheme == "https" {
		if transport.TLSClientConfig, err = out.trust(u.Hostname()); err != nil {
			return nil, err
		}
	}
	out.http = http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return out, nil
}

// Addr is the door's, as it is asked.
func (c *Client) Addr() string { return c.url.Host }

// Do asks for a path, and gives what was answered with a status of 2xx, or with want. Any
// other answer is an error: an *AuthError if the door does not know who asks, an
// *UnreachableError if there is none to ask.
func (c *Client) Do(ctx context.Context, method, path string, body io.Reader, want int) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.url.String()+path, body)
	if err != nil {
		return nil, err
	}
	if c.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.unanswered(errors.Unwrap(err))
	}
	if res.StatusCode/100 == 2 || res.StatusCode == want {
		return res, nil
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	return nil, c.refused(res, text)
}

// reachable is an address at which a door on all of a machine's can be asked.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip, perr := netip.ParseAddr(host); err != nil || host != "" && (perr != nil || !ip.IsUnspecified()) {
		return addr
	} else if ip.Is6() {
		return net.JoinHostPort("::1", port)
	}
	return net.JoinHostPort("127.0.0.1", port)
}

const form = "expected host:port, such as 127.0.0.1:9330, or https://host:port"

// door reads an address.
func door(addr string, c config.HTTP) (url.URL, error) {
	text := addr
	if !strings.Contains(addr, "://") {
		text = "//" + addr
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return url.URL{}, &AddressError{addr, form}
	case u.User != nil:
		return url.URL{}, &AddressError{u.Redacted(), form + "; a token is given with --token-file"}
	case u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.Scheme == "" && u.Port() == "":
		return url.URL{}, &AddressError{addr, form}
	case u.Scheme == "":
		u.Scheme = "https"
		if config.LoopbackHost(u.Hostname()) && c.TLS.CertFile == "" && c.Ask == (config.HTTPAsk{}) {
			u.Scheme = "http"
		}
	case u.Scheme != "http" && u.Scheme != "https":
		return url.URL{}, &AddressError{addr, form}
	}
	if n, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || n > 65535) {
		return url.URL{}, &AddressError{addr, form}
	}
	return url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// processToken is the token that the process at an address wrote, "" if there is none to read.
func processToken(u url.URL) string {
	if t := ReadToken(u.Host); t != "" || !strings.EqualFold(u.Hostname(), "localhost") {
		return t
	}
	// The file is called by the address that localhost turned out to be.
	for _, ip := range []string{"127.0.0.1", "::1"} {
		if t := ReadToken(net.JoinHostPort(ip, u.Port())); t != "" {
			return t
		}
	}
	return ""
}

// onlyLoopback is for net.Dialer.Control: whatever a name turns out to be, nothing else is
// dialled.
func onlyLoopback(_, addr string, _ syscall.RawConn) error {
	if ap, err := netip.ParseAddrPort(addr); err != nil || !ap.Addr().IsLoopback() {
		return fmt.Errorf("%s is not this machine, and the token is not sent in the clear to another; ask https://", addr)
	}
	return nil
}

// trust is how the door is verified and what it is shown. Its certificate is good if an
// authority vouches for it and the name; or if it is the very one that this configuration
// gives to a door: then who answers has the key to it, under whatever name.
func (c *Client) trust(host string) (*tls.Config, error) {
	roots, err := c.conf.Ask.Authorities()
	if err != nil {
		return nil, err
	}
	mine, err := c.conf.Ask.Certificate()
	if err != nil {
		return nil, err
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, ServerName: host}
	out.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		c.wanted.Store(true)
		if mine == nil {
			return &tls.Certificate{}, nil
		}
		// Also where the door names other authorities: let it say so.
		return mine, nil
	}
	if own := c.conf.TLS.Leaf(); own != nil {
		out.InsecureSkipVerify = true // the next line verifies
		out.VerifyConnection = func(s tls.ConnectionState) error { return verify(s, own, roots, host) }
	}
	return out, nil
}

// verify does what crypto/tls does, but for the one certificate that is known already.
func verify(s tls.ConnectionState, own *x509.Certificate, roots *x509.CertPool, host string) error {
	if s.PeerCertificates[0].Equal(own) {
		return nil
	}
	between := x509.NewCertPool()
	for _, c := range s.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: host})
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
	}
	return nil
}

// answer is the body of a runner's errors.
func answer(text []byte) string {
	var e struct{ Error string }
	json.Unmarshal(text, &e) // what is none says nothing
	return e.Error
}
