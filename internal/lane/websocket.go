package lane

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// WebSocket makes a byte stream of a WebSocket's binary messages, as MQTT wants it, section
// 6. Frames have no limit of their own: a burst that the server coalesced into one is
// healthy, and the lane bounds each packet. One goroutine may read; writes may come from
// several, each is one message.
func WebSocket(ws *websocket.Conn) net.Conn { return &stream{Conn: ws.NetConn(), ws: ws} }

type stream struct {
	net.Conn // addresses and deadlines
	ws       *websocket.Conn
	reader   io.Reader
	write    sync.Mutex
	close    sync.Once
	closed   error
}

func (s *stream) Read(p []byte) (int, error) {
	for {
		if s.reader == nil {
			kind, r, err := s.ws.NextReader()
			if err != nil {
				return 0, plain(err)
			}
			if kind != websocket.BinaryMessage {
				return 0, broken("a text frame, expected binary ones")
			}
			s.reader = r
		}
		n, err := s.reader.Read(p)
		if errors.Is(err, io.EOF) {
			s.reader, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, plain(err)
		}
	}
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
	if err := s.ws.WriteMessage(websocket.BinaryMessage, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close says goodbye if that does not take long, and closes the socket.
func (s *stream) Close() error {
	s.close.Do(func() {
		goodbye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		s.ws.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(100*time.Millisecond))
		s.closed = s.ws.Close()
	})
	return s.closed
}

func (s *stream) SetDeadline(t time.Time) error {
	return errors.Join(s.SetReadDeadline(t), s.SetWriteDeadline(t))
}
func (s *stream) SetReadDeadline(t time.Time) error { return s.ws.SetReadDeadline(t) }
func (s *stream) SetWriteDeadline(t time.Time) error {
	s.write.Lock()
	defer s.write.Unlock()
	return s.ws.SetWriteDeadline(t)
}
