package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/feedtree/feedtree/telemetry/ledger"
)

// child is the sandbox exchange as a process of its own, so that the CPU and memory of this
// one are the tree's alone. It ends with its parent, however that ends: its standard input
// is a pipe that nobody writes to.
type child struct {
	cmd     *exec.Cmd
	stdin   io.Closer
	exports []string // NAME=value
	admin   string
}

// startTimeout bounds how long the exchange may take to listen: it makes keys, which is
// milliseconds on any machine.
const startTimeout = 20 * time.Second

func startChild(ctx context.Context, f runFlags, logs io.Writer) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start the sandbox exchange: %w", err)
	}
	c := &child{cmd: exec.Command(self, "sandbox", "--exit-with-stdin",
		"--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
		"--rate", strconv.FormatFloat(f.rate, 'f', -1, 64), "--seed", strconv.FormatInt(f.seed, 10),
		"--symbols", strconv.Itoa(f.count), "--clock", f.clock,
		"--speed", strconv.FormatFloat(f.speed, 'f', -1, 64), "--token-ttl", f.ttl.String())}
	detach(c.cmd)
	c.cmd.Stderr = logs
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the sandbox exchange: %w", err)
	}
	c.stdin = stdin
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the sandbox exchange: %w", err)
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the sandbox exchange: %w", err)
	}
	ready := make(chan error, 1)
	go func() { ready <- c.read(out) }()
	select {
	case err = <-ready:
	case <-time.After(startTimeout):
		err = fmt.Errorf("it did not listen within %v", startTimeout)
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		c.stop()
		return nil, fmt.Errorf("start the sandbox exchange: %w", err)
	}
	return c, nil
}

// read takes the exports up to the line that says the exchange listens, and drains the rest.
func (c *child) read(out io.Reader) error {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "# ready" {
			go io.Copy(io.Discard, out)
			return nil
		}
		if admin, ok := strings.CutPrefix(line, "# admin "); ok {
			c.admin = admin
		}
		if export, ok := strings.CutPrefix(line, "export "); ok {
			c.exports = append(c.exports, unquote(export))
		}
	}
	return errors.Join(errors.New("it ended before it listened"), lines.Err())
}

// unquote takes the shell's quotes off a value.
func unquote(export string) string {
	name, value, _ := strings.Cut(export, "=")
	if n := len(value); n >= 2 && value[0] == '\'' && value[n-1] == '\'' {
		value = value[1 : n-1]
	}
	return name + "=" + value
}

// environ is the environment with the exchange's credentials in place of any others: a user
// who has production's set must not meet production.
func (c *child) environ(environ []string) []string {
	var out []string
	for _, e := range environ {
		if !strings.HasPrefix(e, "SETTRADE_") && !strings.HasPrefix(e, "FEEDTREE_TLS_CA_FILE=") {
			out = append(out, e)
		}
	}
	return append(out, c.exports...)
}

// stats asks the exchange what it did; nil if it does not answer.
func (c *child) stats(log *slog.Logger) *ledger.Exchange {
	client := http.Client{Timeout: 2 * time.Second}
	res, err := client.Get(c.admin + "/stats")
	if err != nil {
		log.Warn("the sandbox exchange does not answer", "event", "sandbox_lost", "error", err.Error())
		return nil
	}
	defer res.Body.Close()
	defer client.CloseIdleConnections()
	var e ledger.Exchange
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&e); err != nil {
		log.Warn("the sandbox exchange's answer cannot be read", "event", "sandbox_lost", "error", err.Error())
		return nil
	}
	return &e
}

// stop ends the exchange and waits for it.
func (c *child) stop() {
	c.stdin.Close()
	ended := make(chan struct{})
	go func() { c.cmd.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(3 * time.Second):
		c.cmd.Process.Kill()
		<-ended
	}
}
