package session

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/gorilla/websocket"

	"github.com/feedtree/feedtree/internal/dial"
	"github.com/feedtree/feedtree/internal/lane"
	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/internal/settrade"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// rejections is where the exchange says that it refuses a subscription after a good SUBACK.
const rejections = "$sys/u/_broker/_uref/error/subscribe"

// link is one connection of one generation: a WebSocket of our own dial, the fast lane on
// it, and a paho client that sees only what the lane leaves.
type link struct {
	gen    *raw.Generation
	host   string
	ws     net.Conn
	lane   *lane.Conn
	client mqtt.Client
	ended  chan struct{} // closed when the reader has ended by itself
	cause  error         // of that; read it behind ended
	once   sync.Once
}

// maxHandshake is what may be read of a server before its upgrade is whole: certificates are a
// few kilobytes, the answer's headers one.
const maxHandshake = 256 << 10

func (d *Deps) netDial(ctx context.Context, network, addr string) (net.Conn, error) {
	if d.NetDial != nil {
		return d.NetDial(ctx, network, addr)
	}
	return (&net.Dialer{}).DialContext(ctx, network, addr)
}

// dial opens the WebSocket and speaks MQTT up to CONNACK 0. Every error has a class.
func (d *Deps) dial(ctx context.Context, gen *raw.Generation, host string, t settrade.Dispatch, events linkEvents) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, d.Config.ConnectTimeout)
	defer cancel()
	addr, err := settrade.HostPort(host)
	if err != nil {
		return nil, &Error{Op: "dial", Host: host, Class: ledger.FailProtocol, Err: err}
	}
	target := url.URL{Scheme: "wss", Host: addr, Path: "/api/dispatcher/v3/" + d.REST.BrokerID() + "/mqtt"}
	var conn *dial.Limited
	dialer := websocket.Dialer{
		TLSClientConfig: d.TLS.Clone(), Subprotocols: []string{"mqtt"},
		ReadBufferSize: 64 << 10, WriteBufferSize: 4 << 10, HandshakeTimeout: d.Config.ConnectTimeout,
		Proxy: http.ProxyFromEnvironment,
		NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := d.netDial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			conn = dial.Limit(c, maxHandshake)
			return conn, nil
		},
	}
	ws, answer, err := dialer.DialContext(ctx, target.String(), http.Header{"Authorization": {t.Authorization()}})
	if err != nil {
		return nil, dialError(ctx, host, answer, err)
	}
	conn.Lift() // from here on the lane bounds each packet
	l := &link{gen: gen, host: host, ws: lane.WebSocket(ws), ended: make(chan struct{})}
	l.lane = lane.New(l.ws, lane.Config{Gen: gen, Push: d.Push, Feed: d.Feed, Fast: d.Config.FastLane, OnError: d.violated})
	if err := l.connect(ctx, d, events); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// violated counts the end of a stream that the broker brought about by breaking the protocol.
// It is told with the loss, or with the attempt's failure, that follows from it.
func (d *Deps) violated(err error) {
	var p *lane.ProtocolError
	if errors.As(err, &p) {
		d.Counts.Violations[p.Kind].Inc()
	}
}

// linkEvents are what a link tells the session; both run on paho's goroutines.
type linkEvents struct {
	lost     func(error)
	rejected func(payload []byte)
}

func (l *link) connect(ctx context.Context, d *Deps, events linkEvents) error {
	o := mqtt.NewClientOptions().AddBroker("wss://" + l.host).SetClientID("").SetCleanSession(true).
		SetProtocolVersion(4). // else a refused CONNACK is dialled twice
		SetKeepAlive(d.Config.KeepAlive).SetPingTimeout(d.Config.PingTimeout).SetWriteTimeout(d.Config.PingTimeout).
		SetConnectTimeout(d.Config.ConnectTimeout).
		SetAutoReconnect(false).SetConnectRetry(false). // one client a generation: we supervise it
		SetOrderMatters(true).SetResumeSubs(false)
	used := false
	o.SetCustomOpenConnectionFn(func(*url.URL, mqtt.ClientOptions) (net.Conn, error) {
		if used {
			return nil, errors.New("a generation has one connection")
		}
		used = true
		return l.lane, nil
	})
	o.SetConnectionLostHandler(func(_ mqtt.Client, err error) {
		l.once.Do(func() {
			l.cause = err
			close(l.ended)
		})
		events.lost(err)
	})
	o.SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) {
		if m.Topic() == rejections {
			events.rejected(m.Payload())
		}
	})
	l.client = mqtt.NewClient(o)
	t := l.client.Connect()
	select {
	case <-t.Done():
	case <-ctx.Done():
		l.lane.Close() // the handshake's read ends with it
		<-t.Done()
		return &Error{Op: "connect", Host: l.host, Class: ledger.FailTransport, Err: fmt.Errorf("no CONNACK: %w", context.Cause(ctx))}
	}
	if code := t.(*mqtt.ConnectToken).ReturnCode(); t.Error() != nil || code != 0 {
		return connectError(l.host, code, t.Error())
	}
	return nil
}

// subscribe asks for the topics and waits for the answer: the granted code by topic, which
// lacks the topics that were not answered for.
func (l *link) subscribe(topics []string, wait time.Duration) map[string]byte {
	filters := make(map[string]byte, len(topics))
	for _, t := range topics {
		filters[t] = 0
	}
	t := l.client.SubscribeMultiple(filters, nil)
	if !t.WaitTimeout(wait) || t.Error() != nil {
		return nil
	}
	return t.(*mqtt.SubscribeToken).Result()
}

// unsubscribe lets go of the topics and reports whether the broker answered.
func (l *link) unsubscribe(topics []string, wait time.Duration) bool {
	t := l.client.Unsubscribe(topics...)
	return t.WaitTimeout(wait) && t.Error() == nil
}

// leave is the orderly close: unsubscribe, DISCONNECT, and read on until the server closes,
// so that whatever it had written is received. The UNSUBACK alone is no barrier: a broker may
// write it past what it has queued. All requests go out before the first answer is awaited,
// since in a roll-over what the new connection brings waits for this end. Each step is
// bounded by wait.
func (l *link) leave(topics []string, batch int, wait time.Duration) {
	var asked []mqtt.Token
	for part := range slices.Chunk(topics, batch) {
		asked = append(asked, l.client.Unsubscribe(part...))
	}
	over := time.Now().Add(wait)
	for _, t := range asked {
		if !t.WaitTimeout(time.Until(over)) || t.Error() != nil {
			break
		}
	}
	// Written past paho, whose own Disconnect closes the socket before it is read to its end.
	l.ws.SetWriteDeadline(time.Now().Add(wait))
	if _, err := l.ws.Write([]byte{0xE0, 0}); err == nil {
		end := time.NewTimer(wait)
		select {
		case <-l.ended:
		case <-end.C:
		}
		end.Stop()
	}
	l.close()
}

// close ends the connection at once. It returns when nothing reads it any more.
func (l *link) close() {
	l.lane.Close()
	if l.client != nil {
		l.client.Disconnect(0)
	}
}
