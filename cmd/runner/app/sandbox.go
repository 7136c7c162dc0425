package app

import (
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/feedtree/feedtree/test/sandbox"
)

func (a *program) sandboxCommand() *cobra.Command {
	cfg := sandbox.DefaultConfig()
	withStdin := false
	c := &cobra.Command{
		Use:   "sandbox",
		Short: "Run the sandbox exchange by itself",
		Long: `sandbox is an exchange to develop against: REST login, MQTT over WebSocket and TLS, a
market that moves, and faults on demand through its admin API. It prints the variables
that any client needs to connect, then "# ready".`,
		Example: `  runner sandbox --dir /tmp/exchange --rate 1000 &
  curl -d '{"kind":"cut"}' http://127.0.0.1:8444/faults`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cfg.Validate(); err != nil {
				return &exitError{exitUsage, err}
			}
			cfg.Log = slog.New(slog.NewTextHandler(a.Err, &slog.HandlerOptions{Level: slog.LevelError}))
			var stdin io.Reader
			if withStdin {
				stdin = a.In
			}
			if err := sandbox.Serve(cmd.Context(), cfg, stdin, a.Out); err != nil {
				return &exitError{exitFailure, err}
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&cfg.Listen, "listen", cfg.Listen, "address of the REST API and the MQTT endpoint")
	f.StringVar(&cfg.Admin, "admin", cfg.Admin, "address of the admin API; empty for none")
	f.StringVar(&cfg.Dir, "dir", "", "directory for ca.pem and env")
	f.Int64Var(&cfg.Seed, "seed", cfg.Seed, "seed of the market and of the application's key")
	f.Float64Var(&cfg.Rate, "rate", cfg.Rate, "messages a second over all topics, 1 to 100000")
	f.IntVar(&cfg.Symbols, "symbols", cfg.Symbols, "number of equities, 1 to 900")
	f.DurationVar(&cfg.TokenTTL, "token-ttl", cfg.TokenTTL, "how long tokens live")
	f.StringVar(&cfg.Clock, "clock", cfg.Clock, "open, or day for the day's sessions")
	f.Float64Var(&cfg.Speed, "speed", cfg.Speed, "with --clock day: virtual seconds a second")
	f.BoolVar(&withStdin, "exit-with-stdin", false, "end when standard input is closed")
	return c
}
