// Package raw holds what travels from the socket to the decoder: undecoded messages
// that know which connection generation they came from, and the notices between them.
package raw

import (
	"sync/atomic"

	"github.com/feedtree/feedtree/messages"
)

// Generation identifies one attempt to have a connection. It is shared by every message
// that arrived on that connection; revoking it makes the decoder count what is left as stale.
// All methods are safe for concurrent use.
type Generation struct {
	ID      uint64
	epoch   atomic.Uint64
	revoked atomic.Bool
}

// NewGeneration returns a live generation without an epoch.
func NewGeneration(id uint64) *Generation { return &Generation{ID: id} }

// Accept gives the generation its epoch; it is called once, when CONNACK 0 arrived.
func (g *Generation) Accept(epoch uint64) { g.epoch.Store(epoch) }

// Epoch is 0 until the generation was accepted.
func (g *Generation) Epoch() uint64 { return g.epoch.Load() }

// Revoke ends the generation's right to deliver, and reports whether this call did it.
func (g *Generation) Revoke() bool { return g.revoked.CompareAndSwap(false, true) }

// Revoked reports whether messages of the generation are stale.
func (g *Generation) Revoked() bool { return g.revoked.Load() }

// Message is one PUBLISH as it came off the wire, or, when Notice is set, a notice that
// keeps its place between messages. Topic and Payload are views into a buffer that nobody
// writes to again; keeping one keeps that whole buffer alive, so copy what is to be kept.
type Message struct {
	Topic   []byte
	Payload []byte
	Gen     *Generation
	Wall    int64 // wall clock at the return of the socket read, ns
	Mono    int64 // clock.Mono at the same instant
	Notice  messages.Notice
}

// Size is what the message counts against a byte limit.
func (m *Message) Size() int { return len(m.Topic) + len(m.Payload) }
