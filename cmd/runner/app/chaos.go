package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/feedtree/feedtree/cmd/runner/internal/chaos"
)

func (a *program) chaosCommand() *cobra.Command {
	f := runFlags{sandbox: true, count: chaos.Symbols, clock: "open", speed: 1, ttl: chaos.TokenTTL}
	c := &cobra.Command{
		Use:   "chaos",
		Short: "Break the tree at random and check that nothing is lost silently",
		Long: `chaos runs the tree against a sandbox exchange of its own with strategies that are slow,
panic, get stuck, wander and come and go, and breaks it in rounds: connections cut,
logins refused, tokens expired, packets damaged, strategies restarted. After each round
it heals everything. The tree must then be ready with every wanted subscription back
within the longest delay and a dial, and once the market is silent for a moment every
ledger must be exact, goroutines, heap and descriptors back at their baseline, and what
the strategies saw in order and complete.

One line is printed for each thing done, as it is done: the seconds since the start, a
verb (fault, publish, strategy, await), its name, and key=value parameters. Further
lines are ready (the baseline), reconnect (what was refused is asked for anew), healed
(a round that held, with how long the recovery took) and stopped. The last line is the
word ok; or broken and what does not hold, then seed=N, then the whole snapshot as one
line of JSON. With -o json each line is an object with at_s and line.

The same seed gives the same lines fault, publish, strategy and await, in the same order; a
longer duration only adds to them. The exit code is 0, or 6 when something broke.
Ctrl-C ends in order, with the same checks.`,
		Example: `  runner chaos --seed 7 --duration 5m`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.checkOutput("text", "json"); err != nil {
				return err
			}
			if f.duration <= 0 {
				return usage("--duration %v: expected a time such as 5m", f.duration)
			}
			if err := f.check(); err != nil {
				return err
			}
			return a.chaos(cmd.Context(), f)
		},
	}
	p := c.Flags()
	p.Int64Var(&f.seed, "seed", 1, "what happens, and the market")
	p.DurationVar(&f.duration, "duration", 5*time.Minute, "how long")
	p.Float64Var(&f.rate, "rate", 1000, "messages a second, 1 to 100000")
	f.summary = "none"
	a.outputFlag(c, "text", "text or json")
	return c
}

func (a *program) chaos(ctx context.Context, f runFlags) error {
	exchange, err := startChild(ctx, f, a.Err)
	if err != nil {
		return &exitError{exitFailure, err}
	}
	defer exchange.stop()
	flags := map[string]any{}
	if a.flags.logLevel == "" {
		flags["log.level"] = "warn"
	}
	loaded, err := a.load(exchange.exports, flags)
	if err != nil {
		return err
	}
	lines := openLog(loaded.Config.Log, a.Err, isTerminal(a.Err))
	defer closeLog(lines)
	err = chaos.Run(ctx, chaos.Options{Seed: f.seed, Duration: f.duration, Config: loaded.Config, Admin: exchange.admin, Rate: f.rate,
		Line: func(at time.Duration, words string) { a.chaosLine(fmt.Sprintf("%.3f", at.Seconds()), words) }})
	return a.chaosEnd(f.seed, err)
}

// chaosEnd prints how it ended and gives the exit code.
func (a *program) chaosEnd(seed int64, err error) error {
	var broken *chaos.Error
	switch {
	case err == nil:
		a.chaosLine("", "ok")
		return nil
	case !errors.As(err, &broken):
		return &exitError{exitFailure, err}
	}
	a.chaosLine("", "broken "+strings.ReplaceAll(broken.What, "\n", " "))
	a.chaosLine("", fmt.Sprintf("seed=%d", seed))
	body, err := json.Marshal(broken.Snapshot)
	if err != nil {
		return &exitError{exitFailure, err}
	}
	fmt.Fprintln(a.Out, string(body))
	return &exitError{code: exitCheck}
}

// chaosLine prints one line; those that stand at no time begin with their words.
func (a *program) chaosLine(at, words string) {
	switch {
	case a.flags.output == "json":
		line := struct {
			At   json.Number `json:"at_s,omitempty"`
			Line string      `json:"line"`
		}{json.Number(at), words}
		body, _ := json.Marshal(line)
		fmt.Fprintln(a.Out, string(body))
	case at == "":
		fmt.Fprintln(a.Out, words)
	default:
		fmt.Fprintln(a.Out, at, words)
	}
}
