package lane

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/feedtree/feedtree/internal/raw"
)

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

// read is what a stream holds in the words of paho's own reader.
type read struct {
	messages          []raw.Message
	control           []byte
	oversized, system uint64
}

// reference reads a stream with paho's own reader, and leaves out what the lane skips.
func reference(stream []byte) (got read, err error) {
	r := bytes.NewReader(stream)
	for r.Len() > 0 {
		before := len(stream) - r.Len()
		// Of a packet that is not whole paho would believe the length, up to 268 MB.
		if size, head, err := remaining(stream[before:]); err == nil && (head == 0 || head+size > r.Len()) {
			return got, io.ErrUnexpectedEOF
		}
		p, err := packets.ReadPacket(r)
		if err != nil {
			return got, err
		}
		packet := stream[before : len(stream)-r.Len()]
		m, ok := p.(*packets.PublishPacket)
		own := ok && strings.HasPrefix(m.TopicName, "$sys/")
		large := ok && len(m.Payload) > MaxPayload
		if own {
			got.system++
		}
		switch {
		case large && !own:
			got.oversized++
		case ok && !own:
			got.messages = append(got.messages, raw.Message{Topic: []byte(m.TopicName), Payload: m.Payload})
		case !large:
			got.control = append(got.control, packet...)
		}
	}
	return got, nil
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
		stream, asked := random(rng, 150, MaxPayload+MaxPayload/4)
		want, err := reference(stream)
		if err != nil {
			t.Fatal(err)
		}
		for _, most := range []int{11, 400, 70_000, 1 << 20} {
			for _, fast := range []bool{true, false} {
				h := listen(split(stream, seed, most), fast, asked)
				same(t, h, want.messages, want.control)
				for _, n := range h.runs {
					if n > MaxRun || (!fast && n != 1) {
						t.Fatalf("a run of %d, fast %v", n, fast)
					}
				}
				if h.feed.Received.Load() != uint64(len(want.messages))+want.oversized || !errors.Is(h.err, io.EOF) {
					t.Fatalf("received %d of %d, %v", h.feed.Received.Load(), len(want.messages), h.err)
				}
			}
		}
	}
}

// FuzzLaneAgainstPaho holds the lane against paho's reader for every stream and every split
// of it. A stream that the lane takes to its end paho takes too, with the same messages and
// the same control packets, so whatever paho refuses the lane refuses. Where the lane is
// stricter (the package comment says in what) it ends with a *ProtocolError, and what it
// delivered until then is what paho read first.
func FuzzLaneAgainstPaho(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		stream, _ := random(rng, 20, 2000)
		f.Add(stream[4:], uint64(1))
	}
	f.Add([]byte{0x30, 0xff, 0xff, 0xff, 0x7f}, uint64(2))
	f.Add(publish("a/+", nil), uint64(3))
	f.Add(join([]byte{0x90, 4, 0, 2, 0, 0x80}, publish("a", []byte("x")), []byte{0xb0, 2, 0, 3, 0xd0, 0}), uint64(4))
	f.Add(join(publish("a", nil), publish("b", make([]byte, MaxPayload+1)), publish("$sys/c", []byte("d"))), uint64(5))
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64) {
		asked := join(subscribe(1, "a"), subscribe(2, "a", "b"), unsubscribe(3, "c"))
		whole := join(connack, stream)
		one := listen([][]byte{whole}, true, asked)
		cut := listen(split(whole, seed, 1+int(seed%300)), seed%2 == 0, asked)
		same(t, cut, one.messages, one.control)
		if one.err.Error() != cut.err.Error() {
			t.Fatalf("%v as one piece, %v in several", one.err, cut.err)
		}
		want, err := reference(whole)
		var protocol *ProtocolError
		switch {
		case one.err == io.EOF && err != nil:
			t.Fatalf("the lane took what paho refuses: %v", err)
		case one.err == io.EOF, errors.Is(one.err, io.ErrUnexpectedEOF):
			same(t, one, want.messages, want.control)
			if n := one.feed.Received.Load() - one.feed.Oversized.Load(); n != uint64(len(want.messages)) {
				t.Fatalf("%d received and not oversized, %d messages", n, len(want.messages))
			}
			if one.err == io.EOF && (one.feed.Oversized.Load() != want.oversized || one.feed.System.Load() != want.system) {
				t.Fatalf("%d oversized and %d system, want %d and %d", one.feed.Oversized.Load(), one.feed.System.Load(), want.oversized, want.system)
			}
		case !errors.As(one.err, &protocol):
			t.Fatalf("the lane ended with %v", one.err)
		case len(one.messages) > len(want.messages) || !bytes.HasPrefix(want.control, one.control):
			t.Fatalf("the lane delivered %d messages and %x before %v, paho %d and %x before %v",
				len(one.messages), one.control, one.err, len(want.messages), want.control, err)
		default:
			same(t, one, want.messages[:len(one.messages)], one.control)
		}
	})
}
