// Package app makes a program of feedtree: every sub-command of the runner, for the
// strategies that the program brings along.
//
//	func main() { app.Main(feedtree.Type("spread", newSpread)) }
//
// Results go to standard output, logs to standard error. The exit codes are scripts'
// business: 0 ok, 1 runtime failure, 2 usage, 3 configuration, 4 authentication,
// 5 connection, 6 a check failed.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/cmd/runner/internal/httpd"
)

// Exit codes.
const (
	exitOK = iota
	exitFailure
	exitUsage
	exitConfiguration
	exitAuthentication
	exitConnection
	exitCheck
)

// Main runs the program's command line and exits. types are the strategies that the
// configuration may name.
func Main(types ...feedtree.StrategyType) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal begins the orderly end; after it the default returns, so that a second
	// one ends the process at once.
	context.AfterFunc(ctx, stop)
	code := Run(ctx, types, os.Args[1:], Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Environ: os.Environ()})
	stop()
	os.Exit(code)
}

// Streams are what a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	Environ  []string
}

// Run runs one command line and returns its exit code. It prints an error as one line, or
// one line for each part of it.
func Run(ctx context.Context, types []feedtree.StrategyType, args []string, s Streams) int {
	a := &program{types: types, Streams: s}
	root := a.command()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var coded *exitError
	if errors.As(err, &coded) && coded.err == nil {
		return coded.code
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(s.Err, "%s: %s\n", root.Name(), strings.TrimSpace(line))
	}
	if coded != nil {
		return coded.code
	}
	return feedtree.ExitCode(err)
}

// exitError carries an exit code; without an error everything was said already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usage(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// program is one invocation.
type program struct {
	Streams
	types  []feedtree.StrategyType
	client *httpd.Client // of the running process, once it was asked
	flags  struct {
		files             []string
		set               []string
		envFile           string
		logLevel, logForm string
		addr, output      string
		// What a door is shown, and how it is verified.
		tokenFile, caFile, certFile, keyFile string
	}
}

func (a *program) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "runner",
		Short: "Runs a live market-data feed as a supervised tree of actors",
		Long: `runner takes the order books of the Thai exchange from the socket to trading
strategies through a supervised tree of actors, and loses nothing silently.`,
		Example: `  runner run --sandbox            # the whole tree on an exchange of its own
  runner run --symbols AOT,PTT    # against production, with SETTRADE_* set
  runner tree                     # look at the one that runs`,
		SilenceErrors: true, SilenceUsage: true,
	}
	root.SetFlagErrorFunc(flagError)
	p := root.PersistentFlags()
	p.StringArrayVar(&a.flags.files, "config", nil, "configuration `file`; may be given again, later ones over earlier ones")
	p.StringArrayVar(&a.flags.set, "set", nil, "one configuration `key=value`, over files and environment")
	p.StringVar(&a.flags.envFile, "env-file", "", "`file` of NAME=value lines, beneath the environment")
	p.StringVar(&a.flags.logLevel, "log-level", "", "debug, info, warn or error")
	p.StringVar(&a.flags.logForm, "log-format", "", "auto, text or json")
	root.AddCommand(a.runCommand(), a.sandboxCommand(), a.chaosCommand(), a.decodeCommand(), a.tailCommand(), a.treeCommand(),
		a.symbolsCommand(), a.strategiesCommand(), a.poisonCommand(), a.healthCommand(), a.logLevelCommand(), a.historyCommand(), a.configCommand(), a.versionCommand())
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	root.InitDefaultCompletionCmd() // it remembers where to write
	strict(root)
	return root
}

// flagError says what a flag takes in the words of its help, not in those of package strconv.
func flagError(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return usage("%v; see %s --help", err, cmd.CommandPath())
	}
	f := invalid.GetFlag()
	want, ok := map[string]string{"float64": "a number", "int": "a whole number", "int64": "a whole number", "bool": "true or false",
		"duration": "a duration with its unit, such as 60s or 5m"}[f.Value.Type()]
	if !ok {
		want = "a " + f.Value.Type()
	}
	return usage("--%s %q: expected %s; see %s --help", f.Name, invalid.GetValue(), want, cmd.CommandPath())
}

// strict makes leftover arguments a usage error wherever a command says nothing else.
func strict(c *cobra.Command) {
	c.SuggestionsMinimumDistance = 2
	if !c.Runnable() {
		c.Args = nil // it has sub-commands alone, and is run to say so
		c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	if c.Args == nil {
		c.Args = func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			if cmd.HasSubCommands() {
				return unknownCommand(cmd, args[0])
			}
			return usage("%s takes no arguments, got %q", cmd.CommandPath(), args[0])
		}
	}
	for _, sub := range c.Commands() {
		strict(sub)
	}
}

func unknownCommand(cmd *cobra.Command, name string) error {
	hint := ""
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		hint = ", did you mean " + near[0] + "?"
	}
	return usage("unknown command %q for %s%s; see %s --help", name, cmd.CommandPath(), hint, cmd.CommandPath())
}
