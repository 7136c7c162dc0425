// Package matrix breaks the whole tree against the whole exchange in every way that
// docs/guarantees.md lists, and holds it to what stands there beside it. After each fault
// ledgers L1 to L4 are exact, what was received is what the exchange wrote or, after a cut,
// never more, and goroutines, heap and descriptors are back at their baseline.
//
// The table is rows; the one in the document is held equal to it, and every test that either
// names must exist.
package matrix

import (
	"context"
	"testing"
	"time"

	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/probe"
)

func TestMain(m *testing.M) { harness.Main(m) }

func TestTheMatrix(t *testing.T) {
	var base probe.Resources
	for _, r := range rows {
		if len(r.run) == 0 {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			if base == (probe.Resources{}) { // whichever row is the first that is asked for
				t.Run("", warm)
				base = probe.Take()
			}
			for _, run := range r.run {
				t.Run("", run) // its own, so that all it started has ended after it
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if err := probe.Returned(ctx, base, probe.Slack{}); err != nil {
				t.Errorf("L6: %v", err)
			}
		})
	}
}

// warm goes the whole way once, so that pools and tables that are made only once are no leaks.
func warm(t *testing.T) {
	f := begin(t, harness.Moving, nil)
	f.flows(100)
	f.end(orderly)
}
