package lane

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// dialTo opens a WebSocket over TLS to a server that does what it is told.
func dialTo(t *testing.T, serve func(*websocket.Conn)) *websocket.Conn {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		up := websocket.Upgrader{}
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer ws.Close()
		serve(ws)
	}))
	t.Cleanup(s.Close)
	d := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}}
	ws, _, err := d.Dial(strings.Replace(s.URL, "https", "wss", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	return ws
}

func TestFramesAreOneStreamHoweverTheyAreCut(t *testing.T) {
	whole := bytes.Repeat([]byte("0123456789"), 50_000)
	c := WebSocket(dialTo(t, func(ws *websocket.Conn) {
		for _, p := range split(whole, 7, 200_000) {
			ws.WriteMessage(websocket.BinaryMessage, p)
		}
		ws.WriteMessage(websocket.BinaryMessage, nil)
		ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
	}))
	defer c.Close()
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, whole) {
		t.Fatalf("%d bytes, want %d; %v", len(got), len(whole), err)
	}
}

func TestATextFrameBreaksTheProtocol(t *testing.T) {
	c := WebSocket(dialTo(t, func(ws *websocket.Conn) { ws.WriteMessage(websocket.TextMessage, []byte("hello")) }))
	defer c.Close()
	var protocol *ProtocolError
	if _, err := c.Read(make([]byte, 10)); !errors.As(err, &protocol) {
		t.Fatal(err)
	}
}

func TestACutIsNoOrderlyEnd(t *testing.T) {
	c := WebSocket(dialTo(t, func(ws *websocket.Conn) { ws.NetConn().Close() }))
	defer c.Close()
	if _, err := c.Read(make([]byte, 10)); err == nil || errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
}

func TestAWriteIsOneBinaryMessage(t *testing.T) {
	got := make(chan []byte, 1)
	c := WebSocket(dialTo(t, func(ws *websocket.Conn) {
		kind, p, err := ws.ReadMessage()
		if kind != websocket.BinaryMessage || err != nil {
			t.Error(kind, err)
		}
		got <- p
	}))
	defer c.Close()
	if n, err := c.Write([]byte("packet")); n != 6 || err != nil {
		t.Fatal(n, err)
	}
	if p := <-got; string(p) != "packet" {
		t.Fatalf("%q", p)
	}
	c.Close()
	c.Close() // twice is safe
}

func TestWhatTheServersCloseFrameSaysIsWhatReadReturns(t *testing.T) {
	for code, orderly := range map[int]bool{
		websocket.CloseNormalClosure: true, websocket.CloseGoingAway: true, websocket.CloseNoStatusReceived: true,
		websocket.ClosePolicyViolation: false, websocket.CloseInternalServerErr: false,
	} {
		c := WebSocket(dialTo(t, func(ws *websocket.Conn) {
			ws.WriteMessage(websocket.BinaryMessage, []byte("x"))
			ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(code, "so"))
		}))
		got, err := io.ReadAll(c)
		if string(got) != "x" || (err == nil) != orderly || !orderly && !websocket.IsCloseError(err, code) {
			t.Errorf("%d: %q, %v", code, got, err)
		}
		c.Close()
	}
}

func TestAReadEndsWithItsDeadline(t *testing.T) {
	done := make(chan struct{})
	c := WebSocket(dialTo(t, func(*websocket.Conn) { <-done }))
	defer c.Close()
	defer close(done)
	c.SetDeadline(time.Now().Add(-time.Second))
	for range 2000 { // gorilla panics at the thousandth read that fails
		if _, err := c.Read(make([]byte, 1)); !timedOut(err) {
			t.Fatal(err)
		}
	}
}

// stuck is a connection with a write under way that nobody takes; its error comes from the
// channel.
func stuck(t *testing.T) (*stream, chan error) {
	t.Helper()
	done := make(chan struct{})
	c := WebSocket(dialTo(t, func(*websocket.Conn) { <-done })).(*stream)
	t.Cleanup(func() { c.Close(); close(done) })
	ended := make(chan error, 1)
	go func() {
		_, err := c.Write(make([]byte, 64<<20))
		ended <- err
	}()
	for c.write.TryLock() { // until the write has begun
		c.write.Unlock()
	}
	return c, ended
}

func TestAWriteDeadlineEndsTheWriteUnderWay(t *testing.T) {
	c, ended := stuck(t)
	// gorilla sets its own deadline when the write begins, so once may be too early.
	for {
		c.SetWriteDeadline(time.Now().Add(-time.Second))
		select {
		case err := <-ended:
			if !timedOut(err) {
				t.Error(err)
			}
			began := time.Now()
			c.Close() // TLS alone would try for five seconds to say goodbye
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("closing took %v", took)
			}
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestClosingDoesNotWaitForAPeerThatTakesNothing(t *testing.T) {
	c, ended := stuck(t)
	began := time.Now()
	c.Close()
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("closing took %v", took)
	}
	if err := <-ended; err == nil {
		t.Error("the write under way succeeded")
	}
}

func TestWritesFromSeveralGoroutinesAreWholeMessages(t *testing.T) {
	const writers, each = 4, 50
	got := make(chan int, 1)
	c := WebSocket(dialTo(t, func(ws *websocket.Conn) {
		n := 0
		for {
			_, p, err := ws.ReadMessage()
			if err != nil {
				break
			}
			if len(p) > 0 && bytes.Count(p, p[:1]) == len(p) {
				n++
			}
		}
		got <- n
	}))
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			for j := range each {
				if _, err := c.Write(bytes.Repeat([]byte{byte(i)}, 1+j*100)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	c.Close()
	if n := <-got; n != writers*each {
		t.Errorf("%d whole messages, want %d", n, writers*each)
	}
}

func TestTheLaneReadsMessagesOverAWebSocketHoweverFramesAreCut(t *testing.T) {
	stream := join(connack, books(500), publish("$sys/x", nil), books(500))
	var feed ledger.Feed
	n := 0
	c := New(WebSocket(dialTo(t, func(ws *websocket.Conn) {
		for _, p := range split(stream, 9, 3000) {
			ws.WriteMessage(websocket.BinaryMessage, p)
		}
		ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
		ws.ReadMessage() // until the client has closed, or what is under way might be lost
	})), Config{Gen: raw.NewGeneration(1), Feed: &feed, Fast: true, Push: func(run []raw.Message) { n += len(run) }})
	defer c.Close()
	control, err := io.ReadAll(c)
	if err != nil || n != 1000 || feed.Received.Load() != 1000 || !bytes.Equal(control, join(connack, publish("$sys/x", nil))) {
		t.Errorf("%d messages, %d received, control %x, %v", n, feed.Received.Load(), control, err)
	}
}
