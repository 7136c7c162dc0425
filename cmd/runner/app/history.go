package app

import (
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/feedtree/feedtree/cmd/runner/internal/httpd"
	"github.com/feedtree/feedtree/telemetry/history"
)

func (a *program) historyCommand() *cobra.Command {
	var minutes int
	c := &cobra.Command{
		Use: "history", Short: "Show the running process's last minutes, up to a day of them",
		Long: `history shows minute by minute what the running process received, delivered and lost, how
late, and at what price. It keeps a day. The last line is the minute that is not over.`,
		Example: "  runner history --minutes 60\n  runner history --minutes 1440 -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if minutes < 1 || minutes > history.Size {
				return usage("--minutes %d: expected 1 to %d", minutes, history.Size)
			}
			return ask(a, cmd.Context(), fmt.Sprintf("/history?minutes=%d", minutes), writeHistory)
		},
	}
	c.Flags().IntVar(&minutes, "minutes", 15, "how many of them, 1 to 1440")
	a.queryFlags(c, "table", "table or json")
	return c
}

func writeHistory(w io.Writer, h httpd.History) {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault // µ in capitals is an M
	t.AppendHeader(table.Row{"UNTIL", "RECEIVED", "ERRORS", "DELIVERED", "FAILED", "DROPPED", "QUEUED", "RESTARTS", "RECONNECTS", "P50 µs", "P99 µs", "CPU", "MiB", "FEED"})
	for _, p := range h.Points {
		busy := 0.0
		if p.Seconds > 0 {
			busy = 100 * p.CPUS / p.Seconds
		}
		t.AppendRow(table.Row{p.At.Local().Format(time.TimeOnly), p.Received, p.DecodeErrors, p.Delivered, p.Failed, p.Dropped, p.Queued, p.Restarts, p.Reconnects,
			fmt.Sprintf("%.0f", p.P50US), fmt.Sprintf("%.0f", p.P99US), fmt.Sprintf("%.0f %%", busy), p.MemoryBytes >> 20, p.FeedState})
	}
	t.SetColumnConfigs(rightAligned(2, 13))
	fmt.Fprintln(w, t.Render())
}
