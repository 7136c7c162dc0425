package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/cmd/runner/internal/httpd"
	"github.com/feedtree/feedtree/config"
)

// queryFlags are those of commands that ask the running process.
func (a *program) queryFlags(c *cobra.Command, output, forms string) {
	a.doorFlags(c)
	a.outputFlag(c, output, forms)
}

// doorFlags say whom to ask, and as whom.
func (a *program) doorFlags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&a.flags.addr, "addr", "", "`address` of the running process, host:port or https://host:port (default http.addr of the configuration)")
	f.StringVar(&a.flags.tokenFile, "token-file", "", "`file` of the token that it wants (default http.token)")
	f.StringVar(&a.flags.caFile, "cacert", "", "`file` of the authority of its certificate (default http.ask.ca_file)")
	f.StringVar(&a.flags.certFile, "cert", "", "`file` of the client's certificate that it wants (default http.ask.cert_file)")
	f.StringVar(&a.flags.keyFile, "key", "", "`file` of that one's key (default http.ask.key_file)")
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

func (a *program) send(ctx context.Context, method, path string, body io.Reader, want int) (*http.Response, error) {
	door, err := a.door()
	if err != nil {
		return nil, asked(err)
	}
	res, err := door.Do(ctx, method, path, body, want)
	return res, asked(err)
}

// door is the running process's, as flags and configuration say. It is made once: what a file
// holds may be there to read only once, as in --token-file <(…).
func (a *program) door() (*httpd.Client, error) {
	if a.client != nil {
		return a.client, nil
	}
	flags := map[string]any{}
	for key, file := range map[string]string{"http.ask.ca_file": a.flags.caFile, "http.ask.cert_file": a.flags.certFile, "http.ask.key_file": a.flags.keyFile} {
		if file != "" {
			flags[key] = file
		}
	}
	if a.flags.tokenFile != "" {
		token, err := config.ReadSecret("http.token", a.flags.tokenFile)
		if err != nil {
			return nil, err
		}
		flags["http.token"] = token
	}
	l, err := a.load(a.Environ, flags)
	if err != nil {
		return nil, err
	}
	a.client, err = httpd.NewClient(a.flags.addr, l.Config.HTTP)
	return a.client, err
}

// asked gives an error of a door's its exit code.
func asked(err error) error {
	var addr *httpd.AddressError
	var unknown *httpd.AuthError
	var unreachable *httpd.UnreachableError
	var coded *exitError
	switch {
	case err == nil || errors.As(err, &coded):
		return err
	case errors.As(err, &addr):
		return &exitError{exitUsage, err}
	case len(config.Errors(err)) > 0:
		return &exitError{exitConfiguration, err}
	case errors.As(err, &unknown):
		return &exitError{exitAuthentication, err}
	case errors.As(err, &unreachable):
		return &exitError{exitConnection, err}
	}
	return &exitError{exitFailure, err}
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
		return strange(err)
	}
	if a.flags.output == "json" {
		_, err := a.Out.Write(body)
		return err
	}
	show(a.Out, v)
	return nil
}

// read takes an answer in, of so many bytes at most, and closes it.
func read[T any](res *http.Response, most int64) (v T, err error) {
	defer res.Body.Close()
	if err := json.NewDecoder(io.LimitReader(res.Body, most)).Decode(&v); err != nil {
		return v, strange(err)
	}
	return v, nil
}

// strange is the error of an answer that cannot be read.
func strange(err error) error {
	return &exitError{exitFailure, fmt.Errorf("the answer is not what a runner says: %w", err)}
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
	a.doorFlags(c)
	return c
}

func (a *program) healthCommand() *cobra.Command {
	live := false
	c := &cobra.Command{
		Use: "health", Short: "Ask whether the running process is ready",
		Long: `health exits 0 when the running process is connected and every subscription answered, 6
when it is not, 5 when nobody answers. With --live it exits 0 when the process answers at
all: a feed that is not ready mends itself, and is not to be ended for it.`,
		Example: "  runner health && echo ready\n  runner health --live",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.checkOutput("table", "json"); err != nil {
				return err
			}
			if live {
				return a.live(cmd.Context())
			}
			res, err := a.get(cmd.Context(), "/readyz", http.StatusServiceUnavailable)
			if err != nil {
				return err
			}
			r, err := read[httpd.Readiness](res, 1<<16)
			if err != nil {
				return err
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
	c.Flags().BoolVar(&live, "live", false, "ask only whether it answers, as a liveness probe should")
	return c
}

// live asks whether the process answers.
func (a *program) live(ctx context.Context) error {
	res, err := a.get(ctx, "/livez", 0)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if a.flags.output == "json" {
		_, err = io.Copy(a.Out, io.LimitReader(res.Body, 1<<16))
	} else {
		_, err = fmt.Fprintln(a.Out, "live")
	}
	if err != nil {
		return &exitError{exitFailure, err}
	}
	return nil
}
