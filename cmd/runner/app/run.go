package app

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/feedtree/feedtree/cmd/runner/internal/httpd"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/telemetry/logs"
	"github.com/feedtree/feedtree/telemetry/tracing"
	"github.com/feedtree/feedtree/test/sandbox"
	"github.com/feedtree/feedtree/test/sandbox/market"
)

// runFlags are the flags of run that are no configuration.
type runFlags struct {
	sandbox  bool
	rate     float64
	seed     int64
	count    int
	clock    string
	speed    float64
	ttl      time.Duration
	duration time.Duration
	summary  string
	traces   bool
}

func (a *program) runCommand() *cobra.Command {
	var f runFlags
	exchange := f.exchangeFlags()
	c := &cobra.Command{
		Use:   "run",
		Short: "Run the feed with this program's strategies",
		Long: `run connects to the exchange, subscribes and hands events to the strategies until it
is interrupted or its duration is over. On a terminal it shows a table, on a pipe one line
a second. With --sandbox it starts an exchange of its own as a child process.`,
		Example: `  runner run --sandbox --rate 10000 --duration 60s --summary json
  runner run --config feedtree.yaml --symbols AOT,PTT`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if name := given(exchange); name != "" && !f.sandbox { // or who forgot --sandbox would meet production
				return usage("--%s is for the sandbox exchange: add --sandbox, or leave it out", name)
			}
			return a.run(cmd.Context(), f, changed(cmd, map[string]string{
				"symbols": "symbols", "addr": "http.addr", "fail-fast": "session.fail_fast"}))
		},
	}
	p := c.Flags()
	p.AddFlagSet(exchange)
	p.BoolVar(&f.sandbox, "sandbox", false, "start the sandbox exchange as a child and connect to it")
	p.StringSlice("symbols", nil, "books and price infos of these, for every strategy that names none")
	p.DurationVar(&f.duration, "duration", 0, "stop after this time; 0 for never")
	p.StringVar(&f.summary, "summary", "text", "what to print at the end: text, json or none")
	p.BoolVar(&f.traces, "trace-stdout", false, "print traces on standard output, a line of JSON a span, and send them nowhere")
	p.Bool("fail-fast", false, "end if the first attempt to connect fails")
	p.String("addr", "", "`address` of the HTTP door, such as 127.0.0.1:0 for any free port; off loopback it wants more, see http in config default")
	return c
}

// exchangeFlags say what the sandbox exchange is to be like.
func (f *runFlags) exchangeFlags() *pflag.FlagSet {
	p := pflag.NewFlagSet("exchange", pflag.ContinueOnError)
	p.Float64Var(&f.rate, "rate", 1000, "with --sandbox: messages a second, 1 to 100000")
	p.Int64Var(&f.seed, "seed", 1, "with --sandbox: the market's seed")
	p.IntVar(&f.count, "sandbox-symbols", 50, "with --sandbox: how many equities its market has")
	p.StringVar(&f.clock, "sandbox-clock", "open", "with --sandbox: open, or day for the day's sessions")
	p.Float64Var(&f.speed, "sandbox-speed", 1, "with --sandbox: virtual seconds a second, with --sandbox-clock day")
	p.DurationVar(&f.ttl, "token-ttl", time.Hour, "with --sandbox: how long its tokens live")
	return p
}

// given names a flag of a set that was given, "" if none was.
func given(set *pflag.FlagSet) (name string) {
	set.VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			name = f.Name
		}
	})
	return name
}

func (f *runFlags) check() error {
	switch {
	case f.summary != "text" && f.summary != "json" && f.summary != "none":
		return usage("--summary %q: expected text, json or none", f.summary)
	case f.duration < 0:
		return usage("--duration %v: expected 0 for no end, or a time such as 60s", f.duration)
	}
	if f.sandbox {
		if err := f.exchange().Validate(); err != nil {
			return &exitError{exitUsage, err}
		}
	}
	return nil
}

// exchange is what the child is asked to be.
func (f *runFlags) exchange() sandbox.Config {
	c := sandbox.DefaultConfig()
	c.Rate, c.Seed, c.Symbols, c.Clock, c.Speed, c.TokenTTL = f.rate, f.seed, f.count, f.clock, f.speed, f.ttl
	return c
}

func (a *program) run(ctx context.Context, f runFlags, flags map[string]any) error {
	if err := f.check(); err != nil {
		return err
	}
	environ := a.Environ
	var exchange *child
	if f.sandbox {
		var err error
		if exchange, err = startChild(ctx, f, a.Err); err != nil {
			return &exitError{exitFailure, err}
		}
		defer exchange.stop()
		environ = exchange.environ(environ)
	}
	loaded, err := a.load(environ, flags)
	if err != nil {
		return err
	}
	if err := loaded.CheckFiles(); err != nil {
		return &exitError{exitConfiguration, err}
	}
	cfg := loaded.Config
	if f.sandbox && len(cfg.Symbols) == 0 {
		cfg.Symbols = market.DefaultSymbols(f.count)
	}
	screen := newScreen(a.Out, a.Err, f.summary == "json" || f.traces)
	lines := openLog(cfg.Log, screen.logs(), screen.errTTY)
	defer closeLog(lines)
	log := lines.Logger()
	for _, note := range loaded.Notes {
		log.Warn(note, "event", "configuration_note")
	}
	traces, err := a.traces(ctx, f.traces, loaded, &cfg, log)
	if err != nil {
		return err
	}
	defer endTraces(traces, log)
	return a.feed(ctx, f, cfg, exchange, screen, lines, traces)
}

// feed runs the tree from start to summary.
func (a *program) feed(ctx context.Context, f runFlags, cfg config.Config, exchange *child, screen *screen, lines *logs.Log, traces *tracing.Provider) error {
	log := lines.Logger()
	tails := newTails()
	tree, err := options(traces).Start(context.Background(), cfg, append(slices.Clone(a.types), tails.strategy())...)
	if err != nil {
		return err
	}
	if traces != nil {
		traces.CountFor(tree.Telemetry())
	}
	more := map[string]string{}
	if exchange != nil {
		more["sandbox_admin"] = exchange.admin
		log.Info("sandbox exchange", "event", "sandbox_started", "admin", exchange.admin)
	}
	turned := httpd.NewRefusals(lines.Limited())
	shown, err := showTelemetry(tree, cfg, lines, turned)
	if err != nil {
		tree.Stop(context.Background())
		return &exitError{exitConfiguration, err}
	}
	handlers := httpd.Feed(tree, version(), more)
	handlers["/metrics"] = shown.Metrics().ServeHTTP
	maps.Copy(handlers, httpd.Past(shown.History()))
	handlers["/tail"] = tails.serve(tree)
	door, err := httpd.Open(cfg.HTTP, turned, log, func(guard httpd.Guard) httpd.Handlers {
		maps.Copy(handlers, httpd.Privileged(tree, guard))
		maps.Copy(handlers, httpd.LogLevels(lines.Levels(), log, guard))
		return handlers
	})
	if err != nil {
		tree.Stop(context.Background())
		return asked(err)
	}
	log.Info("listening", "event", "http_listening", "url", door.URL())
	screen.show(ctx, tree, door.URL(), f.duration)
	tails.close()
	door.Close()
	failure := tree.Stop(context.Background())
	screen.close()
	endTraces(traces, log)
	endTelemetry(shown) // last: it tells what became of the traces, too
	summary := tree.Snapshot()
	if exchange != nil {
		summary.Exchange = exchange.stats(log)
	}
	if err := a.summarise(f.summary, summary); err != nil {
		return &exitError{exitFailure, err}
	}
	if failure != nil {
		return failure
	}
	if !summary.Balanced() {
		return &exitError{exitFailure, fmt.Errorf("a ledger does not balance: %s", falseLedgers(summary))}
	}
	return nil
}

func falseLedgers(s *ledger.Snapshot) string {
	var out []string
	for name, ok := range s.Ledgers {
		if !ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func (a *program) summarise(form string, s *ledger.Snapshot) error {
	switch form {
	case "json":
		body, err := json.Marshal(s)
		if err != nil {
			return err
		}
		_, err = a.Out.Write(append(body, '\n'))
		return err
	case "text":
		return writeSummary(a.Out, s)
	}
	return nil
}
