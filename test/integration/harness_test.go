// Package integration runs the whole tree against the whole exchange, over real TLS, and
// looks at what a user's strategy sees and at the ledgers. What breaks in here is broken for
// users.
package integration

import (
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// The harness in short words: nearly every line of this package's tests is made of them.
var (
	exchange   = harness.Exchange
	moving     = harness.Moving
	configured = harness.Configured
	start      = harness.Start
	balanced   = harness.Balanced
	eventually = harness.Eventually
	ready      = harness.Ready
	mustBreak  = harness.Break
)

const patience = harness.Patience

// record is what a strategy saw, in order.
type record struct{ harness.Record }

func (r *record) all() []string                      { return r.Lines() }
func (r *record) count(line string) int              { return r.Count(line) }
func (r *record) notice(name string) messages.Notice { return r.First(name) }
func (r *record) last(name string) messages.Notice   { return r.Last(name) }

// recording registers a strategy type that records into r.
func recording(name string, r *record, also func(actor.Context), options ...feedtree.Option) feedtree.StrategyType {
	return harness.Recording(name, &r.Record, also, options...)
}
