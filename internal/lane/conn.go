// Package lane is the fast way in: a net.Conn that is given to paho and splits the broker's
// QoS 0 PUBLISH packets off before paho sees them.
//
// paho allocates some eighteen times for a message and cannot know when the socket is
// drained, so it can build no runs. The lane reads the socket in large pieces, hands all
// messages of a piece on in runs, and lets paho have the rest: CONNACK, SUBACK, UNSUBACK,
// PINGRESP, and messages on $sys/…, which are counted apart. It is also where packets are
// checked, because paho trusts its broker: five hostile bytes make it allocate 268 MB, a
// SUBACK with more codes than were asked for crashes it, and a CONNACK of 6 or more passes
// for a connection.
//
// A message's topic and payload are views into the piece they arrived in, which is never
// written to again; so one allocation of 64 KiB serves some 150 books, and in return a
// message that is kept keeps its whole piece. The feed keeps none for long: the raw queue is
// bounded, the decoder copies what it needs. Bytes that are skipped use no piece up, so a
// message is never kept with more than one piece of what surrounded it.
//
// The lane is stricter than paho's reader, on purpose: it takes only packets that a server
// may send to a QoS 0 subscriber, in an order that makes sense (CONNACK first and once,
// answers only to what was asked), within Limits, with topics that MQTT allows. What it does
// take it delivers exactly as paho would; FuzzLaneAgainstPaho holds it to both.
package lane

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// The sizes the lane lives by.
const (
	// MaxPayload is what a message may carry; a larger one is skipped in the stream and
	// counted oversized. A book is 400 bytes; 1 MiB of empty sub-messages would decode into
	// 138 MiB.
	MaxPayload = 64 << 10
	// MaxPacket is the longest packet that is skipped; a longer one ends the connection.
	MaxPacket = 1 << 20
	// MaxControl is the longest packet other than a PUBLISH.
	MaxControl = 64 << 10
	// MaxRun is how many messages are handed on at once at most.
	MaxRun = 256

	maxTopic  = 1<<16 - 1
	maxHeader = 5 + 2 // the fixed header and the topic's length
	pieceSize = 64 << 10
	// minRoom is how much room a piece must have for the next read to be worth a system call.
	minRoom = 4 << 10
)

// Limits are how long packets may be, in bytes; 0 stands for MaxPayload, MaxPacket and
// MaxControl.
type Limits struct {
	Payload int // of a PUBLISH; a larger one is skipped and counted oversized
	Packet  int // remaining length of a PUBLISH; a larger one is a protocol error
	Control int // remaining length of anything else; a larger one is a protocol error
}

func (l Limits) orDefault() Limits {
	for _, f := range []struct {
		value *int
		usual int
	}{{&l.Payload, MaxPayload}, {&l.Packet, MaxPacket}, {&l.Control, MaxControl}} {
		if *f.value <= 0 {
			*f.value = f.usual
		}
	}
	return l
}

// Config is what a lane works with.
type Config struct {
	Gen *raw.Generation
	// Push takes a run. It must not block, and must copy the slice; topics and payloads are
	// its to keep.
	Push func([]raw.Message)
	Feed *ledger.Feed
	Fast bool // false hands on runs of one
	// OnError, if set, is told why the lane ended: once, on the reader's goroutine, before
	// Read returns that error. A deadline that has passed is no end.
	OnError func(error)
	Limits  Limits
}

// Conn is described in the package comment. Read is for one goroutine; everything else is
// safe for concurrent use.
type Conn struct {
	net.Conn
	cfg  Config
	last atomic.Int64

	buf     []byte // the current piece; buf[from:] has been read and not been looked at
	from    int
	skip    int // bytes of an oversized message still to come
	mark    int // where in buf that message began: nobody views what follows
	control []byte
	run     []raw.Message
	stamp   clock.Stamp
	greeted bool  // CONNACK 0 was seen
	refused bool  // another CONNACK was seen
	pending error // came with the last bytes read, and is due after them
	err     error // the end

	asked requests
}

// New makes a lane on a connection that carries MQTT.
func New(conn net.Conn, cfg Config) *Conn {
	cfg.Limits = cfg.Limits.orDefault()
	c := &Conn{Conn: conn, cfg: cfg, asked: requests{subscribes: map[uint16]int{}, unsubscribes: map[uint16]bool{}}}
	c.last.Store(clock.Mono())
	return c
}

// Last is the clock.Mono at which bytes last arrived.
func (c *Conn) Last() int64 { return c.last.Load() }

// Read gives paho the bytes that are its own. Messages that precede them on the wire have
// been handed on before it returns. After a packet that must not be, it returns a
// *ProtocolError and the connection is closed.
func (c *Conn) Read(p []byte) (int, error) {
	for {
		if len(c.control) > 0 {
			n := copy(p, c.control)
			c.control = c.control[n:]
			return n, nil
		}
		if c.err != nil {
			return 0, c.err
		}
		more, err := c.parse()
		c.handOn()
		if err != nil {
			c.Conn.Close()
			return 0, c.end(err)
		}
		if more || len(c.control) > 0 {
			continue
		}
		if err := c.fill(); err != nil {
			if timedOut(err) {
				return 0, err
			}
			if errors.Is(err, io.EOF) && (c.from < len(c.buf) || c.skip > 0) {
				err = errCutOff
			}
			return 0, c.end(err)
		}
	}
}

// end keeps the error that every later Read returns.
func (c *Conn) end(err error) error {
	c.err = err
	if c.cfg.OnError != nil {
		c.cfg.OnError(err)
	}
	return err
}

var errCutOff = fmt.Errorf("the stream ended within a packet: %w", io.ErrUnexpectedEOF)

func timedOut(err error) bool {
	var n net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}

// fill reads the socket once. A packet that has begun moves to a new piece when the old one
// has no room for its rest.
func (c *Conn) fill() error {
	if err := c.pending; err != nil {
		c.pending = nil
		return err
	}
	have, need := len(c.buf)-c.from, minRoom
	if whole := c.wanted(); whole > have {
		need = whole - have // however little comes at a time, the piece is the packet's last
	}
	if cap(c.buf)-len(c.buf) < need {
		next := make([]byte, have, max(pieceSize, have+need+minRoom))
		copy(next, c.buf[c.from:])
		c.buf, c.from, c.mark = next, 0, 0
	}
	for range 100 {
		n, err := c.Conn.Read(c.buf[len(c.buf):cap(c.buf)])
		if n > 0 {
			c.stamp = clock.Now()
			c.last.Store(c.stamp.Mono)
			c.buf, c.pending = c.buf[:len(c.buf)+n], err
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// wanted is how much of the packet that has begun must be in one piece, 0 if that is not
// known yet: all of it, but of one that will be skipped no more than could be its topic.
func (c *Conn) wanted() int {
	if size, head, err := remaining(c.buf[c.from:]); err == nil && head > 0 && c.skip == 0 {
		return min(head+size, max(c.cfg.Limits.Payload+maxTopic, c.cfg.Limits.Control)+maxHeader)
	}
	return 0
}

// parse looks at what has been read until a packet is incomplete, a run is full, or there
// is something for paho; more says that it should be called again before the next read.
func (c *Conn) parse() (more bool, err error) {
	for {
		if c.skip > 0 && !c.skipOn() {
			return false, nil
		}
		b := c.buf[c.from:]
		size, head, err := remaining(b)
		if err != nil || head == 0 {
			return false, err
		}
		if b[0]>>4 != typePublish {
			return false, c.parseControl(b, size, head)
		}
		n, err := c.parsePublish(b, size, head)
		if err != nil || n == 0 || len(c.control) > 0 {
			return false, err
		}
		if len(c.run) == MaxRun || (!c.cfg.Fast && len(c.run) > 0) {
			return true, nil
		}
	}
}

// skipOn goes past what was read of an oversized message and reports whether that was its end.
// The room is used again: otherwise a small message ahead of each of many large ones would
// keep a whole piece alive. What follows moves down, at a price below that of the message.
func (c *Conn) skipOn() bool {
	n := min(c.skip, len(c.buf)-c.from)
	c.from += n
	c.skip -= n
	if rest := c.buf[c.from:]; len(rest) <= c.cfg.Limits.Payload {
		c.buf, c.from = c.buf[:c.mark+copy(c.buf[c.mark:], rest)], c.mark
	}
	return c.skip == 0
}

// handOn counts and pushes the run gathered so far.
func (c *Conn) handOn() {
	if len(c.run) == 0 {
		return
	}
	c.cfg.Feed.Received.Add(uint64(len(c.run)))
	c.cfg.Push(c.run)
	clear(c.run)
	c.run = c.run[:0]
}

// Write notes what is asked of the broker, so that its answers can be checked, and writes.
func (c *Conn) Write(p []byte) (int, error) {
	c.asked.note(p)
	return c.Conn.Write(p)
}

// requests are the SUBSCRIBEs and UNSUBSCRIBEs that were not answered yet.
type requests struct {
	mu           sync.Mutex
	part         []byte         // a packet whose end was not written yet
	subscribes   map[uint16]int // packet identifier → number of topic filters
	unsubscribes map[uint16]bool
}
