package sandbox

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
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
