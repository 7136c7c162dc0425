package app

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build is what the program says of itself.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func version() build {
	v := build{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	const module = "github.com/feedtree/feedtree"
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == module && m.Version != "" {
			v.Version = m.Version
		}
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v.Revision = s.Value
		}
	}
	return v
}

func (a *program) versionCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "version", Short: "Print the version", Example: "  runner version -o json",
		RunE: func(*cobra.Command, []string) error {
			if err := a.checkOutput("table", "json"); err != nil {
				return err
			}
			v := version()
			if a.flags.output == "json" {
				return json.NewEncoder(a.Out).Encode(v)
			}
			_, err := fmt.Fprintf(a.Out, "feedtree %s, %s, %s\n", v.Version, v.Go, v.Platform)
			return err
		},
	}
	a.outputFlag(c, "table", "table or json")
	return c
}
