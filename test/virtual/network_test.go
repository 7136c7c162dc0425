package virtual

import (
	"context"
	"errors"
	"net"
	"sync/atomic"

	"github.com/feedtree/feedtree/test/sandbox"
)

// What the network between the tree and the exchange does with a call.
const (
	whole    = iota
	refusing // nobody listens
	silent   // no answer, ever
)

// network is the exchange's listener and the tree's way to it.
type network struct {
	*sandbox.Pipe
	state atomic.Int32
	calls atomic.Uint64
}

func newNetwork() *network { return &network{Pipe: sandbox.NewPipe()} }

func (n *network) dial(ctx context.Context, kind, addr string) (net.Conn, error) {
	n.calls.Add(1)
	switch n.state.Load() {
	case refusing:
		return nil, &net.OpError{Op: "dial", Net: kind, Err: errors.New("connection refused")}
	case silent:
		<-ctx.Done()
		return nil, &net.OpError{Op: "dial", Net: kind, Err: ctx.Err()}
	}
	return n.Pipe.Dial(ctx, kind, addr)
}
