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

	"github.com/eclipse/paho.mqtt.golang/packets"
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
	closed   bool
}

func listen(pieces [][]byte, fast bool, asked ...[]byte) *heard {
	h := &heard{}
	w := &wire{pieces: pieces}
	c := New(w, Config{Gen: raw.NewGeneration(1), Feed: &h.feed, Fast: fast, Push: func(run []raw.Message) {
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

func TestPacketsThatMustNotBeEndTheConnection(t *testing.T) {
	long := func(kind byte, n int) []byte { return []byte{kind, byte(n) | 0x80, byte(n>>7) | 0x80, byte(n >> 14)} }
	for name, c := range map[string]struct {
		stream []byte
		says   string
	}{
		"a length of five bytes":       {join(connack, []byte{0x30, 0x80, 0x80, 0x80, 0x80, 1}), "four bytes"},
		"268 MB":                       {join(connack, []byte{0x30, 0xff, 0xff, 0xff, 0x7f}), "268435455"},
		"a PUBLISH before CONNACK":     {publish("a", nil), "before CONNACK"},
		"a SUBACK before CONNACK":      {[]byte{0x90, 3, 0, 1, 0}, "before CONNACK"},
		"QoS 1":                        {join(connack, []byte{0x32, 5, 0, 1, 'a', 0, 1}), "QoS 1"},
		"a PUBLISH without a topic":    {join(connack, []byte{0x30, 1, 0}), "expected a topic"},
		"an empty topic":               {join(connack, publish("", []byte("x"))), "empty topic"},
		"a topic past the end":         {join(connack, []byte{0x30, 3, 0, 9, 'a'}), "a topic of 9 bytes"},
		"a topic that is not UTF-8":    {join(connack, publish("a\xff", nil)), "UTF-8"},
		"a topic with a wildcard":      {join(connack, publish("a/+", nil)), "'+'"},
		"a topic with a NUL":           {join(connack, publish("a\x00", nil)), `'\x00'`},
		"a packet of more than 1 MiB":  {join(connack, long(0x30, MaxPacket+1)), "expected at most"},
		"CONNACK 9":                    {[]byte{0x20, 2, 0, 9}, "return code 9"},
		"CONNACK with flags":           {[]byte{0x20, 2, 2, 0}, "acknowledge flags"},
		"a CONNACK of three bytes":     {[]byte{0x20, 3, 0, 0, 0}, "CONNACK of 3 bytes"},
		"two CONNACKs":                 {join(connack, connack), "second CONNACK"},
		"flags where none may be":      {[]byte{0x21, 2, 0, 0}, "flags 0x1"},
		"a SUBACK nobody asked for":    {join(connack, []byte{0x90, 3, 0, 7, 0}), "never asked"},
		"an UNSUBACK nobody asked for": {join(connack, []byte{0xb0, 2, 0, 7}), "never asked"},
		"a SUBACK without codes":       {join(connack, []byte{0x90, 2, 0, 1}), "SUBACK of 2 bytes"},
		"a PINGRESP with a body":       {join(connack, []byte{0xd0, 1, 0}), "PINGRESP of 1 bytes"},
		"a CONNECT from the server":    {join(connack, []byte{0x10, 0}), "a CONNECT"},
		"a PUBREL":                     {join(connack, []byte{0x62, 2, 0, 1}), "a PUBREL"},
		"packet type 0":                {join(connack, []byte{0x00, 0}), "reserved packet 0"},
		"a SUBACK of more than 64 KiB": {join(connack, long(0x90, MaxControl+1)), "expected at most"},
	} {
		for _, most := range []int{1, 1 << 20} {
			h := listen(split(c.stream, 1, most), true)
			var protocol *ProtocolError
			if !errors.As(h.err, &protocol) || !strings.Contains(h.err.Error(), c.says) || !h.closed {
				t.Errorf("%s: %v (closed %v), want a word of %q", name, h.err, h.closed, c.says)
			}
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

// random makes a stream of packets that a server may send.
func random(rng *rand.Rand, n, large int) (stream []byte, asked []byte) {
	stream = append(stream, connack...)
	for i := range n {
		switch rng.IntN(12) {
		case 0:
			stream = append(stream, 0xd0, 0)
		case 1:
			asked = append(asked, subscribe(uint16(i+1), "x", "y")...)
			stream = append(stream, 0x90, 4, byte((i+1)>>8), byte(i+1), 0, 0x80)
		case 2:
			stream = append(stream, publish("$sys/x", make([]byte, rng.IntN(50)))...)
		case 3:
			stream = append(stream, publish("proto/large", make([]byte, rng.IntN(large)))...)
		default:
			payload := make([]byte, rng.IntN(500))
			for j := range payload {
				payload[j] = byte(rng.Uint32())
			}
			stream = append(stream, publish("proto/topic/bidofferv3/AOT", payload)...)
		}
	}
	return stream, asked
}

// reference reads a stream with paho's own reader.
func reference(stream []byte) (messages []raw.Message, control []byte, err error) {
	r := bytes.NewReader(stream)
	for r.Len() > 0 {
		before := len(stream) - r.Len()
		// Of a packet that is not whole paho would believe the length, up to 268 MB.
		if size, head, err := remaining(stream[before:]); err == nil && (head == 0 || head+size > r.Len()) {
			return messages, control, io.ErrUnexpectedEOF
		}
		p, err := packets.ReadPacket(r)
		if err != nil {
			return messages, control, err
		}
		if m, ok := p.(*packets.PublishPacket); ok && !strings.HasPrefix(m.TopicName, "$sys/") {
			messages = append(messages, raw.Message{Topic: []byte(m.TopicName), Payload: m.Payload})
			continue
		}
		control = append(control, stream[before:len(stream)-r.Len()]...)
	}
	return messages, control, nil
}

func same(t testing.TB, h *heard, messages []raw.Message, control []byte) {
	t.Helper()
	if len(h.messages) != len(messages) || !bytes.Equal(h.control, control) {
		t.Fatalf("%d messages and %d bytes of control, want %d and %d (%v)", len(h.messages), len(h.control), len(messages), len(control), h.err)
	}
	for i, m := range h.messages {
		if !bytes.Equal(m.Topic, messages[i].Topic) || !bytes.Equal(m.Payload, messages[i].Payload) {
			t.Fatalf("message %d is %q %x, want %q %x", i, m.Topic, m.Payload, messages[i].Topic, messages[i].Payload)
		}
	}
}

func TestWhatTheLaneDeliversIsWhatTheClientsOwnReaderDoesHoweverTheStreamIsCut(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 2))
		stream, asked := random(rng, 150, MaxPayload)
		messages, control, err := reference(stream)
		if err != nil {
			t.Fatal(err)
		}
		for _, most := range []int{11, 400, 70_000, 1 << 20} {
			for _, fast := range []bool{true, false} {
				h := listen(split(stream, seed, most), fast, asked)
				same(t, h, messages, control)
				for _, n := range h.runs {
					if n > MaxRun || (!fast && n != 1) {
						t.Fatalf("a run of %d, fast %v", n, fast)
					}
				}
				if h.feed.Received.Load() != uint64(len(messages)) || !errors.Is(h.err, io.EOF) {
					t.Fatalf("received %d of %d, %v", h.feed.Received.Load(), len(messages), h.err)
				}
			}
		}
	}
}

// FuzzLane holds the lane against paho's reader for every stream and every split of it: what
// the lane accepts paho reads alike, what paho refuses the lane never delivers. The lane is
// stricter on purpose (a server's packets alone, QoS 0, sizes, answers that were asked for),
// so it may end earlier, but never with something else.
func FuzzLane(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		stream, _ := random(rng, 20, 2000)
		f.Add(stream[4:], uint64(1))
	}
	f.Add([]byte{0x30, 0xff, 0xff, 0xff, 0x7f}, uint64(2))
	f.Add(publish("a/+", nil), uint64(3))
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64) {
		asked := join(subscribe(1, "a"), subscribe(2, "a", "b"), unsubscribe(3, "c"))
		whole := join(connack, stream)
		one := listen([][]byte{whole}, true, asked)
		cut := listen(split(whole, seed, 7), seed%2 == 0, asked)
		same(t, cut, one.messages, one.control)
		if (one.err == io.EOF) != (cut.err == io.EOF) {
			t.Fatalf("%v as one piece, %v in several", one.err, cut.err)
		}
		if one.feed.Oversized.Load() > 0 || one.feed.System.Load() > 0 {
			return // skipped here, read whole there
		}
		messages, control, err := reference(whole)
		if errors.Is(one.err, io.EOF) && err == nil {
			same(t, one, messages, control)
			return
		}
		if len(one.messages) > len(messages) || len(one.control) > len(control) {
			t.Fatalf("the lane delivered %d messages and %d bytes before %v, paho %d and %d before %v",
				len(one.messages), len(one.control), one.err, len(messages), len(control), err)
		}
	})
}

func BenchmarkLane(b *testing.B) {
	var stream []byte
	book := publish("proto/topic/bidofferv3/AOT", make([]byte, 357))
	for range 2000 {
		stream = append(stream, book...)
	}
	n := 0
	c := New(nil, Config{Gen: raw.NewGeneration(1), Feed: &ledger.Feed{}, Fast: true, Push: func(run []raw.Message) { n += len(run) }})
	c.greeted = true
	buf := make([]byte, 4096)
	b.ReportAllocs()
	b.SetBytes(int64(len(stream)))
	for b.Loop() {
		c.Conn, c.err = &wire{pieces: [][]byte{stream}}, nil
		for {
			if _, err := c.Read(buf); err != nil {
				break
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/message")
}
