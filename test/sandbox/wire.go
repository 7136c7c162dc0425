package sandbox

import (
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/feedtree/feedtree/internal/lane"
)

// How long a client may take to read what waits for it, and how long an orderly end waits.
const (
	writeTimeout = 10 * time.Second
	drainTimeout = 500 * time.Millisecond
	halfopenLook = 50 * time.Millisecond
)

// wire is one client's connection as the broker sees it: a net.Conn whose writes, the
// broker's own and the market's, go through one buffer in order, and to the socket in frames
// as large as the client's slowness makes them.
type wire struct {
	net.Conn // reads
	x        *Exchange
	ws       *websocket.Conn

	mu      sync.Mutex
	buf     []byte
	pending int // PUBLISH packets in buf
	system  int // of these, on $sys
	closing bool
	dead    bool
	acks    map[uint16]ack // by packet identifier, what a SUBACK brings about
	text    []string       // text frames that a fault wants
	asked   struct {       // the last SUBSCRIBE
		id     uint16
		topics int
	}
	serial uint64      // of the connections that were taken in
	ended  atomic.Bool // the client's side is closed

	wake chan struct{}
	gone chan struct{} // closed by kill
	done chan struct{} // closed when the writer has ended
	once sync.Once

	filters map[string]bool // guarded by Exchange.mu
}

// ack is what is to happen when a SUBACK is written: only then are its topics published to.
type ack struct {
	codes    []byte   // instead of the broker's, nil for those
	missing  bool     // the SUBACK is swallowed
	filters  []string // to be published to
	rejected []string // to be told of on the $sys topic
}

func newWire(x *Exchange, ws *websocket.Conn) *wire {
	w := &wire{Conn: lane.WebSocket(ws), x: x, ws: ws, acks: map[uint16]ack{}, filters: map[string]bool{},
		wake: make(chan struct{}, 1), gone: make(chan struct{}), done: make(chan struct{})}
	go w.pump()
	return w
}

// Read hands the client's bytes to the broker; while the link is half open they vanish.
func (w *wire) Read(p []byte) (int, error) {
	for {
		n, err := w.Conn.Read(p)
		if timeout := net.Error(nil); err != nil && !(errors.As(err, &timeout) && timeout.Timeout()) {
			w.ended.Store(true)
		}
		if err != nil || !w.x.faults.on("halfopen") {
			return n, err
		}
	}
}

// Write takes whole packets from the broker.
func (w *wire) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := packetLength(rest)
		if n == 0 || n > len(rest) {
			n = len(rest)
		}
		w.packet(rest[:n])
		rest = rest[n:]
	}
	w.flush()
	return len(p), nil
}

func (w *wire) packet(p []byte) {
	switch {
	case p[0]>>4 == 2 && len(p) == 4: // CONNACK
		if code, ok := w.x.faults.connack(); ok {
			w.append([]byte{p[0], 2, 0, code}, 0, 0)
			w.Close() // MQTT-3.2.2-5: who refuses closes
			return
		}
		if a, ok := w.x.faults.get("drop"); ok {
			w.append(p, 0, 0)
			w.endAfter(time.Duration(a.Delay))
			return
		}
	case p[0]>>4 == 9 && len(p) >= 5: // SUBACK
		w.suback(p)
		return
	}
	w.append(p, 0, 0)
}

func (w *wire) suback(p []byte) {
	head := len(p) - int(lengthOf(p))
	id := binary.BigEndian.Uint16(p[head:])
	w.mu.Lock()
	a := w.acks[id]
	delete(w.acks, id)
	w.mu.Unlock()
	if a.missing {
		return
	}
	if a.codes != nil {
		p = append([]byte{0x90}, appendLength(nil, 2+len(a.codes))...)
		p = append(binary.BigEndian.AppendUint16(p, id), a.codes...)
	}
	w.x.subscribe(w, a.filters, p)
	if len(a.rejected) > 0 {
		w.append(appendPublish(nil, rejections, rejection(a.rejected)), 1, 1)
	}
}

// append puts packets behind what waits, publishes of which are PUBLISH packets. What a slow
// client has no room for is lost, and counted. It reports whether they were taken.
func (w *wire) append(p []byte, publishes, system int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.appendLocked(p, publishes, system)
}

func (w *wire) appendLocked(p []byte, publishes, system int) bool {
	if w.dead || w.closing {
		return false
	}
	if publishes > 0 && len(w.buf)+len(p) > w.x.cfg.Backlog {
		w.x.count.slowDropped.Add(uint64(publishes))
		return false
	}
	w.buf = append(w.buf, p...)
	w.pending += publishes
	w.system += system
	return true
}

// flush lets the writer look.
func (w *wire) flush() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// pump writes what waits, one frame at a time.
func (w *wire) pump() {
	defer close(w.done)
	var spare []byte
	for {
		w.mu.Lock()
		frame, publishes, system, text, closing := w.buf, w.pending, w.system, w.text, w.closing
		w.buf, w.pending, w.system, w.text = spare[:0], 0, 0, nil
		dead := w.dead
		w.mu.Unlock()
		switch {
		case dead:
			return
		case len(frame) == 0 && len(text) == 0 && closing:
			w.farewell()
			return
		case len(frame) == 0 && len(text) == 0:
			spare = frame
			<-w.wake
			continue
		case len(frame) > 0:
			w.write(frame, publishes, system, closing)
		}
		w.writeText(text)
		if spare = frame; cap(spare) > 4<<20 {
			spare = nil
		}
	}
}

// write counts before it writes: of a frame that breaks in the middle the client may have
// read any part, so that what it received is never more than what was delivered.
func (w *wire) write(frame []byte, publishes, system int, closing bool) {
	if d := w.x.faults.delay(); d > 0 && !pause(d, w.gone) {
		return
	}
	if w.x.faults.on("halfopen") {
		w.x.count.swallowed.Add(uint64(publishes))
		return
	}
	w.x.count.delivered.Add(uint64(publishes - system))
	w.x.count.system.Add(uint64(system))
	limit := writeTimeout
	if closing {
		limit = drainTimeout
	}
	w.Conn.SetWriteDeadline(time.Now().Add(limit))
	if _, err := w.Conn.Write(frame); err != nil {
		w.kill(false)
	}
}

// farewell closes the socket. On a half-open link the end does not arrive either, so there
// it waits until the link is whole again, or the client has gone.
func (w *wire) farewell() {
	for {
		if _, half := w.x.faults.look("halfopen", 0); !half || w.ended.Load() {
			w.Conn.Close()
			return
		}
		if !pause(halfopenLook, w.gone) {
			return
		}
	}
}

// endAfter closes in order, at once or after a time; what has ended by then stays so.
func (w *wire) endAfter(d time.Duration) {
	if d == 0 {
		w.Close()
		return
	}
	time.AfterFunc(d, func() { w.Close() })
}

// Close ends the connection in order: what waits is written first.
func (w *wire) Close() error {
	w.mu.Lock()
	w.closing = true
	w.mu.Unlock()
	w.flush()
	return nil
}

// SetDeadline is the broker's keep-alive, for reads alone: writes have the wire's own. The
// broker counts half as long again in whole seconds; MQTT-3.1.2-24 rounds nothing off, and a
// client that asks for one second would be cut before its ping is due.
func (w *wire) SetDeadline(t time.Time) error {
	if !t.IsZero() {
		t = t.Add(time.Second / 2)
	}
	return w.Conn.SetReadDeadline(t)
}

// SetWriteDeadline does nothing for the same reason.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// kill ends the connection at once, with a reset if told, and reports whether it was the
// first to do so.
func (w *wire) kill(reset bool) (first bool) {
	w.once.Do(func() {
		first = true
		w.mu.Lock()
		w.dead, w.buf = true, nil
		w.mu.Unlock()
		close(w.gone)
		raw := w.ws.NetConn()
		if t, ok := raw.(interface{ NetConn() net.Conn }); ok {
			raw = t.NetConn()
		}
		if s, ok := raw.(interface{ SetLinger(int) error }); ok && reset {
			s.SetLinger(0)
		}
		raw.Close()
		w.flush()
	})
	return first
}

// lengthOf is a packet's remaining length.
func lengthOf(p []byte) (n int) {
	for i := 1; i < len(p) && i <= 4; i++ {
		n |= int(p[i]&0x7f) << (7 * (i - 1))
		if p[i] < 0x80 {
			return n
		}
	}
	return 0
}

// packetLength is the length of the first packet in p.
func packetLength(p []byte) int {
	for i := 1; i < len(p) && i <= 4; i++ {
		if p[i] < 0x80 {
			return 1 + i + lengthOf(p)
		}
	}
	return 0
}

func appendLength(dst []byte, n int) []byte {
	for n >= 0x80 {
		dst = append(dst, byte(n)|0x80)
		n >>= 7
	}
	return append(dst, byte(n))
}

// appendPublish encodes a QoS 0 PUBLISH.
func appendPublish(dst []byte, topic string, payload []byte) []byte {
	dst = appendLength(append(dst, 0x30), 2+len(topic)+len(payload))
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(topic)))
	return append(append(dst, topic...), payload...)
}
