//go:build unix

package process

import (
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/sandbox"
)

func run(more ...string) []string {
	return append([]string{"run", "--summary", "json", "--addr", "127.0.0.1:0", "--log-format", "json"}, more...)
}

func TestTerminatedUnderLoadItEndsInOrderWithNothingQueued(t *testing.T) {
	x, environ := exchange(t, func(c *sandbox.Config) { c.Silent, c.Rate, c.Symbols = false, 10_000, 50 })
	p := start(t, setting{environ: environ}, run("--symbols", "AOT,PTT,ADVANC,BEM,KBANK", "--set", "shutdown.deadline=10s",
		"--set", `strategies=[{name: quick, type: demo}, {name: slow, type: demo, params: {sleep_every: 500, sleep_for: 2ms}}, {name: faulty, type: demo, params: {panic_every: 3000}}]`)...)
	running(t, p, p.addr())
	harness.Eventually(t, "load", func() bool { return x.Stats().Delivered > 5000 })
	p.signal(syscall.SIGTERM)
	if code := p.wait(10 * time.Second); code != 0 {
		t.Fatalf("exit %d", code)
	}
	s := p.summary()
	if s.Feed.Received != x.Stats().Delivered || s.Strategies["slow"].Delivered != s.Strategies["slow"].Matched || s.Strategies["faulty"].Failed == 0 {
		t.Errorf("received %d of %d, %+v", s.Feed.Received, x.Stats().Delivered, s.Strategies)
	}
}

func TestASecondSignalForcesTheEnd(t *testing.T) {
	for _, second := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(second.String(), func(t *testing.T) {
			t.Parallel()
			x, environ := exchange(t, harness.Moving)
			p := start(t, setting{environ: environ}, run("--symbols", "AOT,PTT", "--set", "shutdown.deadline=60s",
				"--set", `strategies=[{name: blocked, type: demo, params: {block_after: 5}}]`)...)
			addr := p.addr()
			running(t, p, addr)
			harness.Eventually(t, "it to be blocked", func() bool {
				_, out := ask(t, p.home, "strategies", "-o", "json", "--addr", addr)
				return x.Stats().Delivered > 100 && strings.Contains(out, `"delivered": 5`)
			})
			p.signal(syscall.SIGTERM)
			harness.Eventually(t, "the door to close", func() bool { return free(addr) })
			select {
			case <-p.ended:
				t.Fatal("it ended before the second signal: this proves nothing")
			default:
			}
			p.signal(second)
			if code := p.wait(2 * time.Second); code == 0 {
				t.Errorf("exit %d, want that of a signal", code)
			}
			if status := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != second {
				t.Errorf("ended by %v", status)
			}
		})
	}
}

func TestTerminatedWhileItConnectsItEndsAtOnceAndTriesNoMore(t *testing.T) {
	for name, c := range map[string]struct {
		breaks sandbox.Fault
		flags  []string
		begun  func(x *sandbox.Exchange, p *proc) bool
	}{
		"in a login": {breaks: sandbox.Fault{Kind: "login", Delay: 30e9},
			begun: func(x *sandbox.Exchange, _ *proc) bool { return hits(x, "login") > 0 }},
		"at the dispatcher": {breaks: sandbox.Fault{Kind: "dispatcher", Delay: 30e9},
			begun: func(x *sandbox.Exchange, _ *proc) bool { return hits(x, "dispatcher") > 0 }},
		"in a backoff after a refused dial": {breaks: sandbox.Fault{Kind: "refuse"}, flags: []string{"--set", "session.backoff.min=30s", "--set", "session.backoff.max=60s"},
			begun: func(x *sandbox.Exchange, _ *proc) bool { return hits(x, "refuse") > 0 }},
		"before a SUBACK that never comes": {breaks: sandbox.Fault{Kind: "suback", Missing: true},
			begun: func(x *sandbox.Exchange, _ *proc) bool { return x.Stats().Connections > 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x, environ := exchange(t, nil)
			harness.Break(t, x, c.breaks)
			p := start(t, setting{environ: environ}, run(append(c.flags, "--symbols", "AOT")...)...)
			p.addr()
			harness.Eventually(t, "the fault to strike", func() bool { return c.begun(x, p) })
			p.signal(syscall.SIGTERM)
			if code := p.wait(5 * time.Second); code != 0 {
				t.Errorf("exit %d", code)
			}
			s := p.summary()
			if n := s.Connection; n.Attempts != 1 || n.Open != 0 || n.Pending != 0 {
				t.Errorf("%+v", n)
			}
		})
	}
}

// hits is how often a fault in force struck.
func hits(x *sandbox.Exchange, kind string) uint64 {
	for _, f := range x.Faults() {
		if f.Kind == kind {
			return f.Hits
		}
	}
	return 0
}

// silent accepts connections and never says a word.
func silent(t *testing.T) (addr string, accepted *atomic.Int32) {
	t.Helper()
	ln, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	accepted = &atomic.Int32{}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			accepted.Add(1)
		}
	}()
	return ln.Addr().String(), accepted
}

func TestTerminatedInADialItEndsAtOnceAndTriesNoMore(t *testing.T) {
	t.Parallel()
	_, environ := exchange(t, nil)
	addr, accepted := silent(t)
	p := start(t, setting{environ: append(environ, "SETTRADE_BASE_URL=https://"+addr)}, run("--symbols", "AOT")...)
	harness.Eventually(t, "the dial", func() bool { return accepted.Load() == 1 })
	p.addr()
	p.signal(syscall.SIGTERM)
	if code := p.wait(5 * time.Second); code != 0 {
		t.Errorf("exit %d", code)
	}
	if n := p.summary().Connection; n.Attempts != 1 || n.Aborted != 1 || accepted.Load() != 1 {
		t.Errorf("%+v, %d dials", n, accepted.Load())
	}
}
