package app

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/feedtree/feedtree/telemetry/ledger"
)

func volume(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// price shows a price with two decimals at least, so that a column lines up, and the
// auction where there is no price because of it.
func price(p string, auction bool) string {
	if p == "" {
		if auction {
			return "auction"
		}
		return ""
	}
	whole, decimals, _ := strings.Cut(p, ".")
	for len(decimals) < 2 {
		decimals += "0"
	}
	return whole + "." + decimals
}

func age(ms int64) string {
	if ms < 0 {
		return "never"
	}
	return (time.Duration(ms) * time.Millisecond).Round(100 * time.Millisecond).String()
}

func rightAligned(from, to int) (out []table.ColumnConfig) {
	for i := from; i <= to; i++ {
		out = append(out, table.ColumnConfig{Number: i, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	return out
}

// writeSummary is the summary for people.
func writeSummary(w io.Writer, s *ledger.Snapshot) error {
	f, d, c := &s.Feed, &s.Dispatcher, &s.Connection
	_, err := fmt.Fprintf(w, `
ran %.1f s, epoch %d
connection  %d attempts, %d connected, %d roll-overs, %d lost, %d closed in order
feed        %d received = %d decoded + %d errors + %d unknown topic + %d oversized + %d stale + %d superseded + %d dropped + %d discarded
dispatcher  %d decoded = %d dispatched + %d failed + %d dropped + %d discarded; %d matched, %d unmatched
latency     p50 %.0f µs, p95 %.0f µs, p99 %.0f µs, p99.9 %.0f µs, max %.0f µs
process     %.1f s CPU, %.0f MiB at most
`, s.DurationS, s.Epoch, c.Attempts, c.Connected, c.Rollovers, c.Lost, c.Closed,
		f.Received, f.Decoded, errorsOf(s), f.UnknownTopic, f.Oversized, f.Stale, f.Superseded, f.Dropped, f.Discarded,
		d.Pushed, d.Dispatched, d.Failed, d.Dropped, d.Discarded, d.Matched, d.Unmatched,
		s.LatencyUS.P50, s.LatencyUS.P95, s.LatencyUS.P99, s.LatencyUS.P999, s.LatencyUS.Max, s.Process.CPUS, s.Process.MaxRSSMiB)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(s.Strategies)) {
		t := s.Strategies[name]
		if _, err := fmt.Fprintf(w, "strategy    %s (%s, %s): %d matched = %d delivered + %d failed + %d dropped + %d conflated + %d expired + %d discarded; %d restarts, %d replaced\n",
			name, t.Type, t.State, t.Matched, t.Delivered, t.Failed, t.Dropped, t.Conflated, t.Expired, t.Discarded, t.Restarts, t.Replaced); err != nil {
			return err
		}
	}
	if s.Exchange != nil {
		fmt.Fprintf(w, "exchange    %d published, %d delivered\n", s.Exchange.Published, s.Exchange.Delivered)
	}
	if tr := s.Traces; tr != nil {
		fmt.Fprintf(w, "traces      %d made, %d lost, %d suppressed; %d spans = %d exported + %d failed + %d dropped\n",
			tr.Made, tr.Lost, tr.Suppressed, tr.Spans, tr.Exported, tr.Failed, tr.Dropped)
	}
	verdict := "every message is accounted for"
	if !s.Balanced() {
		verdict = "FALSE: " + falseLedgers(s)
	}
	_, err = fmt.Fprintf(w, "ledgers     %s\n", verdict)
	return err
}
