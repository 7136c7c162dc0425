package sandbox

import (
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"

	"github.com/feedtree/feedtree/test/sandbox/market"
)

// Exchange is a running sandbox. All methods are safe for concurrent use.
type Exchange struct {
	cfg    Config
	secret string
	key    *ecdsa.PublicKey
	caPEM  []byte
	market *market.Market
	broker *mqtt.Server
	tokens *tokens
	limits struct{ get, post limit }
	faults *faults

	listener, adminListener net.Listener
	servers                 []*http.Server
	quit                    chan struct{}
	wg                      sync.WaitGroup
	closing                 sync.Once
	release                 func() bool // lets go of the context

	publishing sync.Mutex // held while the market publishes by a table of routes

	mu     sync.Mutex
	closed bool
	wires  map[*wire]*time.Timer
	peak   int // the most wires at once
	routes atomic.Pointer[routes]

	count struct {
		logins, rejectedLogins, refreshes, dispatcherTokens, connections atomic.Uint64
		published, delivered, system, malformed, slowDropped, swallowed  atomic.Uint64
		rateLimited, refused, evicted, gets, posts                       atomic.Uint64
	}
}

// routes tell who subscribed to what. A table is never written to once published.
type routes struct {
	byID   [][]*wire // by the market's topic index
	byName map[string][]*wire
}

// Start makes an exchange and lets it listen. It ends with Close or with ctx.
func Start(ctx context.Context, cfg Config) (*Exchange, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	m, err := market.New(cfg.market())
	if err != nil {
		return nil, err
	}
	x := &Exchange{cfg: cfg, market: m, quit: make(chan struct{}), wires: map[*wire]*time.Timer{}, faults: newFaults()}
	x.tokens = newTokens(cfg.TokenTTL, cfg.TokenMark)
	x.limits.get, x.limits.post = limit{second: cfg.PerSecond, minute: cfg.PerMinute}, limit{second: cfg.PerSecond, minute: cfg.PerMinute}
	x.reroute()
	if x.secret, x.key, err = newSecret(cfg.Seed); err != nil {
		return nil, err
	}
	var leaf tls.Certificate
	if x.caPEM, leaf, err = certificates(); err != nil {
		return nil, fmt.Errorf("make the certificates: %w", err)
	}
	if err := x.listen(); err != nil {
		return nil, err
	}
	if x.broker, err = newBroker(x); err != nil {
		x.Close()
		return nil, fmt.Errorf("start the broker: %w", err)
	}
	x.serve(tls.NewListener(x.listener, &tls.Config{Certificates: []tls.Certificate{leaf}, MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"}}), x.api()) // HTTP/2 cannot upgrade to a WebSocket here
	if x.adminListener != nil {
		x.serve(x.adminListener, x.adminAPI())
	}
	if err := x.write(); err != nil {
		x.Close()
		return nil, err
	}
	if !cfg.Silent {
		x.wg.Go(x.pump)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.release = context.AfterFunc(ctx, func() { x.Close() })
	return x, nil
}

func (x *Exchange) listen() (err error) {
	if x.listener = x.cfg.Listener; x.listener == nil {
		if x.listener, err = net.Listen("tcp", x.cfg.Listen); err != nil {
			return fmt.Errorf("listen: %w; choose another port, 0 for any free one", err)
		}
	}
	if x.cfg.Admin == "" {
		return nil
	}
	if x.adminListener, err = net.Listen("tcp", x.cfg.Admin); err != nil {
		x.listener.Close()
		return fmt.Errorf("admin: %w; choose another port, 0 for any free one", err)
	}
	return nil
}

func (x *Exchange) serve(ln net.Listener, h http.Handler) {
	s := &http.Server{Handler: x.awaited(h), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 32 << 10,
		ReadTimeout: 30 * time.Second, WriteTimeout: 2 * time.Minute, // of REST; an upgrade takes both off
		ErrorLog: slog.NewLogLogger(x.cfg.Log.Handler(), slog.LevelDebug)}
	x.servers = append(x.servers, s)
	x.wg.Go(func() { s.Serve(ln) })
}

// awaited lets Close wait for the requests that are being answered, and for the clients'
// connections, which are such requests, too.
func (x *Exchange) awaited(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x.mu.Lock()
		if x.closed {
			x.mu.Unlock()
			failure(w, http.StatusServiceUnavailable, "CLOSED", "the exchange is closed")
			return
		}
		x.wg.Add(1)
		x.mu.Unlock()
		defer x.wg.Done()
		h.ServeHTTP(w, r)
	})
}

// Close ends the exchange within about two seconds. Closing twice is safe.
func (x *Exchange) Close() error {
	x.closing.Do(func() {
		close(x.quit)
		x.faults.heal()
		x.mu.Lock()
		x.closed = true
		if x.release != nil {
			x.release()
		}
		x.mu.Unlock()
		x.cut(false)
		for _, s := range x.servers {
			s.Close()
		}
		x.listener.Close()
		if x.broker != nil {
			ended := make(chan struct{})
			go func() { x.broker.Close(); close(ended) }()
			select {
			case <-ended:
			case <-time.After(2 * time.Second): // it may hang
			}
		}
	})
	ended := make(chan struct{})
	go func() { x.wg.Wait(); close(ended) }()
	select {
	case <-ended:
		return nil
	case <-time.After(2 * time.Second):
		return errors.New("close the exchange: a request did not end within 2s")
	}
}

// join takes a connection in, until its token ends unless the exchange lets it linger.
func (x *Exchange) join(w *wire, until time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return false
	}
	x.wires[w] = time.AfterFunc(time.Until(until), func() {
		if !x.cfg.Linger {
			w.kill(false)
		}
	})
	w.serial = x.count.connections.Add(1)
	x.evict()
	x.peak = max(x.peak, len(x.wires))
	return true
}

// evict ends all connections but the newest while there may be one alone, and says how many
// it ended; x.mu must be held.
func (x *Exchange) evict() (n int) {
	if _, on := x.faults.look("single", 0); !on {
		return 0
	}
	var newest uint64
	for w := range x.wires {
		newest = max(newest, w.serial)
	}
	for w := range x.wires {
		if w.serial != newest && w.kill(false) {
			n++
		}
	}
	x.faults.look("single", uint64(n))
	x.count.evicted.Add(uint64(n))
	return n
}

func (x *Exchange) leave(w *wire) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.wires[w].Stop()
	delete(x.wires, w)
	x.reroute()
}

// cut ends every connection at once and says how many there were.
func (x *Exchange) cut(reset bool) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	for w := range x.wires {
		w.kill(reset)
	}
	return len(x.wires)
}

// Publish sends a payload, as it is, count times to the subscribers of a topic, and says
// how many packets that made: none if the topic is mute.
func (x *Exchange) Publish(topic string, payload []byte, count int) int {
	packet := appendPublish(nil, topic, payload)
	n := 0
	if x.faults.mutes(topic) {
		return 0
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for w := range x.wires {
		var filters []string
		for f := range w.filters {
			filters = append(filters, f)
		}
		if !w.filters[topic] && !matchesAny(filters, topic) {
			continue
		}
		system := 0
		if strings.HasPrefix(topic, "$sys/") {
			system = 1
		}
		for range count {
			if w.append(packet, 1, system) {
				n++
			}
		}
		w.flush()
	}
	return n
}
