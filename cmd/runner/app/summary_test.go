package app

import (
	"bytes"
	"regexp"
	"strconv"
	"testing"

	"github.com/feedtree/feedtree/telemetry/ledger"
)

// The lines for people must add up as the ledgers do: each term of an equation is another
// number here.
func TestTheSummaryForPeopleNamesEveryTermOfTheLedgers(t *testing.T) {
	s := &ledger.Snapshot{
		Feed: ledger.FeedCounts{Decoded: 1, DecodeErrors: map[string]uint64{"malformed": 2}, UnknownTopic: 4,
			Oversized: 8, Stale: 16, Superseded: 32, Dropped: 64, Discarded: 128, Received: 255},
		Dispatcher: ledger.DispatcherCounts{Pushed: 15, Dispatched: 1, Failed: 2, Dropped: 4, Discarded: 8},
		Strategies: map[string]ledger.Strategy{"s": {Type: "x", State: "running", Matched: 63, Pushed: 63,
			Delivered: 1, Failed: 2, Dropped: 4, Conflated: 8, Expired: 16, Discarded: 32}},
		Traces: &ledger.TraceCounts{Made: 1, Spans: 7, Exported: 1, Failed: 2, Dropped: 4},
	}
	if !s.Check()["L1"] {
		t.Fatal("the example does not balance")
	}
	var out bytes.Buffer
	if err := writeSummary(&out, s); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]int{`feed +(\d+) received = ([^;\n]*)`: 255, `dispatcher +(\d+) decoded = ([^;\n]*)`: 15,
		`strategy +s \(x, running\): (\d+) matched = ([^;\n]*)`: 63, `traces +1 made, .*; (\d+) spans = ([^;\n]*)`: 7} {
		found := regexp.MustCompile(`(?m)^` + line).FindStringSubmatch(out.String())
		if found == nil {
			t.Errorf("no line %s in\n%s", line, &out)
			continue
		}
		sum := 0
		for _, n := range regexp.MustCompile(`\d+`).FindAllString(found[2], -1) {
			v, _ := strconv.Atoi(n)
			sum += v
		}
		if total, _ := strconv.Atoi(found[1]); total != want || sum != want {
			t.Errorf("%d = %d, want %d: %s", total, sum, want, found[0])
		}
	}
}
