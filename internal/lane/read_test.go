package lane

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

func TestMessagesAreHandedOnBeforeTheControlBytesThatFollowThem(t *testing.T) {
	rejection := publish("$sys/x", []byte("{}"))
	stream := join(connack, publish("a", nil), publish("b", nil), []byte{0xd0, 0}, publish("c", nil), rejection, publish("d", nil))
	var order []string
	c := New(&wire{pieces: [][]byte{stream}}, Config{Gen: raw.NewGeneration(1), Feed: &ledger.Feed{}, Fast: true, Push: func(run []raw.Message) {
		topics := ""
		for _, m := range run {
			topics += string(m.Topic)
		}
		order = append(order, topics)
	}})
	buf := make([]byte, 64)
	for {
		n, err := c.Read(buf)
		if err != nil {
			break
		}
		order = append(order, map[byte]string{0x20: "CONNACK", 0x30: "$sys", 0xd0: "PINGRESP"}[buf[0]])
		if n < 2 {
			t.Fatal("a packet came in pieces through a large buffer")
		}
	}
	if want := []string{"CONNACK", "ab", "PINGRESP", "c", "$sys", "d"}; !slices.Equal(order, want) {
		t.Errorf("%v, want %v", order, want)
	}
}

func TestARunIsWhatOneReadCompletedAndSharesItsStamp(t *testing.T) {
	book := publish("a", []byte("1"))
	first, second := join(connack, book, book, book[:3]), join(book[3:], bytes.Repeat(book, MaxRun+9))
	before := clock.Now()
	h := listen([][]byte{first, second}, true)
	if want := []int{2, MaxRun, 10}; !slices.Equal(h.runs, want) {
		t.Fatalf("runs of %v, want %v", h.runs, want)
	}
	stamp := func(i int) clock.Stamp { return clock.Stamp{Wall: h.messages[i].Wall, Mono: h.messages[i].Mono} }
	last := len(h.messages) - 1
	if stamp(0) != stamp(1) || stamp(2) != stamp(last) || stamp(0).Mono > stamp(2).Mono || stamp(0).Mono < before.Mono {
		t.Errorf("stamps %v %v, %v %v", stamp(0), stamp(1), stamp(2), stamp(last))
	}
}

func TestAMessageIsNeverWrittenToAgain(t *testing.T) {
	var stream []byte
	for i := range 3000 {
		stream = append(stream, publish("a", bytes.Repeat([]byte{byte(i)}, 100+i%300))...)
		if i%500 == 0 { // its room is used again
			stream = append(stream, publish("large", bytes.Repeat([]byte{0xff}, MaxPayload+1+i))...)
		}
	}
	for _, most := range []int{50, 5000, 1 << 20} {
		h := listen(split(join(connack, stream), 5, most), true)
		if len(h.messages) != 3000 {
			t.Fatalf("%d messages, %v", len(h.messages), h.err)
		}
		for i, m := range h.messages {
			if want := bytes.Repeat([]byte{byte(i)}, 100+i%300); !bytes.Equal(m.Payload, want) || cap(m.Payload) != len(want) || cap(m.Topic) != 1 {
				t.Fatalf("message %d is %x…", i, m.Payload[:4])
			}
		}
	}
}

// endless is a stream that never ends: a small message, then one that is skipped.
type endless struct {
	net.Conn
	unit []byte
	at   int
	left int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := copy(p, e.unit[e.at:])
	e.at, e.left = (e.at+n)%len(e.unit), e.left-n
	return n, nil
}

func (e *endless) Close() error { return nil }

func TestSkippingUsesNoMemoryUp(t *testing.T) {
	const units = 100
	unit := join(publish("a", []byte("1")), publish("large", make([]byte, MaxPacket-7)))
	drained := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			c := counting(&n, true)
			c.Conn = &endless{unit: unit, left: units * len(unit)}
			if io.Copy(io.Discard, c); n != units {
				b.Fatalf("%d messages, want %d (%v)", n, units, c.err)
			}
		}
	})
	if got := drained.AllocedBytesPerOp(); got > 256<<10 {
		t.Errorf("%d bytes allocated for %d small messages between large ones", got, units)
	}
}

func TestLimitsCanBeSet(t *testing.T) {
	feed := ledger.Feed{}
	n := 0
	limits := Limits{Payload: 10, Packet: 100, Control: 3}
	run := func(stream []byte) error {
		c := New(&wire{pieces: [][]byte{join(connack, stream)}}, Config{Gen: raw.NewGeneration(1), Feed: &feed, Limits: limits,
			Push: func(run []raw.Message) { n += len(run) }})
		c.Write(subscribe(1, "a", "b"))
		_, err := io.Copy(io.Discard, c)
		return err
	}
	if err := run(join(publish("a", make([]byte, 10)), publish("a", make([]byte, 11)), publish("a", make([]byte, 97)))); err != nil || n != 1 || feed.Oversized.Load() != 2 {
		t.Errorf("%v, %d messages, %d oversized", err, n, feed.Oversized.Load())
	}
	for _, stream := range [][]byte{publish("a", make([]byte, 98)), {0x90, 4, 0, 1, 0, 0}} {
		var protocol *ProtocolError
		if err := run(stream); !errors.As(err, &protocol) || !strings.Contains(protocol.Reason, "expected at most") {
			t.Error(err)
		}
	}
}

// once gives bytes and an error at the same time, and never says the error again.
type once struct {
	net.Conn
	pieces [][]byte
	err    error
}

func (o *once) Read(p []byte) (int, error) {
	if len(o.pieces) == 0 {
		return 0, io.EOF
	}
	n := copy(p, o.pieces[0])
	o.pieces = o.pieces[1:]
	err := o.err
	o.err = nil
	return n, err
}

func TestAnErrorThatCameWithBytesIsDueAfterThem(t *testing.T) {
	reset := errors.New("connection reset")
	for _, c := range []struct {
		err   error
		ended bool
	}{{reset, true}, {os.ErrDeadlineExceeded, false}, {&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, false}} {
		var told []error
		n := 0
		l := New(&once{pieces: [][]byte{join(connack, publish("a", nil)), publish("b", nil)}, err: c.err},
			Config{Gen: raw.NewGeneration(1), Feed: &ledger.Feed{}, Push: func([]raw.Message) { n++ }, OnError: func(err error) { told = append(told, err) }})
		buf := make([]byte, 4)
		if _, err := io.ReadFull(l, buf); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Read(buf); !errors.Is(err, c.err) || n != 1 {
			t.Fatalf("%v after %d messages", err, n)
		}
		_, err := l.Read(buf)
		if c.ended && (err != reset || n != 1) || !c.ended && (err != io.EOF || n != 2) {
			t.Errorf("%v: then %v after %d messages", c.err, err, n)
		}
		if _, again := l.Read(buf); again != err || len(told) != 1 || told[0] != err {
			t.Errorf("%v: told %v", c.err, told)
		}
	}
}

func TestAnEndWithinAPacketIsNoOrderlyEnd(t *testing.T) {
	large := publish("a", make([]byte, MaxPayload+1))
	for name, stream := range map[string][]byte{
		"a header": {0x30}, "a length": {0x30, 0x80}, "a topic": {0x30, 5, 0}, "a payload": {0x30, 5, 0, 1, 'a', 'b'},
		"an oversized message": large[:len(large)-1], "a SUBACK": {0x90, 3, 0},
	} {
		if h := listen([][]byte{join(connack, stream)}, true); !errors.Is(h.err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", name, h.err)
		}
	}
	if h := listen([][]byte{join(connack, large)}, true); h.err != io.EOF || len(h.told) != 1 {
		t.Error(h.err)
	}
}

func TestAConnectionThatGivesNothingIsGivenUp(t *testing.T) {
	c := New(&silent{}, Config{Gen: raw.NewGeneration(1), Feed: &ledger.Feed{}})
	if _, err := c.Read(make([]byte, 1)); err != io.ErrNoProgress {
		t.Error(err)
	}
}

type silent struct{ net.Conn }

func (silent) Read([]byte) (int, error) { return 0, nil }

func TestLastIsWhenBytesLastArrived(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	c := New(ours, Config{Gen: raw.NewGeneration(1), Feed: &ledger.Feed{}, Push: func([]raw.Message) {}})
	defer c.Close()
	created := c.Last()
	if created <= 0 || created > clock.Mono() {
		t.Fatal(created)
	}
	go theirs.Write(connack)
	if _, err := io.ReadFull(c, make([]byte, 4)); err != nil || c.Last() <= created {
		t.Fatalf("%v, %d after %d", err, c.Last(), created)
	}
	heard := c.Last()
	c.SetReadDeadline(time.Now().Add(-time.Second))
	if _, err := c.Read(make([]byte, 4)); !errors.Is(err, os.ErrDeadlineExceeded) || c.Last() != heard {
		t.Errorf("%v, %d, want %d", err, c.Last(), heard)
	}
}
