package app

import (
	"log/slog"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/feedtree/feedtree/config"
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
	if file := lookup(environ, "FEEDTREE_CONFIG"); file != "" && len(files) == 0 {
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

// logger makes the logger that the configuration asks for: text for people, JSON for
// machines, and auto for whichever of them reads w.
func logger(c config.Log, w interface{ Write([]byte) (int, error) }) *slog.Logger {
	var level slog.Level
	level.UnmarshalText([]byte(c.Level)) // validated before
	o := &slog.HandlerOptions{Level: level}
	if c.Format == "json" || (c.Format == "auto" && !isTerminal(w)) {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
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
