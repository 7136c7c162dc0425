package httpd

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/test/certtest"
)

// hasty opens a door whose limits are met within a test.
func hasty(t *testing.T, tls config.HTTPTLS, change func(*limits), h Handlers) *Server {
	t.Helper()
	return listen(t, config.HTTP{Addr: "127.0.0.1:0", TLS: tls}, func(l *limits) {
		l.readHeader, l.read, l.idle, l.write = 50*time.Millisecond, 100*time.Millisecond, 50*time.Millisecond, 200*time.Millisecond
		if tls.CertFile != "" { // the machine may be busy while hands are shaken
			l.readHeader, l.read, l.write = 500*time.Millisecond, 600*time.Millisecond, 700*time.Millisecond
		}
		if change != nil {
			change(l)
		}
	}, h)
}

// inTheClearAndOverTLS runs a test on both kinds of door. raw connects, and says nothing; dial
// sends the beginning of a request.
func inTheClearAndOverTLS(t *testing.T, test func(t *testing.T, secure config.HTTPTLS, dial func(s *Server, begin string) net.Conn)) {
	t.Run("in the clear", func(t *testing.T) {
		test(t, config.HTTPTLS{}, func(s *Server, begin string) net.Conn { return say(t, raw(t, s), begin) })
	})
	t.Run("over TLS", func(t *testing.T) {
		pair := certtest.New(t).Server("localhost")
		test(t, config.HTTPTLS{CertFile: pair.CertFile, KeyFile: pair.KeyFile}, func(s *Server, begin string) net.Conn {
			return say(t, tls.Client(raw(t, s), &tls.Config{InsecureSkipVerify: true}), begin)
		})
	})
}

func raw(t *testing.T, s *Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

func say(t *testing.T, c net.Conn, begin string) net.Conn {
	t.Helper()
	if s, ok := c.(*tls.Conn); ok {
		if err := s.Handshake(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := io.WriteString(c, begin); err != nil {
		t.Fatal(err)
	}
	return c
}

// letGo waits until the server has closed a connection; the connection's deadline fails the
// test.
func letGo(t *testing.T, c net.Conn) {
	t.Helper()
	var late net.Error
	if _, err := io.Copy(io.Discard, c); errors.As(err, &late) && late.Timeout() {
		t.Error(err)
	}
}

func live(w http.ResponseWriter, _ *http.Request) { JSON(w, 200, "ok") }

func TestAClientThatIsSlowIsLetGo(t *testing.T) {
	inTheClearAndOverTLS(t, func(t *testing.T, secure config.HTTPTLS, dial func(*Server, string) net.Conn) {
		for name, begin := range map[string]string{
			"that says nothing":           "",
			"in the middle of a header":   "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: a",
			"in the middle of a body":     "POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc",
			"between two of its requests": "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
		} {
			t.Run(name, func(t *testing.T) {
				s := hasty(t, secure, nil, Handlers{"/livez": live, "POST /read": func(w http.ResponseWriter, r *http.Request) {
					if _, err := io.ReadAll(r.Body); err == nil {
						t.Error("a body that never came was read")
					}
				}})
				letGo(t, dial(s, begin))
			})
		}
	})
}

func TestAClientThatDoesNotShakeHandsIsLetGoAndHoldsUpNobody(t *testing.T) {
	pair := certtest.New(t).Server("localhost")
	s := hasty(t, config.HTTPTLS{CertFile: pair.CertFile, KeyFile: pair.KeyFile}, func(l *limits) { l.connections = 2 }, Handlers{"/livez": live})
	var slow []net.Conn
	for _, begin := range []string{"", "\x16\x03\x01\x02\x00\x01", "GET /livez"} { // nothing, a piece of a greeting, a greeting in the clear
		slow = append(slow, say(t, raw(t, s), begin))
	}
	// They are one more than there is room for.
	say(t, tls.Client(raw(t, s), &tls.Config{InsecureSkipVerify: true}), "")
	for _, c := range slow {
		letGo(t, c)
	}
}

func TestAClientThatDoesNotReadIsLetGo(t *testing.T) {
	inTheClearAndOverTLS(t, func(t *testing.T, secure config.HTTPTLS, dial func(*Server, string) net.Conn) {
		ended := make(chan error, 1)
		s := hasty(t, secure, nil, Handlers{"/large": func(w http.ResponseWriter, _ *http.Request) {
			var err error
			for piece := make([]byte, 1<<20); err == nil; {
				_, err = w.Write(piece)
			}
			ended <- err
		}})
		dial(s, "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			t.Error("its answer is being written still")
		}
	})
}

func TestHeadersAndBodiesAreBounded(t *testing.T) {
	inTheClearAndOverTLS(t, func(t *testing.T, secure config.HTTPTLS, dial func(*Server, string) net.Conn) {
		s := hasty(t, secure, func(l *limits) { *l = defaultLimits }, Handlers{"/livez": live, "POST /read": func(w http.ResponseWriter, r *http.Request) {
			if n, err := io.Copy(io.Discard, r.Body); err == nil || n > 64<<10 {
				t.Errorf("%d bytes of a body were read: %v", n, err)
			}
			Fail(w, http.StatusRequestEntityTooLarge, "too large")
		}})
		status := func(c net.Conn) string {
			line, err := bufio.NewReader(c).ReadString('\n')
			if err != nil {
				t.Error(err)
			}
			return line
		}
		c := dial(s, "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Large: ")
		go io.Copy(c, strings.NewReader(strings.Repeat("x", 64<<10)+"\r\n\r\n"))
		if line := status(c); !strings.Contains(line, "431") {
			t.Errorf("a header of 64 KiB: %q", line)
		}
		c = dial(s, "POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n")
		go io.Copy(c, bytes.NewReader(make([]byte, 1<<20))) // until the server has had enough
		if line := status(c); !strings.Contains(line, "413") {
			t.Errorf("a body of a gigabyte: %q", line)
		}
	})
}

func TestManyClientsCostNoMoreThanTheirShare(t *testing.T) {
	inTheClearAndOverTLS(t, func(t *testing.T, secure config.HTTPTLS, dial func(*Server, string) net.Conn) {
		s := hasty(t, secure, func(l *limits) { l.connections = 3 }, Handlers{"/livez": live})
		for range 9 {
			raw(t, s) // each holds its place until it is let go
		}
		c := dial(s, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
		if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
			t.Errorf("%q %v", line, err)
		}
	})
}
