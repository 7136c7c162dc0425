package lane

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
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
