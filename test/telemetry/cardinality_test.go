package telemetry_test

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/telemetry"
	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/sandbox"
	"github.com/feedtree/feedtree/test/sandbox/market"
)

// series counts what a scrape stores, each bucket of a histogram for itself.
func series(t *testing.T, shown *telemetry.Telemetry) (n int) {
	for name, f := range gather(t, shown) {
		if !ours(name) {
			continue
		}
		for _, m := range f.Metric {
			if h := m.Histogram; h != nil {
				n += len(h.Bucket) + 3 // +Inf, sum, count
			} else {
				n++
			}
		}
	}
	return n
}

func TestTheNumberOfSeriesFollowsFromTheConfigurationAlone(t *testing.T) {
	doc, err := os.ReadFile("../../docs/telemetry.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`series ≤ (\d+) \+ (\d+) × strategies \+ (\d+) × symbols`).FindSubmatch(doc)
	if m == nil {
		t.Fatal("docs/telemetry.md has no formula")
	}
	var f [3]int
	for i := range f {
		f[i], _ = strconv.Atoi(string(m[i+1]))
	}
	const symbols, strategies, reconnects = 900, 100, 10
	x := harness.Exchange(t, func(c *sandbox.Config) { c.Silent, c.Rate, c.Symbols = false, 2000, symbols })
	var seen harness.Record
	cfg := harness.Configured(t, x, func(c *config.Config) {
		c.Symbols = nil
		for i := range strategies {
			s := config.DefaultStrategy(fmt.Sprintf("s%d", i), "recorder")
			if i == 0 {
				s.Symbols = market.DefaultSymbols(symbols)
			} else {
				s.Symbols = []string{"AOT"}
			}
			c.Strategies = append(c.Strategies, s)
		}
	})
	tree := harness.Start(t, cfg, harness.Recording("recorder", &seen, nil))
	harness.Ready(t, tree)
	for i := range uint64(reconnects) {
		harness.Break(t, x, sandbox.Fault{Kind: "cut"})
		harness.Eventually(t, "the connection to be back", func() bool {
			ok, _ := tree.Ready()
			return ok && tree.Snapshot().Connection.Reconnects > i
		})
	}
	for _, each := range []bool{false, true} {
		shown, err := telemetry.Start(tree, config.Telemetry{Metrics: config.TelemetryMetrics{Symbols: each}}, telemetry.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer shown.Stop(t.Context())
		most := f[0] + f[1]*strategies
		if each {
			most += f[2] * symbols
		}
		// A formula far above what there is would bound nothing.
		if n := series(t, shown); n > most || n < most*9/10 {
			t.Errorf("by symbol %v: %d series, the formula says %d", each, n, most)
		}
	}
}
