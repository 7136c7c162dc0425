package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// rejections is the topic on which the exchange says that it refuses a subscription.
const rejections = "$sys/u/_broker/_uref/error/subscribe"

func rejection(topics []string) []byte {
	type entry struct {
		Topic   string `json:"topicFilter"`
		Message string `json:"errorMessage"`
	}
	var list []entry
	for _, t := range topics {
		list = append(list, entry{t, "not permitted"})
	}
	body, _ := json.Marshal(map[string]any{"rejectSubscriptions": list})
	return body
}

// newBroker makes the MQTT broker. It speaks the protocol; what it would be too slow for, the
// market's messages, goes past it to the wires.
func newBroker(x *Exchange) (*mqtt.Server, error) {
	caps := mqtt.NewDefaultServerCapabilities()
	caps.MaximumPacketSize = 256 << 10
	caps.MaximumQos = 0 // the feed knows no other
	b := mqtt.New(&mqtt.Options{Capabilities: caps, Logger: x.cfg.Log, SysTopicResendInterval: 3600})
	if err := b.AddHook(&hook{x: x}, nil); err != nil {
		return nil, err
	}
	return b, b.Serve()
}

// hook lets the exchange see what clients ask of the broker.
type hook struct {
	mqtt.HookBase
	x *Exchange
}

func (h *hook) ID() string { return "exchange" }

func (h *hook) Provides(b byte) bool {
	return b == mqtt.OnConnectAuthenticate || b == mqtt.OnACLCheck || b == mqtt.OnSubscribe || b == mqtt.OnUnsubscribe
}

// OnConnectAuthenticate lets everyone in: the WebSocket's upgrade checked the token.
func (h *hook) OnConnectAuthenticate(*mqtt.Client, packets.Packet) bool { return true }

// OnACLCheck lets clients read and nobody write.
func (h *hook) OnACLCheck(_ *mqtt.Client, _ string, write bool) bool { return !write }

// OnSubscribe prepares what the SUBACK will bring about.
func (h *hook) OnSubscribe(cl *mqtt.Client, pk packets.Packet) packets.Packet {
	w, ok := cl.Net.Conn.(*wire)
	if !ok {
		return pk
	}
	a := ack{}
	changed, extra := false, 0
	for _, f := range pk.Filters {
		fault := h.x.faults.suback(f.Filter)
		code := byte(fault.Code)
		a.missing = a.missing || fault.Missing
		a.codes = append(a.codes, code)
		changed, extra = changed || code != 0, max(extra, fault.Extra)
		switch {
		case fault.Missing || code > 2:
		case h.x.faults.rejects(f.Filter):
			a.rejected = append(a.rejected, f.Filter)
		default:
			a.filters = append(a.filters, f.Filter)
		}
	}
	if a.codes = append(a.codes, make([]byte, extra)...); !changed && extra == 0 {
		a.codes = nil
	}
	w.mu.Lock()
	w.acks[pk.PacketID] = a
	w.asked.id, w.asked.topics = pk.PacketID, len(pk.Filters)
	w.mu.Unlock()
	return pk
}

// OnUnsubscribe stops publishing before the UNSUBACK is written.
func (h *hook) OnUnsubscribe(cl *mqtt.Client, pk packets.Packet) packets.Packet {
	if w, ok := cl.Net.Conn.(*wire); ok {
		var filters []string
		for _, f := range pk.Filters {
			filters = append(filters, f.Filter)
		}
		h.x.unsubscribe(w, filters)
	}
	return pk
}

// connect is the MQTT endpoint: it checks the token, upgrades, and hands the connection to
// the broker until it ends.
func (x *Exchange) connect(w http.ResponseWriter, r *http.Request) {
	if x.faults.on("refuse") {
		x.count.refused.Add(1)
		failure(w, http.StatusServiceUnavailable, "REFUSED", "new connections are refused")
		return
	}
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	until, ok := x.tokens.dispatcher(token)
	if !strings.EqualFold(kind, "Bearer") || !ok {
		failure(w, http.StatusUnauthorized, "UNAUTHORIZED", "expected the dispatcher's token in the Authorization header")
		return
	}
	up := websocket.Upgrader{Subprotocols: []string{"mqtt"}, ReadBufferSize: 4 << 10, WriteBufferSize: 64 << 10,
		CheckOrigin: func(*http.Request) bool { return true }} // the token is the check
	ws, err := up.Upgrade(w, r, nil)
	if err != nil {
		return // it has answered
	}
	c := newWire(x, ws)
	if !x.join(c, until) {
		c.kill(false)
		return
	}
	c.Conn.SetReadDeadline(time.Now().Add(10 * time.Second)) // until CONNECT; then it is the broker's keep-alive
	x.broker.EstablishConnection("wss", c)
	c.Close()
	<-c.done
	x.leave(c)
}
