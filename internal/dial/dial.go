// Package dial is the seam between the tree and the network: whoever starts a tree may
// hand in, with the context, how its connections are made. Only this module can: what a
// user's program connects to is the configuration's business, and a test's network has none
// of a proxy's or a resolver's ways.
package dial

import (
	"context"
	"net"
)

// Func opens a connection, as net.Dialer.DialContext does.
type Func func(ctx context.Context, network, addr string) (net.Conn, error)

type key struct{}

// With hands f to the tree that is started with the context.
func With(ctx context.Context, f Func) context.Context { return context.WithValue(ctx, key{}, f) }

// From finds what With handed in, nil for the net package's own way.
func From(ctx context.Context) Func {
	f, _ := ctx.Value(key{}).(Func)
	return f
}
