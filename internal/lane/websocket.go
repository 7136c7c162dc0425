package lane

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/feedtree/feedtree/telemetry/ledger"
)

// WebSocket makes a byte stream of a WebSocket's binary messages, as MQTT wants it, section
// 6. Frames have no limit of their own: a burst that the server coalesced into one is
// healthy, and the lane bounds each packet. One goroutine may read; writes may come from
// several, each is one message.
func WebSocket(ws *websocket.Conn) net.Conn { return &stream{Conn: ws.NetConn(), ws: ws} }

type stream struct {
	net.Conn // addresses and the deadline of reads
	ws       *websocket.Conn
	reader   io.Reader
	ended    error // what every later Read returns
	write    sync.Mutex
	deadline atomic.Pointer[time.Time] // of writes
	close    sync.Once
	closed   error
}

// Read ends for good with its first error, a deadline's too: the library cannot go on within
// a frame, and panics when it is asked too often.
func (s *stream) Read(p []byte) (int, error) {
	for s.ended == nil {
		if s.reader == nil {
			kind, r, err := s.ws.NextReader()
			if err == nil && kind != websocket.BinaryMessage {
				err = &ProtocolError{Op: "WebSocket", Kind: ledger.BadWebSocket, Reason: "a text frame, expected binary ones"}
			}
			s.reader, s.ended = r, plain(err)
			continue
		}
		n, err := s.reader.Read(p)
		if errors.Is(err, io.EOF) {
			s.reader, err = nil, nil
		}
		s.ended = plain(err)
		if n > 0 {
			return n, nil
		}
	}
	return 0, s.ended
}

// plain takes the WebSocket's orderly ends for what they are.
func plain(err error) error {
	if websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway, websocket.CloseNoStatusReceived) {
		return io.EOF
	}
	if websocket.IsCloseError(err, websocket.CloseAbnormalClosure) {
		return errBroken // the library's words for it are about close codes
	}
	return err
}

var errBroken = fmt.Errorf("the connection broke off: %w", io.ErrUnexpectedEOF)

func (s *stream) Write(p []byte) (int, error) {
	s.write.Lock()
	defer s.write.Unlock()
	if t := s.deadline.Load(); t != nil {
		s.ws.SetWriteDeadline(*t)
	}
	if err := s.ws.WriteMessage(websocket.BinaryMessage, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// goodbye is how long a close frame may take to leave.
const goodbye = 100 * time.Millisecond

// Close says goodbye if that does not take long, and closes the socket. To a peer that
// takes nothing any more it says nothing, or TLS would try for another five seconds.
func (s *stream) Close() error {
	s.close.Do(func() {
		message := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		err := s.ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(goodbye))
		if under, ok := s.Conn.(interface{ NetConn() net.Conn }); ok && err != nil && timedOut(err) {
			under.NetConn().Close()
		}
		s.closed = s.ws.Close()
	})
	return s.closed
}

func (s *stream) SetDeadline(t time.Time) error {
	return errors.Join(s.SetReadDeadline(t), s.SetWriteDeadline(t))
}

// SetWriteDeadline reaches a write under way too, and never waits for it.
func (s *stream) SetWriteDeadline(t time.Time) error {
	s.deadline.Store(&t)
	return s.Conn.SetWriteDeadline(t)
}
