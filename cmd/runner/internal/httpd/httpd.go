// Package httpd is a running feed's loopback door: what other sub-commands, probes and
// people ask of it. It listens on loopback only, answers GET, and where something is changed
// POST with a token, checks the Host header against rebinding, and refuses browsers'
// cross-origin requests. What it shows holds no secret, token or account number.
package httpd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/net/netutil"
)

// Handlers are the answers, by path, or by "POST path". Each runs on the request's goroutine.
// What changes something, or may show orders, is made with a Token's Guard.
type Handlers map[string]func(w http.ResponseWriter, r *http.Request)

// Server is a listening door. Make one with Listen.
type Server struct {
	http  *http.Server
	ln    net.Listener
	done  chan struct{}
	token Token
}

// Open is Listen with a token of its own, made once the address is bound. Where its file
// cannot be written, which is logged, everything that wants it is refused.
func Open(addr string, log *slog.Logger, handlers func(Token) Handlers) (*Server, error) {
	ln, err := bind(addr)
	if err != nil {
		return nil, err
	}
	token, err := NewToken(ln.Addr().String())
	if err != nil {
		log.Warn("what wants a token is refused", "event", "http_token_failed", "error", err.Error())
	}
	s := serve(ln, handlers(token), log, defaultLimits)
	s.token = token
	return s, nil
}

// Listen opens the door at addr, host:port with a loopback host; port 0 takes any free one.
// The error of a port in use says what to do.
func Listen(addr string, h Handlers, log *slog.Logger) (*Server, error) {
	ln, err := bind(addr)
	if err != nil {
		return nil, err
	}
	return serve(ln, h, log, defaultLimits), nil
}

func bind(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("http.addr %q: expected host:port, such as 127.0.0.1:9330", addr)
	}
	if !loopback(host) {
		return nil, fmt.Errorf("http.addr %q: expected a loopback address, 127.0.0.1 or localhost: what it shows is not for the network", addr)
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w; is another runner there? Choose another address with --addr, such as 127.0.0.1:0 for any free port", addr, cause(err))
	}
	return ln, nil
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

func serve(ln net.Listener, h Handlers, log *slog.Logger, l limits) *Server {
	s := &Server{ln: netutil.LimitListener(ln, l.connections), done: make(chan struct{})}
	s.http = &http.Server{
		Handler: http.MaxBytesHandler(guard(mux(h)), l.body), MaxHeaderBytes: l.header,
		ReadHeaderTimeout: l.readHeader, ReadTimeout: l.read, IdleTimeout: l.idle, WriteTimeout: l.write,
		ErrorLog: slog.NewLogLogger(log.With("node", "http").Handler(), slog.LevelDebug),
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
func (s *Server) URL() string { return "http://" + s.Addr() }

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

// guard refuses what a browser on this machine could be tricked into asking.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		switch {
		case !loopback(strings.Trim(host, "[]")):
			Fail(w, http.StatusForbidden, "the Host header names no loopback address")
		case r.Header.Get("Origin") != "":
			Fail(w, http.StatusForbidden, "requests of web pages are refused")
		default:
			w.Header().Set("X-Content-Type-Options", "nosniff")
			w.Header().Set("Cache-Control", "no-store")
			next.ServeHTTP(w, r)
		}
	})
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
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
