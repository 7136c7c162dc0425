package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/cmd/runner/internal/httpd"
)

// queryFlags are those of commands that ask the running process.
func (a *program) queryFlags(c *cobra.Command, output, forms string) {
	c.Flags().StringVar(&a.flags.addr, "addr", "", "address of the running process (default http.addr of the configuration)")
	a.outputFlag(c, output, forms)
}

// outputFlag gives a command its own -o: commands differ in their default.
func (a *program) outputFlag(c *cobra.Command, output, forms string) {
	o := c.Flags().StringP("output", "o", output, forms)
	c.PreRun = func(*cobra.Command, []string) { a.flags.output = *o }
}

func (a *program) checkOutput(forms ...string) error {
	if slices.Contains(forms, a.flags.output) {
		return nil
	}
	return usage("-o %q: expected %s", a.flags.output, strings.Join(forms, " or "))
}

// get asks the running process; what is no 2xx is an error, but for want.
func (a *program) get(ctx context.Context, path string, want int) (*http.Response, error) {
	return a.request(ctx, http.MethodGet, path, want)
}

func (a *program) request(ctx context.Context, method, path string, want int) (*http.Response, error) {
	return a.send(ctx, method, path, nil, want)
}

// send presents the process's token, which only its own user can read.
func (a *program) send(ctx context.Context, method, path string, body io.Reader, want int) (*http.Response, error) {
	addr := a.flags.addr
	if addr == "" {
		l, err := a.load(a.Environ, nil)
		if err != nil {
			return nil, err
		}
		addr = l.Config.HTTP.Addr
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+addr+path, body)
	if err != nil {
		return nil, usage("--addr %q: expected host:port", addr)
	}
	if token := httpd.ReadToken(addr); token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	// A replay may wait for a strategy for ten seconds.
	client := http.Client{Transport: &http.Transport{ResponseHeaderTimeout: 15 * time.Second, DisableKeepAlives: true,
		DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext}}
	res, err := client.Do(req)
	if err != nil {
		return nil, &exitError{exitConnection, fmt.Errorf("no process answers at %s: %w; is runner run going there? Name another with --addr", addr, errors.Unwrap(err))}
	}
	if res.StatusCode/100 == 2 || res.StatusCode == want {
		return res, nil
	}
	defer res.Body.Close()
	var e struct{ Error string }
	json.NewDecoder(io.LimitReader(res.Body, 1<<16)).Decode(&e)
	return nil, &exitError{exitFailure, fmt.Errorf("%s answered %s: %s", addr, res.Status, e.Error)}
}

// ask reads one answer and prints it as JSON, or as text through show.
func ask[T any](a *program, ctx context.Context, path string, show func(w io.Writer, v T)) error {
	if err := a.checkOutput("table", "json"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	res, err := a.get(ctx, path, 0)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 64<<20))
	if err != nil {
		return &exitError{exitConnection, err}
	}
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		return &exitError{exitFailure, fmt.Errorf("the answer is not what a runner says: %w", err)}
	}
	if a.flags.output == "json" {
		_, err := a.Out.Write(body)
		return err
	}
	show(a.Out, v)
	return nil
}

func (a *program) treeCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "tree", Short: "Show the running process's tree of actors", Example: "  runner tree -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(a, cmd.Context(), "/tree", func(w io.Writer, t httpd.Tree) {
				writeNode(w, t.Root, "", "", "")
				writeEvents(w, t.Events)
				for _, k := range slices.Sorted(maps.Keys(t.More)) {
					fmt.Fprintf(w, "%s: %s\n", k, t.More[k])
				}
			})
		},
	}
	a.queryFlags(c, "table", "table or json")
	return c
}

func (a *program) symbolsCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "symbols", Short: "List the running process's symbols, their state and age", Example: "  runner symbols",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(a, cmd.Context(), "/symbols", func(w io.Writer, list []feedtree.SymbolState) {
				t := table.NewWriter()
				t.SetStyle(table.StyleLight)
				t.AppendHeader(table.Row{"SYMBOL", "STATE", "STATUS", "AGE", "THRESHOLD", "BID", "ASK", "LAST", "EVENTS"})
				for _, s := range list {
					t.AppendRow(table.Row{s.Symbol, s.State, s.Status, age(s.AgeMS), age(s.ThresholdMS),
						price(s.Bid, s.Auction), price(s.Ask, s.Auction), price(s.Last, false), s.Events})
				}
				t.SetColumnConfigs(rightAligned(4, 9))
				fmt.Fprintln(w, t.Render())
			})
		},
	}
	a.queryFlags(c, "table", "table or json")
	return c
}

// changeCommand changes one strategy of the running process.
func (a *program) changeCommand(verb, short string) *cobra.Command {
	c := &cobra.Command{
		Use: verb + " NAME", Short: short, Example: "  runner strategies " + verb + " spread-1",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("%s needs the name of one strategy", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			res, err := a.request(cmd.Context(), http.MethodPost, "/strategies/"+url.PathEscape(args[0])+"/"+verb, 0)
			if err != nil {
				return err
			}
			res.Body.Close()
			fmt.Fprintf(a.Out, "%s: %s\n", args[0], verb)
			return nil
		},
	}
	c.Flags().StringVar(&a.flags.addr, "addr", "", "address of the running process (default http.addr of the configuration)")
	return c
}

func (a *program) healthCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "health", Short: "Ask whether the running process is ready",
		Long:    "health exits 0 when the running process is connected and every subscription answered, 6 when it is not, 5 when nobody answers.",
		Example: "  runner health && echo ready",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.checkOutput("table", "json"); err != nil {
				return err
			}
			res, err := a.get(cmd.Context(), "/readyz", http.StatusServiceUnavailable)
			if err != nil {
				return err
			}
			defer res.Body.Close()
			var r httpd.Readiness
			if err := json.NewDecoder(io.LimitReader(res.Body, 1<<16)).Decode(&r); err != nil {
				return &exitError{exitFailure, fmt.Errorf("the answer is not what a runner says: %w", err)}
			}
			switch {
			case a.flags.output == "json":
				json.NewEncoder(a.Out).Encode(r)
			case r.Ready:
				fmt.Fprintln(a.Out, "ready")
			default:
				fmt.Fprintln(a.Out, "not ready:", r.Reason)
			}
			if a.flags.output != "json" {
				for _, what := range r.Detail {
					fmt.Fprintln(a.Out, "  "+what)
				}
			}
			if !r.Ready {
				return &exitError{exitCheck, nil}
			}
			return nil
		},
	}
	a.queryFlags(c, "table", "table or json")
	return c
}
