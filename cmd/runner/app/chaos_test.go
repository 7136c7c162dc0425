package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/feedtree/feedtree/cmd/runner/internal/chaos"
	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/test/harness"
)

func TestChaosHoldsAndEndsInOrderWhenItIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out, errs harness.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, types(), strings.Fields("chaos --seed 32 --duration 1h"), Streams{In: strings.NewReader(""), Out: &out, Err: &errs})
	}()
	awaitCount(t, &out, " healed ", 3)
	cancel()
	if code := <-ended; code != 0 {
		t.Fatalf("exit %d: %s%s", code, out.String(), errs.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	form := regexp.MustCompile(`^\d+\.\d{3} (ready|fault|publish|strategy|await|reconnect|healed|stopped)( \S+=("[^"]*"|\S*)| \S+)*$`)
	verbs := map[string]int{}
	for _, l := range lines[:len(lines)-1] {
		m := form.FindStringSubmatch(l)
		if m == nil {
			t.Fatalf("a line of another form: %q", l)
		}
		verbs[m[1]]++
	}
	if lines[len(lines)-1] != "ok" || verbs["ready"] != 1 || verbs["stopped"] != 1 || verbs["fault"] == 0 {
		t.Errorf("%s", out.String())
	}
}

func TestHowChaosEnds(t *testing.T) {
	broken := &chaos.Error{What: "in silence: L1 does not balance", Snapshot: &ledger.Snapshot{Epoch: 3}}
	for _, c := range []struct {
		err   error
		form  string
		code  int
		lines []string
	}{
		{nil, "text", 0, []string{"ok"}},
		{nil, "json", 0, []string{`{"line":"ok"}`}},
		{broken, "text", 6, []string{"broken in silence: L1 does not balance", "seed=9", `{"duration_s":0,"epoch":3,`}},
		{broken, "json", 6, []string{`{"line":"broken in silence: L1 does not balance"}`, `{"line":"seed=9"}`, `{"duration_s":0,"epoch":3,`}},
		{io.ErrUnexpectedEOF, "text", 1, nil},
	} {
		var out strings.Builder
		a := &program{Streams: Streams{Out: &out}}
		a.flags.output = c.form
		err := a.chaosEnd(9, c.err)
		code := 0
		var coded *exitError
		if errors.As(err, &coded) {
			code = coded.code
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if out.String() == "" {
			lines = nil
		}
		if code != c.code || len(lines) != len(c.lines) {
			t.Fatalf("%v: exit %d, %q", c.err, code, lines)
		}
		for i, want := range c.lines {
			if !strings.HasPrefix(lines[i], want) {
				t.Errorf("%v: %q, want %q", c.err, lines[i], want)
			}
		}
	}
	var out strings.Builder
	a := &program{Streams: Streams{Out: &out}}
	a.flags.output = "json"
	a.chaosLine("1.250", "fault cut")
	var line struct {
		At   float64 `json:"at_s"`
		Line string
	}
	if err := json.Unmarshal([]byte(out.String()), &line); err != nil || line.At != 1.25 || line.Line != "fault cut" {
		t.Errorf("%v in %s", err, out.String())
	}
}
