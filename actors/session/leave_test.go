package session

import (
	"bytes"
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/gorilla/websocket"

	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/internal/settrade"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// lateBroker answers everything at once and writes what it had queued only then: behind the
// UNSUBACK, and even behind the DISCONNECT. Brokers do that whose answers pass by their queue.
type lateBroker struct {
	t     *testing.T
	queue int // messages
	ws    *websocket.Conn
}

func (b *lateBroker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ws, err := (&websocket.Upgrader{Subprotocols: []string{"mqtt"}}).Upgrade(w, r, nil)
	if err != nil {
		b.t.Error(err)
		return
	}
	defer ws.Close()
	b.ws = ws
	for {
		_, data, err := ws.ReadMessage()
		if err != nil {
			return
		}
		p, err := packets.ReadPacket(bytes.NewReader(data))
		if err != nil {
			b.t.Error(err)
			return
		}
		switch p := p.(type) {
		case *packets.ConnectPacket:
			b.write(packets.NewControlPacket(packets.Connack))
		case *packets.UnsubscribePacket:
			ack := packets.NewControlPacket(packets.Unsuback).(*packets.UnsubackPacket)
			ack.MessageID = p.MessageID
			b.write(ack)
		case *packets.DisconnectPacket:
			for range b.queue {
				time.Sleep(10 * time.Millisecond)
				m := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
				m.TopicName, m.Payload = "t", []byte("p")
				b.write(m)
			}
			return
		}
	}
}

func (b *lateBroker) write(p packets.ControlPacket) {
	var out bytes.Buffer
	p.Write(&out)
	if err := b.ws.WriteMessage(websocket.BinaryMessage, out.Bytes()); err != nil {
		b.t.Error("what was queued could not be written:", err)
	}
}

// brokerID is all of the REST API that a dial wants.
type brokerID struct{ REST }

func (brokerID) BrokerID() string { return "098" }

func TestAnOrderlyCloseReadsOnUntilTheBrokerHasWrittenAll(t *testing.T) {
	srv := httptest.NewTLSServer(&lateBroker{t: t, queue: 10})
	defer srv.Close()
	var mu sync.Mutex
	got := 0
	d := &Deps{
		REST: brokerID{}, Counts: &ledger.Connection{}, Feed: &ledger.Feed{}, TLS: &tls.Config{RootCAs: srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs},
		Config: Config{KeepAlive: 10 * time.Second, PingTimeout: 5 * time.Second, ConnectTimeout: 10 * time.Second, FastLane: true},
		Push:   func(run []raw.Message) { mu.Lock(); defer mu.Unlock(); got += len(run) },
	}
	l, err := d.dial(context.Background(), raw.NewGeneration(1), strings.TrimPrefix(srv.URL, "https://"),
		settrade.Dispatch{Token: "token", Type: "Bearer"}, linkEvents{lost: func(error) {}, rejected: func([]byte) {}})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	l.leave([]string{"t"}, 100, 10*time.Second)
	mu.Lock()
	defer mu.Unlock()
	if n := d.Feed.Received.Load(); n != 10 || got != 10 {
		t.Errorf("received %d and handed on %d of 10", n, got)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v after the broker had closed", took)
	}
}
