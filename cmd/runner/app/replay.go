package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/feedtree/feedtree"
)

func (a *program) replayCommand() *cobra.Command {
	var all bool
	var to string
	c := &cobra.Command{
		Use:   "replay ID",
		Short: "Work on one once more: decode it, and hand it to the strategy that failed on it",
		Long: `replay decodes a kept message again and hands the event to the strategy that failed on
it, in the running process, between two events of its queue and outside its counts. What
the strategy returns from is taken out of what is kept; what it fails on again is kept
anew. A payload that failed to decode is only decoded, unless --to names who is to get it.
It exits 6 when a message failed again or nobody could be given it.`,
		Example: `  runner poison replay 17
  runner poison replay --all
  runner poison replay 17 --to spread-2`,
		Args: func(cmd *cobra.Command, args []string) error {
			if all && len(args) == 0 {
				return nil
			}
			if all {
				return usage("%s: expected a number or --all, got both", cmd.CommandPath())
			}
			return oneNumber(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.checkOutput("table", "json"); err != nil {
				return err
			}
			if !all {
				id, _ := strconv.ParseUint(args[0], 10, 64)
				return a.replay(cmd.Context(), []uint64{id}, to, 0)
			}
			ids, err := a.kept(cmd.Context())
			if err != nil {
				return err
			}
			return a.replay(cmd.Context(), ids, to, http.StatusNotFound)
		},
	}
	a.queryFlags(c, "table", "table or json")
	c.Flags().BoolVar(&all, "all", false, "every message that is kept now, oldest first")
	c.Flags().StringVar(&to, "to", "", "hand it to the strategy of that `name` instead")
	return c
}

// kept lists the numbers of what is kept.
func (a *program) kept(ctx context.Context) (ids []uint64, err error) {
	res, err := a.get(ctx, "/poison", 0)
	if err != nil {
		return nil, err
	}
	entries, err := read[[]feedtree.PoisonEntry](res, 64<<20)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	return ids, nil
}

// replay asks for one replay after the other and prints a line each. An answer of the status
// gone is passed over: of many messages one may have made room for a newer one meanwhile.
func (a *program) replay(ctx context.Context, ids []uint64, to string, gone int) error {
	query := ""
	if to != "" {
		query = "?" + url.Values{"to": {to}}.Encode()
	}
	well := true
	for _, id := range ids {
		res, err := a.request(ctx, http.MethodPost, fmt.Sprintf("/poison/%d/replay%s", id, query), gone)
		if err != nil {
			return err
		}
		if res.StatusCode == gone {
			res.Body.Close()
			continue
		}
		r, err := read[feedtree.Replayed](res, 1<<20)
		if err != nil {
			return err
		}
		well = well && (r.Outcome == feedtree.Delivered || r.Outcome == feedtree.Decoded)
		if a.flags.output == "json" {
			json.NewEncoder(a.Out).Encode(r)
		} else {
			fmt.Fprintln(a.Out, replayLine(&r))
		}
	}
	if !well {
		return &exitError{exitCheck, nil}
	}
	return nil
}

// replayLine says what came of a replay, for people.
func replayLine(r *feedtree.Replayed) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d: %s", r.ID, r.Outcome)
	if r.Strategy != "" {
		fmt.Fprintf(&b, ", strategy %s", r.Strategy)
	}
	if r.Class != "" {
		fmt.Fprintf(&b, ", %s", r.Class)
	}
	if r.Cause != "" {
		fmt.Fprintf(&b, ": %s", r.Cause)
	}
	if r.Kept != 0 {
		fmt.Fprintf(&b, " (kept as %d)", r.Kept)
	}
	if r.Event != nil {
		fmt.Fprintf(&b, "\n%s", r.Event)
	}
	return b.String()
}
