package app

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/supervision"
)

// shownEvents is how many of the last events `tree` shows; JSON has all that are kept.
const shownEvents = 10

// writeNode draws a node and what is below it; the policy only where it is another one than
// that of the node above.
func writeNode(w io.Writer, n feedtree.Node, first, rest, policy string) {
	fmt.Fprintf(w, "%s%s  %s", first, n.Name, n.State)
	if n.Detail != "" {
		fmt.Fprintf(w, " (%s)", n.Detail)
	}
	if n.Capacity > 0 {
		fmt.Fprintf(w, "  queue %d/%d, handled %d, dropped %d", n.Queued, n.Capacity, n.Handled, n.Dropped)
		for _, c := range []struct {
			what string
			n    uint64
		}{{"failed", n.Failed}, {"conflated", n.Conflated}, {"expired", n.Expired}, {"discarded", n.Discarded}} {
			if c.n > 0 {
				fmt.Fprintf(w, ", %s %d", c.what, c.n)
			}
		}
	}
	if n.Restarts > 0 {
		fmt.Fprintf(w, "  restarts %d", n.Restarts)
	}
	if n.Replaced > 0 {
		fmt.Fprintf(w, "  replaced %d", n.Replaced)
	}
	if n.LastCause != "" {
		fmt.Fprintf(w, "  last failure: %s", n.LastCause)
	}
	if n.NextRestart != "" {
		fmt.Fprintf(w, "  restart in %s", until(n.NextRestart))
	}
	if n.Policy != nil && n.Policy.String() != policy {
		policy = n.Policy.String()
		fmt.Fprintf(w, "  [%s]", policy)
	}
	fmt.Fprintln(w)
	bar := rest + "│  "
	if len(n.Children) == 0 {
		bar = rest + "   "
	}
	for _, note := range n.Notes {
		fmt.Fprintf(w, "%s%s\n", bar, note)
	}
	for i, c := range n.Children {
		if i == len(n.Children)-1 {
			writeNode(w, c, rest+"└─ ", rest+"   ", policy)
		} else {
			writeNode(w, c, rest+"├─ ", rest+"│  ", policy)
		}
	}
}

// until is how long it is to a moment, "" for none.
func until(at string) string {
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return ""
	}
	return max(time.Until(t), 0).Round(time.Millisecond).String()
}

func writeEvents(w io.Writer, events []supervision.Event) {
	if len(events) == 0 {
		return
	}
	fmt.Fprintln(w, "last failures and what was done:")
	for _, e := range events[max(0, len(events)-shownEvents):] {
		fmt.Fprintf(w, "  %s  %s/%s  %s", e.At.Local().Format("15:04:05.000"), e.Node, e.Child, e.Kind)
		if e.Kind == supervision.RestartScheduled {
			fmt.Fprintf(w, " in %v", e.Delay.Round(time.Millisecond))
		}
		if e.Count > 1 {
			fmt.Fprintf(w, " %d times", e.Count)
		}
		if e.Kind.OfFailure() {
			fmt.Fprintf(w, "  (%s, failure %d: %s)\n", e.Class, e.Failures, e.Cause)
		} else {
			fmt.Fprintf(w, "  (%s)\n", e.Cause)
		}
	}
}

func (a *program) strategiesCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "strategies", Short: "List the running process's strategies", Example: "  runner strategies -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(a, cmd.Context(), "/strategies", writeStrategies)
		},
	}
	a.queryFlags(c, "table", "table or json")
	c.AddCommand(a.changeCommand("resume", "Take a strategy out of quarantine"), a.changeCommand("restart", "Make a strategy's actor anew; its queue goes on"))
	return c
}

func writeStrategies(w io.Writer, m map[string]feedtree.StrategyState) {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"NAME", "TYPE", "STATE", "MATCHED", "DELIVERED", "FAILED", "DROPPED", "CONFLATED", "EXPIRED", "DISCARDED",
		"QUEUED", "RESTARTS", "REPLACED", "NEXT RESTART", "LAST FAILURE"})
	var conflated, expired, discarded uint64
	for _, name := range slices.Sorted(maps.Keys(m)) {
		s := m[name]
		state := s.State
		if s.Stuck > 0 {
			state += fmt.Sprintf(", %d stuck", s.Stuck)
		}
		next := ""
		if s.NextRestart != "" {
			next = "in " + cmp.Or(until(s.NextRestart), s.NextRestart)
		}
		t.AppendRow(table.Row{name, s.Type, state, s.Matched, s.Delivered, s.Failed, s.Dropped, s.Conflated, s.Expired, s.Discarded,
			s.Queued, s.Restarts, s.Replaced, next, s.LastCause})
		conflated, expired, discarded = conflated+s.Conflated, expired+s.Expired, discarded+s.Discarded
	}
	columns := rightAligned(4, 13)
	for i, n := range []uint64{conflated, expired, discarded} {
		columns[4+i].Hidden = n == 0 // few mailboxes have these, and the table is wide enough
	}
	t.SetColumnConfigs(append(columns, table.ColumnConfig{Number: 15, WidthMax: 60}))
	fmt.Fprintln(w, t.Render())
}
