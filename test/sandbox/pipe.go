package sandbox

import (
	"context"
	"net"
	"sync"
)

// Pipe is a network of one machine, in memory: a listener whose Dial reaches it whatever
// address is asked for. With it exchange and client stand in one testing/synctest bubble,
// where a day takes seconds. Its methods are safe for concurrent use.
type Pipe struct {
	calls  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// NewPipe makes a network that nobody listens on yet.
func NewPipe() *Pipe { return &Pipe{calls: make(chan net.Conn), closed: make(chan struct{})} }

// Dial connects to whoever accepts.
func (p *Pipe) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	refused := &net.OpError{Op: "dial", Net: network, Addr: p.Addr(), Err: net.ErrClosed}
	select {
	case <-p.closed:
		return nil, refused
	default:
	}
	ours, theirs := newPipeConn()
	select {
	case p.calls <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, refused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (p *Pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.calls:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener; connections that stand go on.
func (p *Pipe) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// Addr implements net.Listener.
func (p *Pipe) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }
