package sandbox

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/internal/settrade"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

// held says which test holds each kind of fault to its words.
var held = map[string]func(*testing.T){
	"cut":        testCut,
	"refuse":     virtually(testRefuse),
	"drop":       virtually(testDrop),
	"expire":     virtually(testExpire),
	"malform":    virtually(testMalform),
	"login":      virtually(testREST("login")),
	"refresh":    virtually(testREST("refresh")),
	"dispatcher": virtually(testREST("dispatcher")),
	"reject":     virtually(testReject),
	"suback":     virtually(testSuback),
	"connack":    virtually(testConnack),
	"mute":       virtually(testMute),
	"halfopen":   virtually(testHalfopen),
	"single":     virtually(testSingle),
	"duplicate":  virtually(testDuplicate),
	"delay":      virtually(testDelay),
	"rate":       virtually(testRate),
	"halt":       virtually(testHalt),
	"hostile":    virtually(testHostile),
}

func TestEveryFaultDoesWhatItSays(t *testing.T) {
	if got, want := slices.Sorted(maps.Keys(held)), slices.Sorted(maps.Keys(kinds)); !slices.Equal(got, want) {
		t.Errorf("tests for %v, kinds are %v", got, want)
	}
	for _, kind := range slices.Sorted(maps.Keys(held)) {
		t.Run(kind, held[kind])
	}
}

// virtually runs a test in a bubble of virtual time.
func virtually(test func(*testing.T)) func(*testing.T) {
	return func(t *testing.T) { synctest.Test(t, test) }
}

func strike(t *testing.T, x *Exchange, f Fault) Fault {
	t.Helper()
	out, err := x.Break(f)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// hits is how often the fault in force has struck.
func hits(x *Exchange, kind string) (n uint64) {
	for _, f := range x.faults.list() {
		if f.Kind == kind {
			n += f.Hits
		}
	}
	return n
}

var aot, ptt = topic.BidOffer("AOT"), topic.BidOffer("PTT")

func moving(c *Config) { c.Silent, c.Rate, c.Symbols = false, 1000, 5 }

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

func testExpire(t *testing.T) {
	x, p := piped(t, nil)
	rest := restClient(t, x, func(c *settrade.Config) { c.NetDial = p.Dial })
	defer rest.CloseIdle()
	token, err := rest.Login(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, _ := joined(t, x, p)
	if f := strike(t, x, Fault{Kind: "expire"}); f.Hits != 1 {
		t.Errorf("struck %d connections", f.Hits)
	}
	if _, err := c.end(); err == nil {
		t.Error("the connection did not end")
	}
	if _, err := rest.Dispatcher(t.Context(), token); settrade.ClassOf(err).String() != "auth" {
		t.Error("the access token:", err)
	}
	if _, err := rest.Refresh(t.Context(), token); settrade.ClassOf(err).String() != "auth" {
		t.Error("the refresh token:", err)
	}
	if _, err := rest.Login(t.Context()); err != nil {
		t.Error("a new login:", err)
	}
}

func testMalform(t *testing.T) {
	x, p := piped(t, moving)
	c, _ := joined(t, x, p)
	strike(t, x, Fault{Kind: "malform", Ratio: 0.5})
	c.subscribed(t, aot)
	const n = 200
	bad := 0
	for range n {
		m := c.next(t).(*packets.PublishPacket)
		if _, err := codec.DecodeTopic(m.TopicName, m.Payload, messages.Meta{}); err != nil {
			bad++
		}
	}
	if bad < n/2-1 || bad > n/2+1 || hits(x, "malform") < uint64(bad) {
		t.Errorf("%d of %d are bad, %d were made", bad, n, hits(x, "malform"))
	}
}

func testREST(kind string) func(*testing.T) {
	return func(t *testing.T) {
		x, p := piped(t, nil)
		rest := restClient(t, x, func(c *settrade.Config) { c.NetDial = p.Dial })
		defer rest.CloseIdle()
		token, err := rest.Login(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		call := func() error {
			switch kind {
			case "login":
				_, err = rest.Login(t.Context())
			case "refresh":
				_, err = rest.Refresh(t.Context(), token)
			default:
				_, err = rest.Dispatcher(t.Context(), token)
			}
			return err
		}
		var e *settrade.Error
		strike(t, x, Fault{Kind: kind, Status: 429, Body: `{"code":"C","message":"said"}`, Headers: map[string]string{"Retry-After": "7"}, Delay: duration(time.Second)})
		began := time.Now()
		if err := call(); !errors.As(err, &e) || e.Status != 429 || e.Message != "said" || e.RetryAfter != 7*time.Second || time.Since(began) != time.Second {
			t.Errorf("after %v: %+v", time.Since(began), err)
		}
		strike(t, x, Fault{Kind: kind, Redirect: "http://elsewhere.example/x"})
		if err := call(); err == nil || !strings.Contains(err.Error(), "redirects to http://elsewhere.example") {
			t.Error(err)
		}
		strike(t, x, Fault{Kind: kind, Delay: duration(3 * time.Second)})
		began = time.Now()
		if err := call(); err != nil || time.Since(began) != 3*time.Second || hits(x, kind) != 1 {
			t.Errorf("a delay alone: %v after %v", err, time.Since(began))
		}
	}
}

func testReject(t *testing.T) {
	x, p := piped(t, nil)
	c, _ := joined(t, x, p)
	c.subscribed(t, rejections)
	c.subscribed(t, aot, ptt)
	if f := strike(t, x, Fault{Kind: "reject", Topic: aot}); f.Hits != 1 {
		t.Errorf("struck %d", f.Hits)
	}
	said := func() {
		t.Helper()
		m := c.next(t).(*packets.PublishPacket)
		if want := `{"rejectSubscriptions":[{"topicFilter":"` + aot + `","errorMessage":"not permitted"}]}`; m.TopicName != rejections || string(m.Payload) != want {
			t.Errorf("%s on %s", m.Payload, m.TopicName)
		}
	}
	said()
	c.subscribed(t, aot) // a good SUBACK, and then
	said()
	if n, others := x.Publish(aot, []byte{1}, 1), x.Publish(ptt, []byte{1}, 1); n != 0 || others != 1 {
		t.Errorf("the topic was published to %d, another to %d", n, others)
	}
	c.next(t)
	if s := x.Stats(); s.System != 2 || s.Delivered != 1 {
		t.Errorf("%+v", s)
	}
}

func testSuback(t *testing.T) {
	x, p := piped(t, nil)
	c, _ := joined(t, x, p)
	ask := func(f Fault, topics ...string) []byte {
		t.Helper()
		x.Heal()
		f.Kind = "suback"
		strike(t, x, f)
		c.subscribe(t, topics...)
		ack := c.next(t).(*packets.SubackPacket)
		if ack.MessageID != c.id {
			t.Errorf("packet %d, want %d", ack.MessageID, c.id)
		}
		return ack.ReturnCodes
	}
	if codes := ask(Fault{}, aot, ptt); !bytes.Equal(codes, []byte{128, 128}) {
		t.Errorf("%v, want both refused", codes)
	}
	if codes := ask(Fault{Topic: aot, Code: 0x80}, aot, ptt); !bytes.Equal(codes, []byte{128, 0}) {
		t.Errorf("%v, want one refused", codes)
	}
	if codes := ask(Fault{Extra: 3}, aot); !bytes.Equal(codes, []byte{0, 0, 0, 0}) {
		t.Errorf("%v, want three more", codes)
	}
	if codes := ask(Fault{Topic: ptt, Extra: 1}, ptt); !bytes.Equal(codes, []byte{0, 0}) {
		t.Errorf("%v, want one more", codes)
	}
	if codes := ask(Fault{}, rejections); !bytes.Equal(codes, []byte{0}) {
		t.Errorf("%v for the exchange's own topic", codes)
	}
	x.Heal()
	strike(t, x, Fault{Kind: "suback", Missing: true})
	c.subscribe(t, topic.BidOffer("KTB"))
	c.ping(t)
	if _, ok := c.next(t).(*packets.PingrespPacket); !ok {
		t.Error("it was answered")
	}
	if x.Publish(topic.BidOffer("KTB"), []byte{1}, 1) != 0 {
		t.Error("it is published to")
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

func testMute(t *testing.T) {
	x, p := piped(t, moving)
	strike(t, x, Fault{Kind: "mute", Topic: aot})
	c, _ := joined(t, x, p)
	c.subscribed(t, aot, ptt)
	for range 100 {
		if m := c.next(t).(*packets.PublishPacket); m.TopicName != ptt {
			t.Fatal("published", m.TopicName)
		}
	}
	if x.Publish(aot, []byte{1}, 1) != 0 {
		t.Error("Publish passed a mute topic")
	}
	x.Heal()
	for c.next(t).(*packets.PublishPacket).TopicName != aot {
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

func testDuplicate(t *testing.T) {
	x, p := piped(t, moving)
	c, _ := joined(t, x, p)
	strike(t, x, Fault{Kind: "duplicate", Ratio: 1})
	c.subscribed(t, aot)
	for range 50 {
		one, two := c.next(t).(*packets.PublishPacket), c.next(t).(*packets.PublishPacket)
		if !bytes.Equal(one.Payload, two.Payload) {
			t.Fatal("two that differ")
		}
	}
}

func testDelay(t *testing.T) {
	x, p := piped(t, nil)
	c, _ := joined(t, x, p)
	c.subscribed(t, aot)
	strike(t, x, Fault{Kind: "delay", Delay: duration(80 * time.Millisecond)})
	began := time.Now()
	x.Publish(aot, []byte{1}, 1)
	c.next(t)
	if took := time.Since(began); took != 80*time.Millisecond {
		t.Errorf("it took %v", took)
	}
}

func testRate(t *testing.T) {
	x, _ := piped(t, moving)
	for rate, want := range map[float64]uint64{0: 0, 100: 500, 5000: 25_000} {
		strike(t, x, Fault{Kind: "rate", PerSecond: rate})
		time.Sleep(pumpIdle) // a slow market looks up no oftener
		before := x.Stats().Published
		time.Sleep(5 * time.Second)
		if n := x.Stats().Published - before; n+10 < want || n > want+10 {
			t.Errorf("%d in 5 s at %v a second", n, rate)
		}
	}
}

func testHalt(t *testing.T) {
	x, p := piped(t, moving)
	c, _ := joined(t, x, p)
	c.subscribed(t, topic.PriceInfo("AOT"))
	status := func() messages.MarketStatus {
		m := c.next(t).(*packets.PublishPacket)
		e, err := codec.DecodeTopic(m.TopicName, m.Payload, messages.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		return e.(*messages.PriceInfo).Data().MarketStatus
	}
	if s := status(); s == messages.MarketStatusHaltE {
		t.Error("halted before")
	}
	strike(t, x, Fault{Kind: "halt"})
	for status() != messages.MarketStatusHaltE {
	}
	x.Heal()
	for status() == messages.MarketStatusHaltE {
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
