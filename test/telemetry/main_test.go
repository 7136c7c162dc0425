// Package telemetry_test watches a whole tree the way its operators' tools do: over /metrics
// and over OTLP, from a real exchange.
package telemetry_test

import (
	"testing"

	"github.com/feedtree/feedtree/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
