package sandbox

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

func testCut(t *testing.T) {
	for how, want := range map[string]error{"close": io.ErrUnexpectedEOF, "rst": syscall.ECONNRESET} {
		x := startTest(t, nil)
		a, _ := joined(t, x, nil)
		b, _ := joined(t, x, nil)
		if f := strike(t, x, Fault{Kind: "cut", How: how}); f.Hits != 2 {
			t.Errorf("%s struck %d of 2", how, f.Hits)
		}
		for _, c := range []*rawClient{a, b} {
			if _, err := c.end(); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", how, err, want)
			}
		}
		if c, code := joined(t, x, nil); c == nil || code != 0 {
			t.Errorf("%s: the next connection: code %d", how, code)
		}
	}
}

func testRefuse(t *testing.T) {
	x, p := piped(t, nil)
	old, _ := joined(t, x, p)
	strike(t, x, Fault{Kind: "refuse", For: duration(5 * time.Second)})
	if c, status := upgrade(t, x, p); c != nil || status != http.StatusServiceUnavailable {
		t.Errorf("a new connection was answered %d", status)
	}
	old.ping(t)
	old.next(t)
	time.Sleep(5 * time.Second)
	if _, code := joined(t, x, p); code != 0 || x.Stats().Refused != 1 {
		t.Errorf("after its time: code %d, %d refused", code, x.Stats().Refused)
	}
}

func testDrop(t *testing.T) {
	x, p := piped(t, nil)
	old, _ := joined(t, x, p)
	for _, after := range []time.Duration{0, 2 * time.Second} {
		strike(t, x, Fault{Kind: "drop", Delay: duration(after)})
		c, code := joined(t, x, p)
		began := time.Now()
		if _, err := c.end(); code != 0 || err == nil || time.Since(began) != after {
			t.Errorf("code %d, ended after %v with %v, want 0 and %v", code, time.Since(began), err, after)
		}
	}
	old.ping(t)
	old.next(t)
	if n := x.Stats().Connections; n != 3 {
		t.Errorf("%d connections", n)
	}
}

func testConnack(t *testing.T) {
	x, p := piped(t, nil)
	for _, want := range []int{1, 5, 9, 255} {
		strike(t, x, Fault{Kind: "connack", Code: want})
		c, code := joined(t, x, p)
		if _, err := c.end(); int(code) != want || err == nil {
			t.Errorf("code %d, want %d; the end: %v", code, want, err)
		}
	}
}

func testHalfopen(t *testing.T) {
	x, p := piped(t, nil)
	c, _ := upgrade(t, x, p)
	c.connect(t, 10)
	c.next(t)
	c.subscribed(t, aot)
	strike(t, x, Fault{Kind: "halfopen"})
	x.Publish(aot, []byte{1}, 3)
	c.ping(t)
	packet := make(chan packets.ControlPacket)
	ended := make(chan error, 1)
	go func() {
		for {
			m, err := packets.ReadPacket(c.r)
			if err != nil {
				ended <- err
				return
			}
			packet <- m
		}
	}()
	time.Sleep(time.Minute) // six times the keep-alive: the broker has given the client up
	select {
	case m := <-packet:
		t.Errorf("%v came through", m)
	case err := <-ended:
		t.Error("the end came through:", err)
	default:
	}
	if s := x.Stats(); s.Swallowed != 3 || s.Delivered != 0 {
		t.Errorf("%+v", s)
	}
	late, status := upgrade(t, x, p)
	if late == nil {
		t.Fatal(status)
	}
	late.connect(t, 0)
	x.Heal()
	if err := <-ended; err == nil {
		t.Error("no end")
	}
	late.connect(t, 0)
	if ack, ok := late.next(t).(*packets.ConnackPacket); !ok || ack.ReturnCode != 0 {
		t.Error("healed, and no CONNACK")
	}
}

func testSingle(t *testing.T) {
	x, p := piped(t, nil)
	first, _ := joined(t, x, p)
	second, _ := joined(t, x, p)
	if f := strike(t, x, Fault{Kind: "single"}); f.Hits != 1 {
		t.Errorf("struck %d", f.Hits)
	}
	if _, err := first.end(); err == nil {
		t.Error("the older of two stays")
	}
	second.ping(t)
	second.next(t)
	third, _ := joined(t, x, p)
	if _, err := second.end(); err == nil {
		t.Error("the one before stays")
	}
	synctest.Wait()
	if s := x.Stats(); s.OpenConnections != 1 || s.Evicted != 2 || hits(x, "single") != 2 {
		t.Errorf("%+v, %d hits", s, hits(x, "single"))
	}
	third.ping(t)
	third.next(t)
	x.Heal()
	joined(t, x, p)
	if n := x.Stats().OpenConnections; n != 2 {
		t.Errorf("healed, and %d connections", n)
	}
}

func testHostile(t *testing.T) {
	sent := map[string]func(p []byte, err error) bool{
		"huge": func(p []byte, _ error) bool {
			return len(p) > 5 && p[0] == 0x30 && lengthOf(p) == 268_435_455
		},
		"suback": func(p []byte, _ error) bool {
			return bytes.Equal(p, []byte{0x90, 5, 0, 1, 0, 0, 0})
		},
		"publish_cut": func(p []byte, err error) bool {
			return len(p) > 5 && p[0] == 0x30 && len(p) < packetLength(p) && err != nil
		},
		"text": func(p []byte, _ error) bool { return string(p) == "a text frame" },
		"oversized": func(p []byte, _ error) bool {
			topic := int(binary.BigEndian.Uint16(p[4:]))
			return p[0] == 0x30 && len(p) == packetLength(p) && lengthOf(p)-2-topic > 64<<10
		},
		"qos1":    func(p []byte, _ error) bool { return p[0] == 0x32 && len(p) == packetLength(p) },
		"garbage": func(p []byte, _ error) bool { return p[0]>>4 == 15 },
		"unasked": func(p []byte, _ error) bool { return bytes.Equal(p, appendPublish(nil, hostileTopic, p[len(p)-9:])) },
	}
	if got := slices.Sorted(maps.Keys(sent)); !slices.Equal(got, slices.Sorted(slices.Values(hostileHows))) {
		t.Errorf("held to their words: %v of %v", got, hostileHows)
	}
	x, p := piped(t, nil)
	for how, is := range sent {
		c, _ := joined(t, x, p)
		c.subscribed(t, aot, ptt)
		if f := strike(t, x, Fault{Kind: "hostile", How: how}); f.Hits != 1 {
			t.Errorf("%s struck %d", how, f.Hits)
		}
		_, packet, err := c.ws.ReadMessage()
		if err != nil {
			t.Fatal(how, err)
		}
		if how == "publish_cut" {
			_, _, err = c.ws.ReadMessage()
		}
		if !is(packet, err) {
			t.Errorf("%s sent %d bytes, % x…; %v", how, len(packet), packet[:min(len(packet), 20)], err)
		}
		c.ws.NetConn().Close()
		synctest.Wait()
		x.cut(false)
		synctest.Wait()
	}
	if n := x.Stats().Delivered; n != 3 { // oversized, qos1 and unasked are packets, the others none that a client could count
		t.Errorf("%d counted as delivered", n)
	}
}
