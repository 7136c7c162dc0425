package app

import (
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/feedtree/feedtree"
)

func (a *program) poisonCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "poison", Short: "Look at the messages that the running process could not work on", Example: "  runner poison list",
	}
	list := &cobra.Command{
		Use: "list", Short: "List them, oldest first", Example: "  runner poison list -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(a, cmd.Context(), "/poison", func(w io.Writer, entries []feedtree.PoisonEntry) {
				t := table.NewWriter()
				t.SetStyle(table.StyleLight)
				t.AppendHeader(table.Row{"ID", "AT", "NODE", "CLASS", "TOPIC", "BYTES", "REASON"})
				for _, e := range entries {
					t.AppendRow(table.Row{e.ID, e.At.Local().Format(time.TimeOnly), e.Node, e.Class, e.Topic, len(e.Payload), short(e.Reason)})
				}
				fmt.Fprintln(w, t.Render())
			})
		},
	}
	a.queryFlags(list, "table", "table or json")
	show := &cobra.Command{
		Use: "show ID", Short: "Show one whole, with its bytes and stack", Example: "  runner poison show 17",
		Args: oneNumber,
		RunE: func(cmd *cobra.Command, args []string) error {
			id, _ := strconv.ParseUint(args[0], 10, 64)
			found := false
			a.flags.output = "table"
			err := ask(a, cmd.Context(), "/poison", func(w io.Writer, entries []feedtree.PoisonEntry) {
				for _, e := range entries {
					if e.ID == id {
						found = true
						fmt.Fprintf(w, "id       %d\nat       %s\nnode     %s\nclass    %s\nreason   %s\ntopic    %s\nepoch    %d\npayload  %s\n",
							e.ID, e.At.Format(time.RFC3339Nano), e.Node, e.Class, e.Reason, e.Topic, e.Epoch, base64.StdEncoding.EncodeToString(e.Payload))
						if e.Stack != "" {
							fmt.Fprintf(w, "stack\n%s\n", e.Stack)
						}
					}
				}
			})
			if err == nil && !found {
				return &exitError{exitFailure, fmt.Errorf("no message %d is kept; see runner poison list", id)}
			}
			return err
		},
	}
	a.doorFlags(show)
	c.AddCommand(list, show, a.replayCommand())
	return c
}

// oneNumber wants the number of one message.
func oneNumber(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage("%s needs the number of one message; runner poison list shows them", cmd.CommandPath())
	}
	if _, err := strconv.ParseUint(args[0], 10, 64); err != nil {
		return usage("%q: expected the number of a message, such as 17; runner poison list shows them", args[0])
	}
	return nil
}

func short(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
