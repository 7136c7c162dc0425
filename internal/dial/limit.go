package dial

import (
	"errors"
	"net"
	"sync/atomic"
)

// ErrTooLong is what a read ends with beyond a connection's limit.
var ErrTooLong = errors.New("the server's answer to the handshake is too long")

// Limited is a connection of which only so much can be read until the limit is lifted. What
// reads an upgrade's answer has no limit of its own: headers without end would be memory
// without end.
type Limited struct {
	net.Conn
	left atomic.Int64
}

// Limit lets n bytes of a connection be read, and then no more until Lift.
func Limit(c net.Conn, n int64) *Limited {
	l := &Limited{Conn: c}
	l.left.Store(n)
	return l
}

// lifted is what no read brings down to zero.
const lifted = -1

// Lift takes the limit away.
func (l *Limited) Lift() { l.left.Store(lifted) }

// Read implements net.Conn; it is for one goroutine at a time, as reads are.
func (l *Limited) Read(p []byte) (int, error) {
	left := l.left.Load()
	if left == lifted {
		return l.Conn.Read(p)
	}
	if left == 0 {
		return 0, ErrTooLong
	}
	n, err := l.Conn.Read(p[:min(int64(len(p)), left)])
	l.left.CompareAndSwap(left, left-int64(n))
	return n, err
}
