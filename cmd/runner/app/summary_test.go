package app

import (
	"bytes"
	"regexp"
	"strconv"
	"testing"

	"github.com/feedtree/feedtree/telemetry/ledger"
)

// The line for people must add up as the ledger does: each term of L1 is another number here.
func TestTheSummaryForPeopleNamesEveryTermOfTheFeedsLedger(t *testing.T) {
	s := &ledger.Snapshot{Feed: ledger.FeedCounts{Decoded: 1, DecodeErrors: map[string]uint64{"malformed": 2}, UnknownTopic: 4,
		Oversized: 8, Stale: 16, Superseded: 32, Dropped: 64, Discarded: 128, Received: 255}}
	if !s.Check()["L1"] {
		t.Fatal("the example does not balance")
	}
	var out bytes.Buffer
	if err := writeSummary(&out, s); err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^feed +(\d+) received = (.*)$`).FindStringSubmatch(out.String())
	if line == nil {
		t.Fatalf("no such line in\n%s", &out)
	}
	sum := 0
	for _, n := range regexp.MustCompile(`\d+`).FindAllString(line[2], -1) {
		v, _ := strconv.Atoi(n)
		sum += v
	}
	if line[1] != "255" || sum != 255 {
		t.Errorf("%s = %d: %s", line[1], sum, line[0])
	}
}
