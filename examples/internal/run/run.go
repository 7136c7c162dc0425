// Package run lets an example's test run it against a sandbox exchange.
package run

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/test/sandbox"
)

// Buffer collects what a strategy prints. It is safe for concurrent use.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String is all that was printed.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Exchange starts a busy exchange and gives the environment that connects to it.
func Exchange(t *testing.T) (x *sandbox.Exchange, environ []string) {
	t.Helper()
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	c := sandbox.DefaultConfig()
	c.Listen, c.Admin, c.Dir, c.Rate, c.Symbols = "127.0.0.1:0", "", t.TempDir(), 2000, 10
	x, err := sandbox.Start(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	for name, value := range x.Environment() {
		environ = append(environ, name+"="+value)
	}
	return x, environ
}

// Strategy runs one type against an exchange until each of the texts was printed, then stops
// the tree, whose ledgers must balance. between runs once the first text was.
func Strategy(t *testing.T, typ feedtree.StrategyType, out *Buffer, between func(*sandbox.Exchange), texts ...string) {
	t.Helper()
	x, environ := Exchange(t)
	l, err := config.Load(config.Sources{Environ: environ})
	if err != nil {
		t.Fatal(err)
	}
	cfg := l.Config
	cfg.Symbols = []string{"AOT", "PTT", "DELTA"}
	cfg.Session.Backoff = config.Backoff{Min: 10 * time.Millisecond, Max: 20 * time.Millisecond, Factor: 2}
	tree, err := feedtree.Start(context.Background(), cfg, typ)
	if err != nil {
		t.Fatal(err)
	}
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	over := time.After(20 * time.Second)
	for i, text := range texts {
		for !strings.Contains(out.String(), text) {
			select {
			case <-look.C:
			case <-over:
				t.Fatalf("%q was not printed, but:\n%s", text, out.String())
			}
		}
		if i == 0 && between != nil {
			between(x)
		}
	}
	if err := tree.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if s := tree.Snapshot(); !s.Balanced() {
		t.Errorf("a ledger is false: %v", s.Ledgers)
	}
}
