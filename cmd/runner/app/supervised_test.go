package app

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/test/harness"
)

// running starts the runner on the sandbox with a configuration and gives the address of its
// door, and what tells its exit code.
func running(t *testing.T, yaml string) (addr string, out, errs *harness.Buffer, stop func(), ended chan int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out, errs, ended = &harness.Buffer{}, &harness.Buffer{}, make(chan int, 1)
	go func() {
		ended <- Run(ctx, types(), strings.Fields("run --sandbox --rate 1000 --summary json --addr 127.0.0.1:0 --symbols AOT,PTT --config "+file),
			Streams{In: strings.NewReader(""), Out: out, Err: errs})
	}()
	return strings.TrimPrefix(await(t, errs, "http_listening", "url"), "http://"), out, errs, cancel, ended
}

func summaryOf(t *testing.T, out *harness.Buffer) (s ledger.Snapshot) {
	t.Helper()
	if err := json.Unmarshal([]byte(out.String()), &s); err != nil {
		t.Fatalf("standard output is not one JSON object: %v in %s", err, out.String())
	}
	if !s.Balanced() {
		t.Errorf("%s", out.String())
	}
	return s
}

func TestAQuarantineIsShownEverywhereAndLiftedOverTheDoor(t *testing.T) {
	addr, out, errs, stop, ended := running(t, `
supervision:
  nodes:
    strategies: {backoff: {min: 1ms, max: 2ms}, budget: {restarts: 2}}
strategies:
- {name: bad, type: demo, params: {panic_every: 1}}
- {name: good, type: demo, watch: [supervision], supervision: {after: stop}}
`)
	await(t, errs, "quarantined", "cause")
	look := func(args ...string) string {
		t.Helper()
		code, o, e := invoke(t, t.Context(), nil, "", append(args, "--addr", addr)...)
		if code != 0 {
			t.Fatalf("%v: exit %d: %s", args, code, e)
		}
		return o
	}
	says := func(got string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%q is missing in\n%s", want, got)
			}
		}
	}
	says(look("tree"), "feed  running  [one_for_one, after 200ms to 30s ×2, 10 in 5m then escalate, Receive within 5s]",
		"└─ strategies  running  [one_for_one, after 1ms to 2ms ×2, 2 in 5m then quarantine, Receive within 5s]",
		"├─ bad  quarantined (demo)", "restarts 2  last failure: demo: told to panic", "2 in 5m then stop",
		"strategies/bad  restart_scheduled in ", "strategies/bad  quarantined  (bug, failure 3: demo: told to panic")
	says(look("strategies"), "REPLACED", "quarantined", "demo: told to panic on every 1. event")
	says(look("health"), "ready\n  strategy bad is quarantined: demo: told to panic")
	says(look("strategies", "-o", "json"), `"after": "quarantine"`, `"next_restart": ""`)
	if code, _, e := invoke(t, t.Context(), nil, "", "strategies", "restart", "bad", "--addr", addr); code != 1 || !strings.Contains(e, "it is quarantined; resume it") {
		t.Errorf("restart: exit %d: %s", code, e)
	}
	says(look("strategies", "resume", "bad"), "bad: resume")
	awaitCount(t, errs, `"event":"quarantined"`, 2) // it is no better than before
	stop()
	if code := <-ended; code != 0 {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	s := summaryOf(t, out)
	if v := s.Supervision; v.Failures != 6 || v.Restarts != 4 || v.Quarantined != 2 || v.Manual != 1 {
		t.Errorf("%+v", v)
	}
	if c := s.Strategies["good"]; c.Failed != 0 || c.Notices == 0 {
		t.Errorf("%+v", c)
	}
}

func TestAnEscalationThatReachesTheRootEndsTheProcessInOrderWithOne(t *testing.T) {
	_, out, errs, stop, ended := running(t, `
supervision:
  backoff: {min: 1ms, max: 2ms}
  budget: {restarts: 2}
  strategies: {bad: {after: escalate}}
strategies:
- {name: bad, type: demo, params: {panic_every: 1}}
- {name: good, type: demo}
`)
	defer stop()
	select {
	case code := <-ended:
		if code != 1 || !strings.Contains(errs.String(), "the strategies failed more often than its budget, 2 restarts within 5m, allows: demo: told to panic") {
			t.Errorf("exit %d: %s", code, errs.String())
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("it goes on: %s", errs.String())
	}
	s := summaryOf(t, out)
	if s.Connection.Closed != 1 || s.Connection.Lost != 0 || s.Feed.Queued != 0 {
		t.Errorf("not in order: %+v %+v", s.Connection, s.Feed)
	}
	// Two restarts of its own, then each failure is its parent's too, which has two of its own
	// and hands the third to nobody: the root ends.
	if v := s.Supervision; v.Escalated != 4 || v.Restarts != 4 || v.Failures != 8 {
		t.Errorf("%+v", v)
	}
}

// Whoever reads the table must find all that was matched in it.
func TestWhatNeverReachedAStrategyIsShownByWhatBecameOfIt(t *testing.T) {
	var out bytes.Buffer
	one := feedtree.StrategyState{Strategy: ledger.Strategy{Type: "x", State: "running", Matched: 111, Delivered: 1, Dropped: 10, Expired: 100}}
	writeStrategies(&out, map[string]feedtree.StrategyState{"one": one})
	if !strings.Contains(out.String(), "EXPIRED") || strings.Contains(out.String(), "CONFLATED") || strings.Contains(out.String(), "DISCARDED") {
		t.Errorf("what there is none of only takes room:\n%s", &out)
	}
	out.Reset()
	writeStrategies(&out, map[string]feedtree.StrategyState{"one": one, "two": {Strategy: ledger.Strategy{Conflated: 1000, Discarded: 10000}}})
	for _, want := range []string{"EXPIRED", "CONFLATED", "DISCARDED", " 100 ", " 1000 ", " 10000 "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing:\n%s", want, &out)
		}
	}
	out.Reset()
	writeNode(&out, feedtree.Node{Name: "one", State: "running", Capacity: 50, Queued: 3, Handled: 1, Dropped: 10, Failed: 2, Conflated: 1000, Expired: 100, Discarded: 10000}, "", "", "")
	if want := "one  running  queue 3/50, handled 1, dropped 10, failed 2, conflated 1000, expired 100, discarded 10000\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
