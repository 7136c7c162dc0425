package sandbox

import (
	"bytes"
	"encoding/binary"

	"github.com/gorilla/websocket"
)

// hostileHows are what a broker can send that none may.
var hostileHows = []string{"huge", "suback", "publish_cut", "text", "oversized", "qos1", "garbage", "unasked"}

// hostileTopic is a topic of the feed, so that only what is wrong on purpose is wrong.
const hostileTopic = "proto/topic/bidofferv3/HOSTILE"

// hostileOversized is a payload above the 64 KiB that the protocol's messages may have.
const hostileOversized = 64<<10 + 1

// hostile sends every connection one packet that no broker may send, and says how many
// connections there were. It goes behind what waits already, as a packet of its own.
func (x *Exchange) hostile(how string) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	for w := range x.wires {
		w.hostile(how)
	}
	return len(x.wires)
}

func (w *wire) hostile(how string) {
	switch how {
	case "huge": // five bytes that promise 268 MB, and a beginning of it
		w.append(append([]byte{0x30, 0xff, 0xff, 0xff, 0x7f, 0, byte(len(hostileTopic))}, hostileTopic...), 0, 0)
	case "suback":
		w.append(w.subackAgain(), 0, 0)
	case "publish_cut": // counted by nobody: it is no whole packet
		whole := appendPublish(nil, hostileTopic, make([]byte, 200))
		w.append(whole[:len(whole)/2], 0, 0)
		w.Close()
	case "text":
		w.mu.Lock()
		w.text = append(w.text, "a text frame")
		w.mu.Unlock()
	case "oversized":
		w.append(appendPublish(nil, hostileTopic, make([]byte, hostileOversized)), 1, 0)
	case "qos1":
		p := appendLength([]byte{0x32}, 2+len(hostileTopic)+2)
		p = binary.BigEndian.AppendUint16(p, uint16(len(hostileTopic)))
		w.append(append(append(p, hostileTopic...), 0, 1), 1, 0)
	case "garbage":
		w.append(bytes.Repeat([]byte{0xf7, 0x00, 0xff, 0x13}, 64), 0, 0)
	case "unasked": // a message like any other, of a topic that was not subscribed to
		w.append(appendPublish(nil, hostileTopic, []byte("\x0a\x07HOSTILE")), 1, 0)
	}
	w.flush()
}

// subackAgain answers the last SUBSCRIBE once more, with one code more than it asked for.
func (w *wire) subackAgain() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := appendLength([]byte{0x90}, 2+w.asked.topics+1)
	p = binary.BigEndian.AppendUint16(p, w.asked.id)
	return append(p, make([]byte, w.asked.topics+1)...)
}

// writeText writes the text frames that wait; MQTT knows binary ones alone.
func (w *wire) writeText(text []string) {
	for _, t := range text {
		if w.x.faults.on("halfopen") {
			return
		}
		if err := w.ws.WriteMessage(websocket.TextMessage, []byte(t)); err != nil {
			w.kill(false)
			return
		}
	}
}
