package virtual

import (
	"context"
	"errors"
	"net"
	"sync/atomic"

	"github.com/feedtree/feedtree/test/cast"
	"github.com/feedtree/feedtree/test/sandbox"
)

// network is the exchange's listener and the tree's way to it.
type network struct {
	*sandbox.Pipe
	state atomic.Int32
}

func newNetwork() *network { return &network{Pipe: sandbox.NewPipe()} }

func (n *network) dial(ctx context.Context, kind, addr string) (net.Conn, error) {
	switch cast.Network(n.state.Load()) {
	case cast.Refusing:
		return nil, &net.OpError{Op: "dial", Net: kind, Err: errors.New("connection refused")}
	case cast.Silent:
		<-ctx.Done()
		return nil, &net.OpError{Op: "dial", Net: kind, Err: ctx.Err()}
	}
	return n.Pipe.Dial(ctx, kind, addr)
}
