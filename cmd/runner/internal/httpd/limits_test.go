package httpd

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// hasty opens a door whose limits are met within a test.
func hasty(t *testing.T, change func(*limits), h Handlers) *Server {
	t.Helper()
	ln, err := bind("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := defaultLimits
	l.readHeader, l.read, l.idle, l.write = 50*time.Millisecond, 100*time.Millisecond, 50*time.Millisecond, 200*time.Millisecond
	if change != nil {
		change(&l)
	}
	s := serve(ln, h, slog.New(slog.DiscardHandler), l)
	t.Cleanup(s.Close)
	return s
}

// dial sends the beginning of a request.
func dial(t *testing.T, s *Server, begin string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, begin); err != nil {
		t.Fatal(err)
	}
	return c
}

func live(w http.ResponseWriter, _ *http.Request) { JSON(w, 200, "ok") }

func TestAClientThatIsSlowIsLetGo(t *testing.T) {
	for name, begin := range map[string]string{
		"that says nothing":           "",
		"in the middle of a header":   "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: a",
		"in the middle of a body":     "POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc",
		"between two of its requests": "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := hasty(t, nil, Handlers{"/livez": live, "POST /read": func(w http.ResponseWriter, r *http.Request) {
				if _, err := io.ReadAll(r.Body); err == nil {
					t.Error("a body that never came was read")
				}
			}})
			c := dial(t, s, begin)
			// To the end: the server closes, or the deadline of the test fails it.
			if _, err := io.Copy(io.Discard, c); err != nil && strings.Contains(err.Error(), "timeout") {
				t.Error(err)
			}
		})
	}
}

func TestAClientThatDoesNotReadIsLetGo(t *testing.T) {
	ended := make(chan error, 1)
	s := hasty(t, nil, Handlers{"/large": func(w http.ResponseWriter, _ *http.Request) {
		var err error
		for piece := make([]byte, 1<<20); err == nil; {
			_, err = w.Write(piece)
		}
		ended <- err
	}})
	dial(t, s, "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Error("its answer is being written still")
	}
}

func TestHeadersAndBodiesAreBounded(t *testing.T) {
	s := hasty(t, func(l *limits) { *l = defaultLimits }, Handlers{"/livez": live, "POST /read": func(w http.ResponseWriter, r *http.Request) {
		if n, err := io.Copy(io.Discard, r.Body); err == nil || n > 64<<10 {
			t.Errorf("%d bytes of a body were read: %v", n, err)
		}
		Fail(w, http.StatusRequestEntityTooLarge, "too large")
	}})
	r, _ := http.NewRequest("GET", s.URL()+"/livez", nil)
	r.Header.Set("X-Large", strings.Repeat("x", 64<<10))
	if res, err := http.DefaultClient.Do(r); err != nil || res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of 64 KiB: %v %v", res, err)
	}
	c := dial(t, s, "POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n")
	go io.Copy(c, bytes.NewReader(make([]byte, 1<<20))) // until the server has had enough
	if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || !strings.Contains(line, "413") {
		t.Errorf("a body of a gigabyte: %q %v", line, err)
	}
}

func TestManyClientsCostNoMoreThanTheirShare(t *testing.T) {
	s := hasty(t, func(l *limits) { l.connections = 3 }, Handlers{"/livez": live})
	for range 20 {
		dial(t, s, "GET /livez HTTP/1.1\r\n") // each holds its place until it is let go
	}
	res, err := http.Get(s.URL() + "/livez")
	if err != nil || res.StatusCode != 200 {
		t.Fatal(fmt.Sprint(res, err))
	}
	res.Body.Close()
}
