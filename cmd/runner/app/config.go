package app

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/feedtree/feedtree/config"
)

func (a *program) configCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "config", Short: "Show, check or print the configuration", Example: "  runner config check feedtree.yaml",
	}
	show := &cobra.Command{
		Use: "show", Short: "Print the effective configuration, redacted, each value with where it came from",
		Example: "  runner config show --config feedtree.yaml -o json",
		RunE: func(*cobra.Command, []string) error {
			if err := a.checkOutput("table", "json"); err != nil {
				return err
			}
			l, err := a.load(a.Environ, nil)
			if err != nil {
				return err
			}
			if a.flags.output == "json" {
				return config.ShowJSON(l, a.Out)
			}
			return config.Show(l, a.Out)
		},
	}
	a.outputFlag(show, "table", "table or json")
	check := &cobra.Command{
		Use: "check FILE", Short: "Check a configuration file, and the certificates and keys that it names", Example: "  runner config check feedtree.yaml",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("%s needs the name of one file", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			l, err := config.Load(config.Sources{Files: args})
			if err == nil {
				err = l.CheckFiles()
			}
			if err != nil {
				return &exitError{exitConfiguration, err}
			}
			for _, note := range l.Notes {
				fmt.Fprintln(a.Err, note)
			}
			fmt.Fprintf(a.Out, "%s: ok\n", args[0])
			return nil
		},
	}
	reference := &cobra.Command{
		Use: "default", Short: "Print the commented reference configuration", Example: "  runner config default > feedtree.yaml",
		RunE: func(*cobra.Command, []string) error {
			_, err := a.Out.Write(config.Reference())
			return err
		},
	}
	c.AddCommand(show, check, reference)
	return c
}
