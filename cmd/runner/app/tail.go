package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/spf13/cobra"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/cmd/runner/internal/httpd"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

// tailType is a strategy type of the program's own: one instance for each reader.
const tailType = "tail"

// tailCapacity bounds what waits for a reader that is slower than the feed; the oldest
// events go first, and an "overflowed" line says how many.
const tailCapacity = 10_000

// writeTimeout is how long a reader may take for one line before it is let go.
const writeTimeout = 5 * time.Second

// tails hands events to whoever asked for them over HTTP or on standard output.
type tails struct {
	mu    sync.Mutex
	sinks map[string]*sink // by the instance's name
	done  chan struct{}
	once  sync.Once
}

// sink is one reader: its strategy writes lines, and stops at the first error.
type sink struct {
	write  func(line []byte) error
	failed chan struct{}
	once   sync.Once
	buf    []byte
	text   bool
}

func newTails() *tails { return &tails{sinks: map[string]*sink{}, done: make(chan struct{})} }

// close ends all readers.
func (t *tails) close() { t.once.Do(func() { close(t.done) }) }

type tailParams struct{ Sink string }

func (t *tails) strategy() feedtree.StrategyType {
	return feedtree.Type(tailType, func(p tailParams) (actor.Actor, error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		s := t.sinks[p.Sink]
		if s == nil {
			return nil, errors.New("its reader has gone")
		}
		return s, nil
	}, feedtree.OnDemand())
}

// open makes a sink and its instance's configuration.
func (t *tails) open(symbols []string, text bool, write func([]byte) error) (*sink, config.Strategy) {
	t.mu.Lock()
	defer t.mu.Unlock()
	// A name that is free again is used again: each that there ever was has counters and metrics.
	n := 1
	for t.sinks["tail-"+strconv.Itoa(n)] != nil {
		n++
	}
	name := "tail-" + strconv.Itoa(n)
	s := &sink{write: write, failed: make(chan struct{}), text: text}
	t.sinks[name] = s
	c := config.DefaultStrategy(name, tailType)
	c.Symbols, c.Params, c.Mailbox.Capacity = symbols, map[string]any{"sink": name}, tailCapacity
	return s, c
}

func (t *tails) forget(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.sinks, name)
}

// Receive implements actor.Actor.
func (s *sink) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case messages.Event:
		s.line(m)
	case messages.Notice:
		s.line(m)
	}
}

func (s *sink) line(m interface{ AppendJSON([]byte) []byte }) {
	if s.text {
		s.buf = appendText(s.buf[:0], m)
	} else {
		s.buf = m.AppendJSON(s.buf[:0])
	}
	s.buf = append(s.buf, '\n')
	if err := s.write(s.buf); err != nil {
		s.once.Do(func() { close(s.failed) })
	}
}

// serve streams events of ?symbols=A,B as lines until the reader goes or the run ends.
func (t *tails) serve(tree *feedtree.Tree) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		symbols, _, err := topic.NormalizeSymbols(strings.Split(r.URL.Query().Get("symbols"), ","))
		if err != nil {
			httpd.Fail(w, http.StatusBadRequest, err.Error())
			return
		}
		out := http.NewResponseController(w)
		s, c := t.open(symbols, r.URL.Query().Get("format") == "text", func(line []byte) error {
			out.SetWriteDeadline(time.Now().Add(writeTimeout))
			if _, err := w.Write(line); err != nil {
				return err
			}
			return out.Flush()
		})
		defer t.forget(c.Name)
		w.Header().Set("Content-Type", "application/x-ndjson")
		w.WriteHeader(http.StatusOK)
		out.Flush()
		if err := tree.Spawn(c); err != nil {
			fmt.Fprintf(w, "{\"type\":\"error\",\"message\":%q}\n", err)
			return
		}
		select {
		case <-r.Context().Done():
		case <-s.failed:
		case <-t.done:
		}
		// Not before the actor has ended may w be given up.
		ctx, cancel := context.WithTimeout(context.Background(), 2*writeTimeout)
		defer cancel()
		tree.StopStrategy(ctx, c.Name)
	}
}

func (a *program) tailCommand() *cobra.Command {
	var connect bool
	c := &cobra.Command{
		Use:   "tail SYMBOL…",
		Short: "Print the events of some symbols as they come",
		Long: `tail asks the running process for events and prints one a line. With --connect it
opens a session of its own instead; a second login may end the first one's connection.`,
		Example: `  runner tail AOT PTT -o json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("%s needs at least one symbol, such as AOT", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			symbols, notes, err := topic.NormalizeSymbols(args)
			if err != nil {
				return &exitError{exitConfiguration, err}
			}
			for _, n := range notes {
				fmt.Fprintln(a.Err, n)
			}
			if err := a.checkOutput("text", "json"); err != nil {
				return err
			}
			if connect {
				return a.tailOwn(cmd.Context(), symbols)
			}
			return a.tailRunning(cmd.Context(), symbols)
		},
	}
	a.queryFlags(c, "text", "text or json")
	c.Flags().BoolVar(&connect, "connect", false, "open a session of its own instead of asking the running process")
	return c
}

func (a *program) tailRunning(ctx context.Context, symbols []string) error {
	q := url.Values{"symbols": {strings.Join(symbols, ",")}, "format": {a.flags.output}}
	res, err := a.get(ctx, "/tail?"+q.Encode(), 0)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(a.Out, res.Body); err != nil && ctx.Err() == nil {
		return &exitError{exitConnection, fmt.Errorf("the running process ended the stream: %w", err)}
	}
	return nil
}

// tailOwn runs a tree of its own with nothing in it but the reader.
func (a *program) tailOwn(ctx context.Context, symbols []string) error {
	loaded, err := a.load(a.Environ, nil)
	if err != nil {
		return err
	}
	cfg := loaded.Config
	lines := openLog(cfg.Log, a.Err, isTerminal(a.Err))
	defer closeLog(lines)
	t := newTails()
	s, c := t.open(symbols, a.flags.output == "text", func(line []byte) error { _, err := a.Out.Write(line); return err })
	cfg.Symbols, cfg.Strategies, cfg.Supervision.Strategies = nil, []config.Strategy{c}, nil
	tree, err := feedtree.Start(ctx, cfg, t.strategy())
	if err != nil {
		return err
	}
	select {
	case <-tree.Done():
	case <-ctx.Done():
	case <-s.failed:
	}
	return tree.Stop(context.Background())
}

// appendText writes a line for people.
func appendText(dst []byte, m any) []byte {
	switch e := m.(type) {
	case *messages.BidOffer:
		bid, ask := e.BestBid(), e.BestAsk()
		return fmt.Appendf(dst, "%s %-8s book   %d × %s | %s × %d%s", e.Time().Local().Format("15:04:05.000"), e.Symbol(),
			bid.Volume, bid.Price, ask.Price, ask.Volume, auction(e))
	case *messages.PriceInfo:
		return fmt.Appendf(dst, "%s %-8s info   last %s, change %s, volume %d, %s", e.Time().Local().Format("15:04:05.000"), e.Symbol(),
			e.Last(), e.Change(), e.TotalVolume(), e.MarketStatus())
	case messages.Notice:
		return append(append(dst, "-- "...), bytes.TrimSpace(e.AppendJSON(nil))...)
	case messages.Event:
		return e.AppendJSON(dst)
	}
	return dst
}

func auction(e *messages.BidOffer) string {
	if e.IsAuction() {
		return " (auction)"
	}
	return ""
}
