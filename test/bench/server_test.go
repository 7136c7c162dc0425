//go:build unix

package bench

import (
	"encoding/binary"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/internal/lane"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

// The load: ten-level books of ten symbols, in frames of so many packets.
var symbols = []string{"AOT", "PTT", "CPALL", "KBANK", "ADVANC", "DELTA", "GULF", "BBL", "SCB", "KTB"}

const perFrame = 20

// frames prepares what the server writes again and again, so that its own work is a write.
func frames() (out [][]byte) {
	for f := range 16 {
		var frame []byte
		for i := range perFrame {
			s := symbols[(f*perFrame+i)%len(symbols)]
			d := messages.BidOfferData{Symbol: s, BidFlag: messages.FlagNormal, AskFlag: messages.FlagNormal}
			for l := range d.Bids {
				step := messages.Price(l) * 25 * messages.Satang
				d.Bids[l] = messages.Level{Price: messages.Price(540+f)*messages.Baht - step, Volume: int64(1000*l + i*f*7919 + 1)}
				d.Asks[l] = messages.Level{Price: messages.Price(541+f)*messages.Baht + step, Volume: int64(900*l + i*f*104729 + 1)}
			}
			payload := codec.AppendBidOffer(nil, &d)
			name := topic.BidOffer(s)
			n := 2 + len(name) + len(payload)
			frame = append(frame, 0x30, byte(n)|0x80, byte(n>>7))
			frame = binary.BigEndian.AppendUint16(frame, uint16(len(name)))
			frame = append(append(frame, name...), payload...)
		}
		out = append(out, frame)
	}
	return out
}

// flood is a server with just enough of the exchange for a client to connect, and then a
// flood of n messages each time it is told to.
type flood struct {
	*httptest.Server
	start  chan int
	joined chan struct{}
}

func newFlood(b *testing.B) *flood {
	f := &flood{start: make(chan int), joined: make(chan struct{}, 1)}
	load := frames()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/oam/", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"access_token":"a","token_type":"Bearer","refresh_token":"r","expires_in":86400}`)
	})
	mux.HandleFunc("GET /api/dispatcher/v3/098/token", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"hosts":["`+r.Host+`"],"token":"t"}`)
	})
	mux.HandleFunc("GET /api/dispatcher/v3/098/mqtt", func(w http.ResponseWriter, r *http.Request) {
		up := websocket.Upgrader{Subprotocols: []string{"mqtt"}, WriteBufferSize: 64 << 10}
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		conn := lane.WebSocket(ws)
		defer conn.Close()
		ended := make(chan struct{})
		go func() { defer close(ended); f.answer(conn) }()
		for {
			select {
			case n := <-f.start:
				for i := 0; i < n/perFrame; i++ {
					if _, err := conn.Write(load[i%len(load)]); err != nil {
						return
					}
				}
			case <-ended:
				return
			}
		}
	})
	f.Server = httptest.NewTLSServer(mux)
	b.Cleanup(f.Close)
	return f
}

// answer says yes to CONNECT, SUBSCRIBE, UNSUBSCRIBE and PINGREQ.
func (f *flood) answer(conn io.ReadWriter) {
	var buf [64 << 10]byte
	have := 0
	for {
		n, err := conn.Read(buf[have:])
		if err != nil {
			return
		}
		have += n
		for {
			size, head := 0, 0
			for i := 1; i < have && i < 5; i++ {
				size |= int(buf[i]&0x7f) << (7 * (i - 1))
				if buf[i] < 0x80 {
					head = i + 1
					break
				}
			}
			if head == 0 || have < head+size {
				break
			}
			if !f.reply(conn, buf[0]>>4, buf[head:head+size]) {
				return
			}
			copy(buf[:], buf[head+size:have])
			have -= head + size
		}
	}
}

func (f *flood) reply(conn io.Writer, kind byte, body []byte) bool {
	switch kind {
	case 1:
		conn.Write([]byte{0x20, 2, 0, 0})
	case 8:
		out := []byte{0x90, 2, body[0], body[1]}
		books := false
		for rest := body[2:]; len(rest) > 2; {
			n := int(binary.BigEndian.Uint16(rest))
			books = books || strings.Contains(string(rest[2:2+n]), "bidofferv3")
			rest = rest[n+3:]
			out = append(out, 0)
			out[1]++
		}
		conn.Write(out)
		if books {
			f.joined <- struct{}{}
		}
	case 10:
		conn.Write([]byte{0xb0, 2, body[0], body[1]})
	case 12:
		conn.Write([]byte{0xd0, 0})
	case 14:
		return false
	}
	return true
}

func (f *flood) caFile(b *testing.B) string {
	path := filepath.Join(b.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw}), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}
