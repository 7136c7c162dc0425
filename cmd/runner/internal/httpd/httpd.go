// Package httpd is a running feed's door: what other sub-commands, probes and people ask of
// it, and how they do. On loopback everybody may look, and what changes something or shows
// orders wants the token that the process wrote for its own user. Off loopback, and wherever a
// token or an authority of clients is configured, nobody gets in who is not known, and who
// gets in may do everything. Requests of web pages are refused. What the door shows holds no
// secret, token or account number.
package httpd

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/net/netutil"

	"github.com/feedtree/feedtree/config"
)

// Handlers are the answers, by path, or by "POST path". Each runs on the request's goroutine.
// What changes something, or may show orders, is made with a Guard.
type Handlers map[string]func(w http.ResponseWriter, r *http.Request)

// Server is a listening door. Make one with Open.
type Server struct {
	http   *http.Server
	ln     net.Listener
	scheme string
	done   chan struct{}
	token  Token // of the process; "" where clients are known by something else
}

// Open opens the door that c describes; port 0 takes any free one. What it turns away is told
// to turned. Where the file of the process's token cannot be written, which is
// logged, everything that wants it is refused. An error about what is configured is a
// *config.Error; that of a port in use says what to do.
func Open(c config.HTTP, turned *Refusals, log *slog.Logger, handlers func(Guard) Handlers) (*Server, error) {
	return openWith(c, turned, log, handlers, defaultLimits)
}

// openWith is Open within other limits.
func openWith(c config.HTTP, turned *Refusals, log *slog.Logger, handlers func(Guard) Handlers, l limits) (*Server, error) {
	secure, err := newCerts(c.TLS, log)
	if err != nil {
		return nil, err
	}
	ln, err := bind(c.Addr)
	if err != nil {
		return nil, err
	}
	a := &access{loopback: ours(ln.Addr()), mutual: c.TLS.ClientCAFile != "", token: c.Token, turned: turned}
	if !a.loopback && (secure == nil || !a.authenticates()) {
		// The configuration was held to this before; but a name may turn out to be another
		// machine's idea of loopback.
		ln.Close()
		return nil, &config.Error{Key: "http.addr", Value: c.Addr, Reason: fmt.Sprintf("%s is not loopback: the door wants TLS there, and a token or clients' certificates", ln.Addr())}
	}
	var token Token
	guard := Guard(known)
	if !a.authenticates() {
		if token, err = NewToken(ln.Addr().String()); err != nil {
			log.Warn("what wants a token is refused", "event", "http_token_failed", "error", err.Error())
		}
		guard = a.wants(token)
	}
	s := serve(ln, secure, a, handlers(guard), log, l)
	s.token = token
	return s, nil
}

func bind(addr string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w; is another runner there? Choose another address with --addr, such as 127.0.0.1:0 for any free port", addr, cause(err))
	}
	return ln, nil
}

// ours says that nobody but this machine reaches an address.
func ours(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// limits bound what one client, or many, can cost the process.
type limits struct {
	connections            int // at a time; further ones wait
	header                 int // bytes
	body                   int64
	readHeader, read, idle time.Duration
	write                  time.Duration // of a whole answer; a stream moves its own deadline
}

// A slow client is let go before many of them could use up the descriptors that the feed
// needs for its own connection.
var defaultLimits = limits{connections: 64, header: 16 << 10, body: 64 << 10,
	readHeader: 5 * time.Second, read: 10 * time.Second, idle: time.Minute, write: 30 * time.Second}

func serve(ln net.Listener, secure *certs, a *access, h Handlers, log *slog.Logger, l limits) *Server {
	s := &Server{ln: netutil.LimitListener(ln, l.connections), scheme: "http://", done: make(chan struct{})}
	if secure != nil {
		// The server shakes hands on the connection's own goroutine, within readHeader.
		s.ln, s.scheme = tls.NewListener(s.ln, &tls.Config{GetConfigForClient: secure.config}), "https://"
	}
	s.http = &http.Server{
		Handler: http.MaxBytesHandler(a.over(mux(h)), l.body), MaxHeaderBytes: l.header,
		ReadHeaderTimeout: l.readHeader, ReadTimeout: l.read, IdleTimeout: l.idle, WriteTimeout: l.write,
		ErrorLog: stdlog.New(complaints{a.turned, slog.NewLogLogger(log.With("node", "http").Handler(), slog.LevelDebug)}, "", 0),
	}
	go func() {
		defer close(s.done)
		s.http.Serve(s.ln)
	}()
	return s
}

// cause peels off what net says of the address, which the caller says better.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// Addr is host:port as bound.
func (s *Server) Addr() string { return s.ln.Addr().String() }

// URL is the door's address for a browser.
func (s *Server) URL() string { return s.scheme + s.Addr() }

// Close ends the door: requests get a moment, streams are cut. It waits for the listener.
func (s *Server) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		s.http.Close()
	}
	<-s.done
	s.token.Forget(s.Addr())
}

func mux(h Handlers) http.Handler {
	m := http.NewServeMux()
	paths := make([]string, 0, len(h))
	for path, f := range h {
		paths = append(paths, path)
		if !strings.Contains(path, " ") {
			path = "GET " + path
		}
		m.HandleFunc(path, f)
	}
	m.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if _, known := h[r.URL.Path]; known {
			w.Header().Set("Allow", "GET")
			Fail(w, http.StatusMethodNotAllowed, "expected GET, got "+r.Method)
			return
		}
		Fail(w, http.StatusNotFound, "no such page; there are "+list(paths))
	})
	return m
}

// JSON answers with a value.
func JSON(w http.ResponseWriter, status int, v any) {
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		Fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(body, '\n'))
}

// Fail answers with an error.
func Fail(w http.ResponseWriter, status int, message string) {
	JSON(w, status, map[string]string{"error": message})
}
