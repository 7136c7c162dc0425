package lane

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// The packet types of MQTT 3.1.1, section 2.2.1.
const (
	typeConnack     = 2
	typePublish     = 3
	typeSubscribe   = 8
	typeSuback      = 9
	typeUnsubscribe = 10
	typeUnsuback    = 11
	typePingresp    = 13
)

var typeNames = [...]string{"reserved packet 0", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP",
	"SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "reserved packet 15"}

// ProtocolError says which rule of the protocol the server broke. The connection is closed
// when it occurs.
type ProtocolError struct {
	Op     string           // the packet's type in upper case, or "WebSocket"
	Kind   ledger.Violation // the same as it is counted
	Reason string
}

func (e *ProtocolError) Error() string { return "the server broke the protocol: " + e.Reason }

func broken(kind byte, format string, args ...any) error {
	return &ProtocolError{Op: typeNames[kind], Kind: kindOf(kind), Reason: fmt.Sprintf(format, args...)}
}

// kindOf tells under which name a violation in a packet of this type is counted.
func kindOf(kind byte) ledger.Violation {
	switch kind {
	case typeConnack:
		return ledger.BadConnack
	case typePublish:
		return ledger.BadPublish
	case typeSuback:
		return ledger.BadSuback
	case typeUnsuback:
		return ledger.BadUnsuback
	case typePingresp:
		return ledger.BadPingresp
	}
	return ledger.BadUnexpected
}

// remaining reads a packet's remaining length, section 2.2.3; head is the length of the
// fixed header, 0 if it is not complete.
func remaining(b []byte) (size, head int, err error) {
	for i := 1; i < len(b); i++ {
		size |= int(b[i]&0x7f) << (7 * (i - 1))
		if b[i] < 0x80 {
			return size, i + 1, nil
		}
		if i == 4 {
			return 0, 0, broken(b[0]>>4, "a remaining length of more than four bytes")
		}
	}
	return 0, 0, nil
}

// system is the prefix of what the exchange says about the connection itself.
var system = []byte("$sys/")

// parsePublish takes a whole PUBLISH into the run, or begins to skip one that is too large,
// or hands one on $sys/… to paho. It returns 0 if the packet is not complete.
func (c *Conn) parsePublish(b []byte, size, head int) (n int, err error) {
	switch {
	case !c.greeted:
		return 0, broken(typePublish, "a PUBLISH before CONNACK")
	case b[0]&0x06 != 0:
		return 0, broken(typePublish, "a PUBLISH of QoS %d, expected 0", b[0]>>1&3)
	case size > c.cfg.Limits.Packet:
		return 0, broken(typePublish, "a PUBLISH of %d bytes, expected at most %d", size, c.cfg.Limits.Packet)
	case size < 2:
		return 0, broken(typePublish, "a PUBLISH of %d bytes, expected a topic", size)
	}
	if len(b) < head+2 {
		return 0, nil
	}
	length := int(binary.BigEndian.Uint16(b[head:]))
	if length > size-2 {
		return 0, broken(typePublish, "a topic of %d bytes in a PUBLISH of %d", length, size)
	}
	if len(b) < head+2+length {
		return 0, nil
	}
	topic := b[head+2 : head+2+length : head+2+length]
	if err := checkTopic(topic); err != nil {
		return 0, err
	}
	total := head + size
	own := bytes.HasPrefix(topic, system)
	if size-2-length > c.cfg.Limits.Payload {
		if own {
			c.cfg.Feed.System.Inc()
		} else {
			c.cfg.Feed.Received.Inc()
			c.cfg.Feed.Oversized.Inc()
		}
		c.skip, c.mark = total, c.from
		return total, nil
	}
	if len(b) < total {
		return 0, nil
	}
	c.from += total
	if own {
		c.cfg.Feed.System.Inc()
		c.control = b[:total:total]
		return total, nil
	}
	c.run = append(c.run, raw.Message{Topic: topic, Payload: b[head+2+length : total : total],
		Gen: c.cfg.Gen, Wall: c.stamp.Wall, Mono: c.stamp.Mono})
	return total, nil
}

// checkTopic holds a topic name to section 4.7: no wildcards, no NUL, UTF-8.
func checkTopic(t []byte) error {
	if len(t) == 0 {
		return broken(typePublish, "a PUBLISH with an empty topic")
	}
	ascii := true
	for _, b := range t {
		switch {
		case b == 0, b == '+', b == '#':
			return broken(typePublish, "a PUBLISH whose topic holds %q", rune(b))
		case b >= utf8.RuneSelf:
			ascii = false
		}
	}
	if !ascii && !utf8.Valid(t) {
		return broken(typePublish, "a PUBLISH whose topic is not UTF-8")
	}
	return nil
}

// parseControl checks a packet that is paho's to answer and hands it on when it is complete.
func (c *Conn) parseControl(b []byte, size, head int) error {
	kind := b[0] >> 4
	if kind == 0 || kind == 15 || (kind != typeConnack && kind != typeSuback && kind != typeUnsuback && kind != typePingresp) {
		return broken(kind, "a %s, which no server sends to a QoS 0 subscriber", typeNames[kind])
	}
	switch {
	case b[0]&0x0f != 0:
		return broken(kind, "a %s with flags %#x, expected 0", typeNames[kind], b[0]&0x0f)
	case kind == typeConnack && (c.greeted || c.refused):
		return broken(kind, "a second CONNACK")
	case kind != typeConnack && !c.greeted:
		return broken(kind, "a %s before CONNACK", typeNames[kind])
	case size > c.cfg.Limits.Control:
		return broken(kind, "a %s of %d bytes, expected at most %d", typeNames[kind], size, c.cfg.Limits.Control)
	case (kind == typeConnack || kind == typeUnsuback) && size != 2,
		kind == typePingresp && size != 0, kind == typeSuback && size < 3:
		return broken(kind, "a %s of %d bytes", typeNames[kind], size)
	}
	total := head + size
	if len(b) < total {
		return nil
	}
	body := b[head:total]
	switch kind {
	case typeConnack:
		if body[0] > 1 {
			return broken(kind, "a CONNACK with acknowledge flags %#x, expected 0 or 1", body[0])
		}
		if body[1] > 5 {
			return broken(kind, "a CONNACK with return code %d, expected 0 to 5", body[1])
		}
		c.greeted, c.refused = body[1] == 0, body[1] != 0
	case typeSuback:
		if err := c.asked.suback(body); err != nil {
			return err
		}
	case typeUnsuback:
		if err := c.asked.unsuback(binary.BigEndian.Uint16(body)); err != nil {
			return err
		}
	}
	c.from += total
	c.control = b[:total:total]
	return nil
}

// suback holds a SUBACK to the SUBSCRIBE that it answers.
func (r *requests) suback(body []byte) error {
	id, codes := binary.BigEndian.Uint16(body), body[2:]
	r.mu.Lock()
	defer r.mu.Unlock()
	want, ok := r.subscribes[id]
	switch {
	case !ok:
		return broken(typeSuback, "a SUBACK for packet %d, which was never asked", id)
	case len(codes) != want:
		return broken(typeSuback, "a SUBACK with %d codes for %d topics", len(codes), want)
	}
	for _, code := range codes {
		if code > 2 && code != 0x80 {
			return broken(typeSuback, "a SUBACK with return code %#x, expected 0, 1, 2 or 0x80", code)
		}
	}
	delete(r.subscribes, id)
	return nil
}

func (r *requests) unsuback(id uint16) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.unsubscribes[id] {
		return broken(typeUnsuback, "an UNSUBACK for packet %d, which was never asked", id)
	}
	delete(r.unsubscribes, id)
	return nil
}

// note reads what paho writes, whole packets or pieces of them, and keeps what must be
// answered. paho's packets are well formed: what is not is left alone.
func (r *requests) note(p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.part = append(r.part, p...)
	for {
		size, head, err := remaining(r.part)
		if err != nil || head == 0 || len(r.part) < head+size {
			break
		}
		r.request(r.part[0]>>4, r.part[head:head+size])
		r.part = r.part[head+size:]
	}
	if len(r.part) == 0 {
		r.part = nil
	}
}

func (r *requests) request(kind byte, body []byte) {
	if (kind != typeSubscribe && kind != typeUnsubscribe) || len(body) < 2 {
		return
	}
	id, rest := binary.BigEndian.Uint16(body), body[2:]
	if kind == typeUnsubscribe {
		r.unsubscribes[id] = true
		return
	}
	n := 0
	for len(rest) >= 2 {
		length := int(binary.BigEndian.Uint16(rest)) + 3 // the topic filter and its QoS
		if len(rest) < length {
			break
		}
		rest = rest[length:]
		n++
	}
	r.subscribes[id] = n
}
