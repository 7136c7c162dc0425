package sandbox

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/gorilla/websocket"

	"github.com/feedtree/feedtree/internal/lane"
	"github.com/feedtree/feedtree/internal/settrade"
)

// rawClient speaks MQTT packet by packet, so that a test sees what an ordinary client hides.
type rawClient struct {
	net.Conn
	ws *websocket.Conn
	r  *bufio.Reader
	id uint16
}

// upgrade opens the WebSocket with a token of its own; p is nil for TCP. Without a
// connection it gives the status that the upgrade was answered with.
func upgrade(t *testing.T, x *Exchange, p *Pipe) (*rawClient, int) {
	t.Helper()
	dial := (&net.Dialer{}).DialContext
	if p != nil {
		dial = p.Dial
	}
	rest := restClient(t, x, func(c *settrade.Config) { c.NetDial = dial })
	defer rest.CloseIdle()
	token, err := rest.Login(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d, err := rest.Dispatcher(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	dialer := websocket.Dialer{NetDialContext: dial, TLSClientConfig: trust(x), Subprotocols: []string{"mqtt"}}
	ws, answer, err := dialer.DialContext(t.Context(), "wss://"+d.Hosts[0]+"/api/dispatcher/v3/098/mqtt", http.Header{"Authorization": {d.Authorization()}})
	if errors.Is(err, websocket.ErrBadHandshake) {
		return nil, answer.StatusCode
	}
	if err != nil {
		t.Fatal(err)
	}
	c := &rawClient{Conn: lane.WebSocket(ws), ws: ws}
	c.r = bufio.NewReader(c.Conn)
	t.Cleanup(func() { ws.NetConn().Close() })
	return c, http.StatusSwitchingProtocols
}

// joined is upgrade and CONNECT; it gives the CONNACK's code.
func joined(t *testing.T, x *Exchange, p *Pipe) (*rawClient, byte) {
	t.Helper()
	c, status := upgrade(t, x, p)
	if c == nil {
		t.Fatalf("the upgrade was answered %d", status)
	}
	c.connect(t, 0)
	ack, ok := c.next(t).(*packets.ConnackPacket)
	if !ok {
		t.Fatal("no CONNACK")
	}
	return c, ack.ReturnCode
}

// connect sends CONNECT with a keep-alive in seconds, 0 for none.
func (c *rawClient) connect(t *testing.T, keepAlive uint16) {
	t.Helper()
	p := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
	p.ProtocolName, p.ProtocolVersion, p.CleanSession, p.Keepalive = "MQTT", 4, true, keepAlive
	if err := p.Write(c); err != nil {
		t.Fatal(err)
	}
}

// subscribe asks; what the exchange answers is the next packet.
func (c *rawClient) subscribe(t *testing.T, topics ...string) {
	t.Helper()
	c.id++
	p := packets.NewControlPacket(packets.Subscribe).(*packets.SubscribePacket)
	p.MessageID, p.Topics, p.Qoss = c.id, topics, make([]byte, len(topics))
	if err := p.Write(c); err != nil {
		t.Fatal(err)
	}
}

// subscribed asks and wants every topic granted.
func (c *rawClient) subscribed(t *testing.T, topics ...string) {
	t.Helper()
	c.subscribe(t, topics...)
	ack, ok := c.next(t).(*packets.SubackPacket)
	if !ok || len(ack.ReturnCodes) != len(topics) {
		t.Fatalf("%v for %d topics", ack, len(topics))
	}
}

func (c *rawClient) ping(t *testing.T) {
	t.Helper()
	if err := packets.NewControlPacket(packets.Pingreq).Write(c); err != nil {
		t.Fatal(err)
	}
}

// next reads a packet; the connection must not end before.
func (c *rawClient) next(t *testing.T) packets.ControlPacket {
	t.Helper()
	p, err := packets.ReadPacket(c.r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// end reads on until the connection ends, and gives how, and what came before.
func (c *rawClient) end() (before []packets.ControlPacket, err error) {
	for {
		p, err := packets.ReadPacket(c.r)
		if err != nil {
			return before, err
		}
		before = append(before, p)
	}
}
