package lane

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wire is a connection that delivers its pieces one read at a time, then EOF.
type wire struct {
	net.Conn
	pieces [][]byte
	closed bool
	wrote  bytes.Buffer
}

func (w *wire) Read(p []byte) (int, error) {
	if len(w.pieces) == 0 {
		return 0, io.EOF
	}
	n := copy(p, w.pieces[0])
	if w.pieces[0] = w.pieces[0][n:]; len(w.pieces[0]) == 0 {
		w.pieces = w.pieces[1:]
	}
	return n, nil
}

func (w *wire) Write(p []byte) (int, error) { return w.wrote.Write(p) }
func (w *wire) Close() error                { w.closed = true; return nil }

// split cuts a stream into pieces of 1 to most bytes.
func split(stream []byte, seed uint64, most int) (out [][]byte) {
	rng := rand.New(rand.NewPCG(seed, 1))
	for len(stream) > 0 {
		n := min(1+rng.IntN(most), len(stream))
		out, stream = append(out, stream[:n:n]), stream[n:]
	}
	return out
}

// heard is what came out of a lane.
type heard struct {
	messages []raw.Message
	runs     []int
	control  []byte
	feed     ledger.Feed
	err      error
	told     []error // by OnError
	closed   bool
}

func listen(pieces [][]byte, fast bool, asked ...[]byte) *heard {
	h := &heard{}
	w := &wire{pieces: pieces}
	c := New(w, Config{Gen: raw.NewGeneration(1), Feed: &h.feed, Fast: fast, OnError: func(err error) { h.told = append(h.told, err) },
		Push: func(run []raw.Message) {
			h.messages, h.runs = append(h.messages, run...), append(h.runs, len(run))
		}})
	for _, p := range asked {
		c.Write(p)
	}
	buf := make([]byte, 37)
	for {
		n, err := c.Read(buf)
		h.control = append(h.control, buf[:n]...)
		if err != nil {
			h.err, h.closed = err, w.closed
			return h
		}
	}
}

var connack = []byte{0x20, 2, 0, 0}

func publish(topic string, payload []byte) []byte {
	n := 2 + len(topic) + len(payload)
	p := []byte{0x30}
	for ; n >= 0x80; n >>= 7 {
		p = append(p, byte(n)|0x80)
	}
	p = append(p, byte(n))
	p = binary.BigEndian.AppendUint16(p, uint16(len(topic)))
	return append(append(p, topic...), payload...)
}

func subscribe(id uint16, topics ...string) []byte {
	body := binary.BigEndian.AppendUint16(nil, id)
	for _, t := range topics {
		body = append(append(binary.BigEndian.AppendUint16(body, uint16(len(t))), t...), 0)
	}
	return append([]byte{0x82, byte(len(body))}, body...)
}

func unsubscribe(id uint16, topic string) []byte {
	body := append(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, id), uint16(len(topic))), topic...)
	return append([]byte{0xa2, byte(len(body))}, body...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// Where paho is set, paho's own reader takes the stream: there the lane is stricter on purpose.
func TestPacketsThatMustNotBeEndTheConnection(t *testing.T) {
	long := func(kind byte, n int) []byte { return []byte{kind, byte(n) | 0x80, byte(n>>7) | 0x80, byte(n >> 14)} }
	for name, c := range map[string]struct {
		stream []byte
		op     string
		says   string
		paho   bool
	}{
		"a length of five bytes":       {join(connack, []byte{0x30, 0x80, 0x80, 0x80, 0x80, 1}), "PUBLISH", "four bytes", false},
		"268 MB":                       {join(connack, []byte{0x30, 0xff, 0xff, 0xff, 0x7f}), "PUBLISH", "268435455", false},
		"a PUBLISH before CONNACK":     {publish("a", nil), "PUBLISH", "before CONNACK", true},
		"a SUBACK before CONNACK":      {[]byte{0x90, 3, 0, 1, 0}, "SUBACK", "before CONNACK", true},
		"QoS 1":                        {join(connack, []byte{0x32, 5, 0, 1, 'a', 0, 1}), "PUBLISH", "QoS 1", true},
		"a PUBLISH without a topic":    {join(connack, []byte{0x30, 1, 0}), "PUBLISH", "expected a topic", false},
		"an empty topic":               {join(connack, publish("", []byte("x"))), "PUBLISH", "empty topic", true},
		"a topic past the end":         {join(connack, []byte{0x30, 3, 0, 9, 'a'}), "PUBLISH", "a topic of 9 bytes", false},
		"a topic that is not UTF-8":    {join(connack, publish("a\xff", nil)), "PUBLISH", "UTF-8", true},
		"a topic with a wildcard":      {join(connack, publish("a/+", nil)), "PUBLISH", "'+'", true},
		"a topic with a NUL":           {join(connack, publish("a\x00", nil)), "PUBLISH", `'\x00'`, true},
		"a packet of more than 1 MiB":  {join(connack, long(0x30, MaxPacket+1)), "PUBLISH", "expected at most", false},
		"CONNACK 9":                    {[]byte{0x20, 2, 0, 9}, "CONNACK", "return code 9", true},
		"CONNACK with flags":           {[]byte{0x20, 2, 2, 0}, "CONNACK", "acknowledge flags", true},
		"a CONNACK of three bytes":     {[]byte{0x20, 3, 0, 0, 0}, "CONNACK", "CONNACK of 3 bytes", true},
		"two CONNACKs":                 {join(connack, connack), "CONNACK", "second CONNACK", true},
		"flags where none may be":      {[]byte{0x21, 2, 0, 0}, "CONNACK", "flags 0x1", true},
		"a SUBACK nobody asked for":    {join(connack, []byte{0x90, 3, 0, 7, 0}), "SUBACK", "never asked", true},
		"an UNSUBACK nobody asked for": {join(connack, []byte{0xb0, 2, 0, 7}), "UNSUBACK", "never asked", true},
		"a SUBACK without codes":       {join(connack, []byte{0x90, 2, 0, 1}), "SUBACK", "SUBACK of 2 bytes", true},
		"a PINGRESP with a body":       {join(connack, []byte{0xd0, 1, 0}), "PINGRESP", "PINGRESP of 1 bytes", true},
		"a CONNECT from the server":    {join(connack, []byte{0x10, 0}), "CONNECT", "a CONNECT", false},
		"a PUBREL":                     {join(connack, []byte{0x62, 2, 0, 1}), "PUBREL", "a PUBREL", true},
		"packet type 0":                {join(connack, []byte{0x00, 0}), "reserved packet 0", "reserved packet 0", false},
		"packet type 15":               {join(connack, []byte{0xf0, 0}), "reserved packet 15", "reserved packet 15", false},
		"QoS 3":                        {join(connack, []byte{0x36, 5, 0, 1, 'a', 0, 1}), "PUBLISH", "QoS 3", true},
		"a SUBSCRIBE from the server":  {join(connack, subscribe(1, "a")), "SUBSCRIBE", "a SUBSCRIBE", true},
		"a DISCONNECT from the server": {join(connack, []byte{0xe0, 0}), "DISCONNECT", "a DISCONNECT", true},
		"a CONNACK after a refusal":    {join([]byte{0x20, 2, 0, 5}, connack), "CONNACK", "second CONNACK", true},
		"a PUBLISH after a refusal":    {join([]byte{0x20, 2, 0, 5}, publish("a", nil)), "PUBLISH", "before CONNACK", true},
		"a SUBACK of more than 64 KiB": {join(connack, long(0x90, MaxControl+1)), "SUBACK", "expected at most", false},
	} {
		for _, most := range []int{1, 1 << 20} {
			h := listen(split(c.stream, 1, most), true)
			var protocol *ProtocolError
			if !errors.As(h.err, &protocol) || !strings.Contains(h.err.Error(), c.says) || !h.closed {
				t.Errorf("%s: %v (closed %v), want a word of %q", name, h.err, h.closed, c.says)
			} else if protocol.Op != c.op || len(h.told) != 1 || h.told[0] != h.err {
				t.Errorf("%s: op %q, want %q; told %v", name, protocol.Op, c.op, h.told)
			}
		}
		if _, err := reference(c.stream); (err == nil) != c.paho {
			t.Errorf("%s: paho's own reader says %v", name, err)
		}
	}
}

func TestAnswersAreHeldToWhatWasAsked(t *testing.T) {
	for name, c := range map[string]struct {
		answer []byte
		ok     bool
	}{
		"as many codes":    {[]byte{0x90, 4, 0, 5, 0, 0x80}, true},
		"one too many":     {[]byte{0x90, 5, 0, 5, 0, 0, 0}, false},
		"one too few":      {[]byte{0x90, 3, 0, 5, 0}, false},
		"a code of 3":      {[]byte{0x90, 4, 0, 5, 0, 3}, false},
		"another packet":   {[]byte{0x90, 4, 0, 6, 0, 0}, false},
		"twice":            {[]byte{0x90, 4, 0, 5, 0, 0, 0x90, 4, 0, 5, 0, 0}, false},
		"an UNSUBACK":      {[]byte{0xb0, 2, 0, 9}, true},
		"UNSUBACK twice":   {[]byte{0xb0, 2, 0, 9, 0xb0, 2, 0, 9}, false},
		"UNSUBACK instead": {[]byte{0xb0, 2, 0, 5}, false},
	} {
		asked := join(subscribe(5, "a", "b"), unsubscribe(9, "c"))
		for _, pieces := range [][][]byte{{asked}, split(asked, 3, 4)} {
			h := listen([][]byte{join(connack, c.answer)}, true, pieces...)
			if ok := errors.Is(h.err, io.EOF); ok != c.ok {
				t.Errorf("%s: %v", name, h.err)
			}
		}
	}
}

func TestAnOversizedPayloadIsSkippedAndTheNextMessageArrives(t *testing.T) {
	big := publish("proto/big", make([]byte, MaxPayload+1))
	stream := join(connack, publish("a", []byte("1")), big, publish("b", []byte("2")), publish("$sys/big", make([]byte, MaxPayload+1)), publish("c", make([]byte, MaxPayload)))
	for _, most := range []int{1, 100, 5000, 1 << 20} {
		h := listen(split(stream, 1, most), true)
		if len(h.messages) != 3 || string(h.messages[1].Topic) != "b" || len(h.messages[2].Payload) != MaxPayload {
			t.Fatalf("pieces of %d: %d messages, %v", most, len(h.messages), h.err)
		}
		if h.feed.Received.Load() != 4 || h.feed.Oversized.Load() != 1 || h.feed.System.Load() != 1 {
			t.Fatalf("received %d, oversized %d, system %d", h.feed.Received.Load(), h.feed.Oversized.Load(), h.feed.System.Load())
		}
	}
}

func TestSystemMessagesAreTheClientsAndCountedApart(t *testing.T) {
	rejection := publish("$sys/u/_broker/_uref/error/subscribe", []byte(`{}`))
	h := listen([][]byte{join(connack, publish("a", nil), rejection, publish("b", nil), []byte{0xd0, 0})}, true)
	if want := join(connack, rejection, []byte{0xd0, 0}); !bytes.Equal(h.control, want) || h.feed.System.Load() != 1 || len(h.messages) != 2 {
		t.Errorf("control %q, want %q; %d messages", h.control, want, len(h.messages))
	}
}

func TestAClaimOf268MBAllocatesNothingLikeIt(t *testing.T) {
	claim := join(connack, []byte{0x30, 0xff, 0xff, 0xff, 0x7f})
	n := testing.AllocsPerRun(10, func() { listen([][]byte{claim}, true) })
	c := New(&wire{pieces: [][]byte{claim}}, Config{Gen: raw.NewGeneration(1), Feed: &ledger.Feed{}, Push: func([]raw.Message) {}})
	io.Copy(io.Discard, c)
	if cap(c.buf) > 2*pieceSize || n > 50 {
		t.Errorf("a buffer of %d bytes, %v allocations", cap(c.buf), n)
	}
}

func TestADeadlineLosesNothingOfWhatWasRead(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	var got []raw.Message
	c := New(ours, Config{Gen: raw.NewGeneration(1), Feed: &ledger.Feed{}, Fast: true, Push: func(run []raw.Message) { got = append(got, run...) }})
	defer c.Close()
	message := publish("a", []byte("payload"))
	go theirs.Write(join(connack, message[:5]))
	buf := make([]byte, 4)
	if n, err := c.Read(buf); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	c.SetReadDeadline(time.Now().Add(-time.Second))
	if _, err := c.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	c.SetReadDeadline(time.Time{})
	go func() { theirs.Write(message[5:]); theirs.Close() }()
	if _, err := c.Read(buf); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if len(got) != 1 || string(got[0].Payload) != "payload" {
		t.Fatalf("%v", got)
	}
}
