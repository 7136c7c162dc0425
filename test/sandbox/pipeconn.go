package sandbox

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// pipeBuffer is how much a Pipe's connection holds in each direction before its writer
// waits, about what a socket does. net.Pipe holds nothing: there a TLS close waits for its
// peer to read the farewell, with locks held that a bubble's clock does not pass.
const pipeBuffer = 256 << 10

// pipeConn is one end of a connection in memory.
type pipeConn struct {
	in, out *stretch
	abrupt  atomic.Bool // closing throws away what was not read
	once    sync.Once
}

// newPipeConn makes both ends of a connection.
func newPipeConn() (one, other *pipeConn) {
	to, from := newStretch(), newStretch()
	return &pipeConn{in: from, out: to}, &pipeConn{in: to, out: from}
}

// stretch is one direction: what was written and not read yet.
type stretch struct {
	mu     sync.Mutex
	moved  sync.Cond
	buf    bytes.Buffer
	ended  bool // the writer has closed
	left   bool // the reader has closed
	reset  bool // one of them abruptly
	reads  deadline
	writes deadline
}

func newStretch() *stretch {
	s := &stretch{}
	s.moved.L = &s.mu
	return s
}

// Read implements net.Conn: what was written before a close is read before its io.EOF.
func (c *pipeConn) Read(p []byte) (int, error) {
	s := c.in
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.left:
			return 0, c.failed("read", net.ErrClosed)
		case s.reads.passed:
			return 0, c.failed("read", os.ErrDeadlineExceeded)
		case s.reset:
			return 0, c.failed("read", syscall.ECONNRESET)
		case s.buf.Len() > 0:
			n, _ := s.buf.Read(p)
			s.moved.Broadcast()
			return n, nil
		case s.ended:
			return 0, io.EOF
		case len(p) == 0:
			return 0, nil
		}
		s.moved.Wait()
	}
}

// Write implements net.Conn: it waits while the buffer is full.
func (c *pipeConn) Write(p []byte) (n int, err error) {
	s := c.out
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.ended:
			return n, c.failed("write", net.ErrClosed)
		case s.writes.passed:
			return n, c.failed("write", os.ErrDeadlineExceeded)
		case s.left || s.reset:
			return n, c.failed("write", syscall.EPIPE)
		}
		if room := min(pipeBuffer-s.buf.Len(), len(p)-n); room > 0 {
			s.buf.Write(p[n : n+room])
			n += room
			s.moved.Broadcast()
		}
		if n == len(p) {
			return n, nil
		}
		s.moved.Wait()
	}
}

func (c *pipeConn) failed(op string, err error) error {
	return &net.OpError{Op: op, Net: "pipe", Addr: pipeAddr{}, Err: err}
}

// Close implements net.Conn.
func (c *pipeConn) Close() error {
	err := fmt.Errorf("close: %w", net.ErrClosed)
	c.once.Do(func() {
		err = nil
		c.out.close(func(s *stretch) { s.ended, s.reset = true, s.reset || c.abrupt.Load() })
		c.in.close(func(s *stretch) { s.left, s.reset = true, s.reset || c.abrupt.Load() })
	})
	return err
}

func (s *stretch) close(how func(*stretch)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if how(s); s.reset || s.left {
		s.buf = bytes.Buffer{}
	}
	s.reads.stop()
	s.writes.stop()
	s.moved.Broadcast()
}

// SetLinger makes a later Close abrupt, as it does for a TCP connection, if sec is 0.
func (c *pipeConn) SetLinger(sec int) error {
	c.abrupt.Store(sec == 0)
	return nil
}

// LocalAddr implements net.Conn.
func (c *pipeConn) LocalAddr() net.Addr { return pipeAddr{} }

// RemoteAddr implements net.Conn.
func (c *pipeConn) RemoteAddr() net.Addr { return pipeAddr{} }

// SetDeadline implements net.Conn.
func (c *pipeConn) SetDeadline(t time.Time) error {
	c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (c *pipeConn) SetReadDeadline(t time.Time) error {
	c.in.until(&c.in.reads, t)
	return nil
}

// SetWriteDeadline implements net.Conn.
func (c *pipeConn) SetWriteDeadline(t time.Time) error {
	c.out.until(&c.out.writes, t)
	return nil
}

// deadline is an instant from which on an operation fails.
type deadline struct {
	timer  *time.Timer
	passed bool
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

func (s *stretch) until(d *deadline, t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.stop()
	in := time.Until(t)
	d.passed = !t.IsZero() && in <= 0
	if !t.IsZero() && in > 0 && !s.ended && !s.left {
		var own *time.Timer
		own = time.AfterFunc(in, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if d.timer == own { // else it was set anew meanwhile
				d.passed = true
				s.moved.Broadcast()
			}
		})
		d.timer = own
	}
	s.moved.Broadcast()
}
