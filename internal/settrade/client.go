// Package settrade is the client of the exchange's REST API: login, refresh, dispatcher.
//
// Calls are made in time, never past the limits of the API, with a cap on what is read of an
// answer; redirects are refused, so that credentials never follow one. Every error is an
// *Error with a class that chooses what comes next, one line long, without a secret.
package settrade

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/feedtree/feedtree/telemetry/ledger"
)

// The operations, as errors name them.
const (
	opLogin      = "login"
	opRefresh    = "refresh"
	opDispatcher = "dispatcher"
)

// maxAnswer caps what is read of an answer: the largest, the dispatcher's, is a few kilobytes.
const maxAnswer = 1 << 20

// Config is what a client is made from.
type Config struct {
	BaseURL, BrokerID, AppID, AppCode string

	AppSecret Secret
	TLS       *tls.Config      // nil for the system's authorities
	Timeout   time.Duration    // of one call, 0 for 10 s
	UserAgent string           //
	Now       func() time.Time // nil for time.Now
	// Private lists what errors must not hold beside secrets and tokens: account numbers.
	Private []Secret
	// NetDial makes the connections, nil for the net package's.
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Client makes the calls. It is safe for concurrent use.
type Client struct {
	cfg    Config
	base   *url.URL
	broker string
	key    *ecdsa.PrivateKey
	http   *http.Client
	gets   limiter
	posts  limiter

	mu    sync.Mutex
	known []string // the last tokens, to keep out of errors
}

// New checks the configuration whole and makes a client. Its errors are *FieldError, joined.
func New(cfg Config) (*Client, error) {
	var errs []error
	need := func(key, variable, value string) {
		if strings.TrimSpace(value) == "" {
			errs = append(errs, &FieldError{Key: key, Reason: "missing; set " + variable})
		}
	}
	need("credentials.app_id", "SETTRADE_APP_ID", cfg.AppID)
	need("credentials.app_code", "SETTRADE_APP_CODE", cfg.AppCode)
	need("credentials.broker_id", "SETTRADE_BROKER_ID", cfg.BrokerID)
	key, err := ParseKey(cfg.AppSecret)
	if err != nil {
		errs = append(errs, &FieldError{Key: "credentials.app_secret", Reason: err.Error() + " (SETTRADE_APP_SECRET)"})
	}
	base, broker, err := Resolve(cfg.BaseURL, cfg.BrokerID)
	if err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 10 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if cfg.TLS != nil {
		trust = cfg.TLS.Clone()
	}
	c := &Client{cfg: cfg, base: base, broker: broker, key: key}
	c.http = &http.Client{
		Timeout: cfg.Timeout,
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: c.cfg.dial, TLSClientConfig: trust, TLSHandshakeTimeout: cfg.Timeout,
			ResponseHeaderTimeout: cfg.Timeout, MaxResponseHeaderBytes: 64 << 10, MaxIdleConns: 2,
			IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(to *http.Request, _ []*http.Request) error {
			return &redirected{to.URL.Scheme + "://" + to.URL.Host}
		},
	}
	return c, nil
}

// dial opens a connection within the time that a call has. The transport parts a dial from
// the call that wanted it, so that one into a silent network would go on when the call has
// long been given up, and each attempt would leave another behind.
func (c *Config) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	if c.NetDial != nil {
		return c.NetDial(ctx, network, addr)
	}
	return (&net.Dialer{}).DialContext(ctx, network, addr)
}

type redirected struct{ to string }

func (r *redirected) Error() string {
	return "the server redirects to " + r.to + ", and credentials follow no redirect; set credentials.base_url to where the API is"
}

// BrokerID is the broker in the paths, with the SANDBOX alias resolved.
func (c *Client) BrokerID() string { return c.broker }

// CloseIdle closes connections that no call uses.
func (c *Client) CloseIdle() { c.http.CloseIdleConnections() }

// Login signs in with the application's key.
func (c *Client) Login(ctx context.Context) (Token, error) {
	const params = ""
	return c.token(ctx, opLogin, "login", func(now time.Time) (map[string]string, error) {
		stamp := strconv.FormatInt(now.UnixMilli(), 10)
		digest := sha256.Sum256([]byte(c.cfg.AppID + "." + params + "." + stamp))
		signature, err := ecdsa.SignASN1(rand.Reader, c.key, digest[:])
		return map[string]string{"apiKey": c.cfg.AppID, "params": params, "signature": hex.EncodeToString(signature), "timestamp": stamp}, err
	})
}

// Refresh trades a refresh token, good once, for a new token.
func (c *Client) Refresh(ctx context.Context, t Token) (Token, error) {
	return c.token(ctx, opRefresh, "refresh-token", func(time.Time) (map[string]string, error) {
		return map[string]string{"apiKey": c.cfg.AppID, "refreshToken": t.Refresh.Reveal()}, nil
	})
}

// token makes a call that is answered with a token. What it asks is made when its turn has
// come: the server looks at the time that a login was signed, and the lifetime counts from
// before the call, so that the token may only look older than it is.
func (c *Client) token(ctx context.Context, op, last string, request func(now time.Time) (map[string]string, error)) (Token, error) {
	var began time.Time
	body := func() ([]byte, error) {
		began = c.cfg.Now()
		r, err := request(began)
		if err != nil {
			return nil, err
		}
		return json.Marshal(r)
	}
	var a struct {
		Access    string  `json:"access_token"`
		Type      string  `json:"token_type"`
		Refresh   string  `json:"refresh_token"`
		ExpiresIn seconds `json:"expires_in"`
	}
	path := c.base.JoinPath("api/oam/v1", c.broker, "broker-apps", c.cfg.AppCode, last)
	if err := c.call(ctx, op, http.MethodPost, path, body, "", &a); err != nil {
		return Token{}, err
	}
	if a.Access == "" {
		return Token{}, incomplete(op, "access_token")
	}
	life, err := a.ExpiresIn.lifetime()
	if err != nil {
		return Token{}, &Error{Op: op, Class: ledger.FailProtocol, Err: err}
	}
	if took := c.cfg.Now().Sub(began); took >= life {
		return Token{}, &Error{Op: op, Class: ledger.FailServer, Err: fmt.Errorf("the token for %v had ended when it came, %v after it was asked for",
			life, took.Round(time.Millisecond))}
	}
	if a.Type == "" {
		a.Type = "Bearer"
	}
	if err := headerSafe(op, a.Type+a.Access); err != nil {
		return Token{}, err
	}
	c.remember(a.Access, a.Refresh)
	return Token{Access: Secret(a.Access), Refresh: Secret(a.Refresh), Type: a.Type, ExpiresAt: began.Add(life), Lifetime: life}, nil
}

// Dispatcher asks where to connect and gets the token for it.
func (c *Client) Dispatcher(ctx context.Context, t Token) (Dispatch, error) {
	var a struct {
		Hosts []string `json:"hosts"`
		Token string   `json:"token"`
	}
	path := c.base.JoinPath("api/dispatcher/v3", c.broker, "token")
	if err := c.call(ctx, opDispatcher, http.MethodGet, path, nil, t.Authorization(), &a); err != nil {
		return Dispatch{}, err
	}
	switch {
	case len(a.Hosts) == 0:
		return Dispatch{}, &Error{Op: opDispatcher, Class: ledger.FailProtocol, Err: errors.New("the answer's hosts are empty, expected one at least")}
	case a.Token == "":
		return Dispatch{}, incomplete(opDispatcher, "token")
	}
	if err := headerSafe(opDispatcher, a.Token); err != nil {
		return Dispatch{}, err
	}
	c.remember(a.Token)
	return Dispatch{Hosts: a.Hosts, Token: Secret(a.Token), Type: t.Type}, nil
}

func incomplete(op, field string) error {
	return &Error{Op: op, Class: ledger.FailProtocol, Err: fmt.Errorf("the answer lacks %s", field)}
}

// headerSafe refuses a token that would break out of its header.
func headerSafe(op, token string) error {
	for _, r := range token {
		if r < ' ' || r > '~' {
			return &Error{Op: op, Class: ledger.FailProtocol, Err: errors.New("the answer's token holds characters that no header may")}
		}
	}
	return nil
}

// call makes one call and reads its answer into out. The body is made when it is the call's
// turn.
func (c *Client) call(ctx context.Context, op, method string, path *url.URL, body func() ([]byte, error), authorization string, out any) error {
	limit := &c.posts
	if method == http.MethodGet {
		limit = &c.gets
	}
	done, err := limit.wait(ctx)
	if err != nil {
		return &Error{Op: op, Class: ledger.FailTransport, Err: fmt.Errorf("given up while waiting for the API's limits: %w", err)}
	}
	defer done()
	var content []byte
	if body != nil {
		if content, err = body(); err != nil {
			return &Error{Op: op, Class: ledger.FailConfiguration, Err: err}
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, path.String(), bytes.NewReader(content))
	if err != nil {
		return &Error{Op: op, Class: ledger.FailConfiguration, Err: err}
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return c.transportError(op, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return c.transportError(op, err)
	}
	now := c.cfg.Now()
	if res.StatusCode/100 != 2 {
		e := c.statusError(op, res, text, now)
		limit.block(time.Now().Add(e.RetryAfter))
		return e
	}
	if len(text) > maxAnswer {
		return &Error{Op: op, Class: ledger.FailProtocol, Err: fmt.Errorf("the answer is longer than %d MiB", maxAnswer>>20)}
	}
	if err := json.Unmarshal(text, out); err != nil {
		return &Error{Op: op, Class: ledger.FailProtocol, Err: fmt.Errorf("the answer is not JSON of the expected form but begins with %s", c.begins(text)),
			Hint: "is credentials.base_url (SETTRADE_BASE_URL) the API's?"}
	}
	return nil
}

// begins shows how an answer that cannot be read begins, without a token it may hold.
func (c *Client) begins(text []byte) string {
	start := strings.TrimSpace(string(text[:min(len(text), 40)]))
	if strings.HasPrefix(start, "<") {
		return strconv.Quote(c.clean(start))
	}
	if start == "" {
		return "nothing"
	}
	return strconv.Quote(start[:1])
}

// said reads the error that the API sends with a refusal.
func (c *Client) said(body []byte) (code, message string) {
	var a struct {
		Code    any    `json:"code"`
		Message string `json:"message"`
	}
	if len(body) > maxAnswer || json.Unmarshal(body, &a) != nil {
		return "", ""
	}
	if a.Code != nil {
		code = c.clean(fmt.Sprint(a.Code))
	}
	return code, c.clean(a.Message)
}

func (c *Client) remember(tokens ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = append(c.known, tokens...)
	c.known = c.known[max(0, len(c.known)-12):]
}

func (c *Client) secrets() (out []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := append([]string{strings.TrimSpace(c.cfg.AppSecret.Reveal())}, c.known...)
	for _, s := range c.cfg.Private {
		all = append(all, strings.TrimSpace(s.Reveal()))
	}
	for _, s := range all {
		if len(s) >= 4 {
			out = append(out, s)
		}
	}
	return out
}
