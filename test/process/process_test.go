//go:build unix

package process

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/sandbox"
)

// binary is the runner, built once.
var binary string

func TestMain(m *testing.M) {
	if flag.Parse(); testing.Short() {
		fmt.Println("skipped: these take half a minute, make process runs them")
		return
	}
	dir, err := os.MkdirTemp("", "feedtree-process-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "runner")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "github.com/feedtree/feedtree/cmd/runner")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the runner: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// proc is a running runner.
type proc struct {
	t        *testing.T
	cmd      *exec.Cmd
	out, err harness.Buffer
	ended    chan struct{}
	home     string
}

// setting is what a start needs beyond its command line.
type setting struct {
	environ        []string
	home           string    // of its cache; "" for one of its own
	stdout, stderr *os.File  // instead of what the test can read
	stdin          io.Reader // nil for none
}

// start starts the runner; at the test's end it is killed if it still runs.
func start(t *testing.T, s setting, args ...string) *proc {
	t.Helper()
	p := &proc{t: t, ended: make(chan struct{}), home: s.home}
	if p.home == "" {
		p.home = t.TempDir()
	}
	p.cmd = exec.Command(binary, args...)
	p.cmd.Env = append([]string{"HOME=" + p.home, "XDG_CACHE_HOME=" + p.home, "PATH=" + os.Getenv("PATH")}, s.environ...)
	p.cmd.Stdin = s.stdin
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	if s.stdout != nil {
		p.cmd.Stdout = s.stdout
	}
	if s.stderr != nil {
		p.cmd.Stderr = s.stderr
	}
	// Its child holds the pipes, too, and must not hold up the wait for it.
	p.cmd.WaitDelay = time.Second
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("%s wrote\n%s\n%s", strings.Join(args, " "), p.out.String(), p.err.String())
		}
	})
	return p
}

// event waits for a log line of an event and gives one of its values.
func (p *proc) event(event, key string) (value string) {
	p.t.Helper()
	harness.Eventually(p.t, "the event "+event, func() bool {
		for line := range strings.Lines(p.err.String()) {
			var l map[string]any
			if json.Unmarshal([]byte(line), &l) == nil && l["event"] == event {
				value = fmt.Sprint(l[key])
				return true
			}
		}
		return false
	})
	return value
}

// addr waits until the process listens, and gives where.
func (p *proc) addr() string {
	p.t.Helper()
	return strings.TrimPrefix(p.event("http_listening", "url"), "http://")
}

func (p *proc) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// wait waits for the end and gives the exit code, -1 after a signal.
func (p *proc) wait(within time.Duration) int {
	p.t.Helper()
	over := time.NewTimer(within)
	defer over.Stop()
	select {
	case <-p.ended:
	case <-over.C:
		p.t.Fatalf("it did not end within %v", within)
	}
	return p.cmd.ProcessState.ExitCode()
}

// summary reads the JSON that it ended with, and holds it to its ledgers.
func (p *proc) summary() *ledger.Snapshot {
	p.t.Helper()
	var s ledger.Snapshot
	if err := json.Unmarshal([]byte(p.out.String()), &s); err != nil {
		p.t.Fatalf("standard output is not one JSON object: %v", err)
	}
	harness.Balanced(p.t, &s)
	queued := s.Feed.Queued + s.Dispatcher.Queued
	for _, strategy := range s.Strategies {
		queued += strategy.Queued
	}
	if len(s.Ledgers) == 0 || queued != 0 {
		p.t.Errorf("%d queued, ledgers %v", queued, s.Ledgers)
	}
	return &s
}

// ask runs a sub-command to its end.
func ask(t *testing.T, home string, args ...string) (code int, out string) {
	t.Helper()
	p := start(t, setting{home: home}, args...)
	code = p.wait(harness.Patience)
	return code, p.out.String() + p.err.String()
}

// exchange starts an exchange in the test's process; environ connects to it.
func exchange(t *testing.T, change func(*sandbox.Config)) (x *sandbox.Exchange, environ []string) {
	t.Helper()
	x = harness.Exchange(t, change)
	for name, value := range x.Environment() {
		environ = append(environ, name+"="+value)
	}
	return x, environ
}

// running waits until the process is ready.
func running(t *testing.T, p *proc, addr string) {
	t.Helper()
	harness.Eventually(t, "it to be ready", func() bool {
		code, _ := ask(t, p.home, "health", "--addr", addr)
		return code == 0
	})
}

// free reports whether nobody listens at an address.
func free(addr string) bool {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err == nil {
		c.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

func listen() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }
