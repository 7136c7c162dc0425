package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"

	"github.com/spf13/cobra"

	"github.com/feedtree/feedtree/cmd/runner/internal/httpd"
	"github.com/feedtree/feedtree/telemetry/logs"
)

func (a *program) logLevelCommand() *cobra.Command {
	var component string
	c := &cobra.Command{
		Use: "log-level [LEVEL]", Short: "Show or change the running process's log level",
		Long: `log-level changes from which level on the running process logs, until it ends: debug,
info, warn or error, for everything or for one component, a node as in runner tree. A
component's level "default" takes its own one away. Without a level it shows what holds.`,
		Example: "  runner log-level debug --component session\n  runner log-level info",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 0 && component != "" {
				return usage("%s needs one level: debug, info, warn or error", cmd.CommandPath())
			}
			if len(args) == 0 || component != "" && args[0] == "default" {
				return nil
			}
			if _, err := logs.ParseLevel(args[0]); err != nil {
				return usage("%v", err)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return ask(a, cmd.Context(), "/log/level", writeLevels)
			}
			body, err := json.Marshal(httpd.LogLevel{Component: component, Level: args[0]})
			if err != nil {
				return err
			}
			res, err := a.send(cmd.Context(), http.MethodPost, "/log/level", bytes.NewReader(body), 0)
			if err != nil {
				return err
			}
			l, err := read[httpd.Levels](res, 1<<16)
			if err != nil {
				return err
			}
			if a.flags.output == "json" {
				return json.NewEncoder(a.Out).Encode(l)
			}
			writeLevels(a.Out, l)
			return nil
		},
	}
	c.Flags().StringVar(&component, "component", "", "the level of this `NODE` alone")
	a.queryFlags(c, "table", "table or json")
	return c
}

func writeLevels(w io.Writer, l httpd.Levels) {
	fmt.Fprintln(w, l.Level)
	for _, node := range slices.Sorted(maps.Keys(l.Components)) {
		fmt.Fprintf(w, "%s: %s\n", node, l.Components[node])
	}
}
