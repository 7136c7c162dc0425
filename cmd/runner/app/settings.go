package app

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/telemetry/logs"
)

// load reads the configuration of this invocation. environ stands in for the real
// environment; flags are by configuration key.
func (a *program) load(environ []string, flags map[string]any) (*config.Loaded, error) {
	if flags == nil {
		flags = map[string]any{}
	}
	for key, value := range map[string]string{"log.level": a.flags.logLevel, "log.format": a.flags.logForm} {
		if value != "" {
			flags[key] = value
		}
	}
	files := a.flags.files
	if file := lookup(environ, config.EnvConfig); file != "" && len(files) == 0 {
		files = []string{file}
	}
	l, err := config.Load(config.Sources{Files: files, EnvFile: a.flags.envFile, Environ: environ, Set: a.flags.set, Flags: flags})
	if err != nil {
		return nil, &exitError{exitConfiguration, err}
	}
	return l, nil
}

func lookup(environ []string, name string) string {
	for _, e := range environ {
		if len(e) > len(name) && e[len(name)] == '=' && e[:len(name)] == name {
			return e[len(name)+1:]
		}
	}
	return ""
}

// openLog begins the log that the configuration asks for: text for people, JSON for
// machines, and auto for whichever of them reads it. It is the process's from now on: trees
// log there, and so does OpenTelemetry, whoever makes something of it.
func openLog(c config.Log, w io.Writer, terminal bool) *logs.Log {
	l := logs.Config{Out: w, JSON: c.Format == "json" || (c.Format == "auto" && !terminal), Levels: map[string]slog.Level{}}
	l.Level, _ = logs.ParseLevel(c.Level) // validated before, as are the next
	for _, item := range c.Levels {
		node, level, _ := strings.Cut(item, "=")
		l.Levels[node], _ = logs.ParseLevel(level)
	}
	out := logs.New(l)
	slog.SetDefault(out.Logger())
	hearComplaints(out)
	return out
}

// closeLog writes what waits. A sink that takes nothing is not waited for long.
func closeLog(l *logs.Log) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	l.Close(ctx)
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// changed collects the flags that were given and set a configuration key.
func changed(cmd *cobra.Command, keys map[string]string) map[string]any {
	out := map[string]any{}
	for flag, key := range keys {
		if f := cmd.Flags().Lookup(flag); f != nil && f.Changed {
			if list, err := cmd.Flags().GetStringSlice(flag); err == nil {
				out[key] = list
			} else {
				out[key] = f.Value.String()
			}
		}
	}
	return out
}
