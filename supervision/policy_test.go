package supervision

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func backoffs() *rapid.Generator[BackoffConfig] {
	return rapid.Custom(func(t *rapid.T) BackoffConfig {
		lo := time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "min"))
		return BackoffConfig{Min: lo, Max: lo + time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "more")),
			Factor: rapid.Float64Range(1, 100).Draw(t, "factor"), Stable: time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "stable"))}
	})
}

func TestADelayNeverLeavesItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := backoffs().Draw(t, "config")
		n := rapid.IntRange(1, 1_000_000).Draw(t, "failures")
		r := rapid.Float64Range(0, 1).Draw(t, "random")
		if d := c.Delay(n, func() float64 { return r }); d < c.Min || d > c.Max {
			t.Fatalf("%v outside [%v, %v]", d, c.Min, c.Max)
		}
	})
}

func TestTheLongestDelayDoublesUpToTheMaximum(t *testing.T) {
	c := BackoffConfig{Min: time.Second, Max: 16 * time.Second, Factor: 2}
	var tops, bottoms []time.Duration
	for n := 1; n <= 6; n++ {
		tops = append(tops, c.Delay(n, func() float64 { return 1 }))
		bottoms = append(bottoms, c.Delay(n, func() float64 { return 0 }))
	}
	if got := fmt.Sprint(tops, bottoms); got != "[2s 4s 8s 16s 16s 16s] [1s 1s 1s 1s 1s 1s]" {
		t.Error(got)
	}
}

func TestAReconnectForgetsOnlyAfterItStood(t *testing.T) {
	c := BackoffConfig{Min: time.Second, Max: 16 * time.Second, Factor: 2, Stable: 30 * time.Second}
	top := func() float64 { return 1 }
	var r Reconnect
	now := int64(1)
	var delays []time.Duration
	fall := func(stood time.Duration) {
		r.Up(now)
		now += int64(stood)
		r.Down(now)
		delays = append(delays, r.Failed(c, top))
	}
	for range 3 {
		delays = append(delays, r.Failed(c, top)) // refused dials
	}
	fall(time.Second)      // a broker that accepts and drops: no reset
	fall(29 * time.Second) // still none
	fall(30 * time.Second) // stood for max(16 s, 30 s): forgotten
	fall(time.Hour)
	if got := fmt.Sprint(delays); got != "[2s 4s 8s 16s 16s 2s 2s]" {
		t.Error(got)
	}
}

// Ten thousand histories in virtual time: the budget holds in every window, delays stay in
// their bounds, what was stable is forgotten.
func TestEveryHistoryKeepsTheBudgetInEveryWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Policy{Backoff: backoffs().Draw(t, "backoff"), After: After(rapid.IntRange(0, 2).Draw(t, "after")),
			Budget: BudgetConfig{Restarts: rapid.IntRange(1, 20).Draw(t, "restarts"), Window: time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "window"))}}
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		rnd := func() float64 { return rapid.Float64Range(0, 0.999).Draw(t, "random") }
		var c Child
		now := int64(time.Hour)
		var restarts []int64
		for range rapid.IntRange(1, 100).Draw(t, "failures") {
			stood := rapid.Int64Range(0, int64(10*time.Minute)).Draw(t, "stood")
			now += stood
			forgets := c.upSince != 0 && p.Backoff.Forgets(time.Duration(now-c.upSince), c.delay)
			var d Decision
			d, c = Decide(p, c, Bug, now, rnd)
			if forgets && d.Action == DoRestart && d.Attempt != 1 {
				t.Fatalf("attempt %d after it had been stable", d.Attempt)
			}
			if d.Action != DoRestart {
				if want := [...]Action{DoEscalate, DoQuarantine, DoStop}[p.After]; d.Action != want {
					t.Fatalf("%v after the budget, want %v", d.Action, want)
				}
				return
			}
			if d.Delay < p.Backoff.Min || d.Delay > p.Backoff.Max {
				t.Fatalf("a delay of %v", d.Delay)
			}
			now += int64(d.Delay)
			restarts = append(restarts, now)
			n := 0
			for _, at := range restarts {
				if at > now-int64(p.Budget.Window) {
					n++
				}
			}
			if n > p.Budget.Restarts {
				t.Fatalf("%d restarts within %v, the budget is %d", n, p.Budget.Window, p.Budget.Restarts)
			}
		}
	})
}

func TestAConfigurationErrorIsNotTriedAgain(t *testing.T) {
	p := DefaultPolicy()
	p.After = Quarantine
	if d, _ := Decide(p, Child{}, Configuration, 1, func() float64 { return 0 }); d.Action != DoQuarantine {
		t.Error(d)
	}
}

type classified struct{ error }

func (classified) SupervisionClass() Class { return Configuration }

func TestTheClassOfAFailureIsItsErrors(t *testing.T) {
	for _, c := range []struct {
		reason any
		want   Class
	}{{"a panic", Bug}, {fmt.Errorf("an error"), Bug}, {nil, Bug}, {classified{}, Configuration}, {fmt.Errorf("in: %w", classified{fmt.Errorf("x")}), Configuration}} {
		if got := ClassOf(c.reason); got != c.want {
			t.Errorf("%v: %v", c.reason, got)
		}
	}
}

func TestNonsenseIsRefused(t *testing.T) {
	for name, change := range map[string]func(*Policy){
		"no restarts":     func(p *Policy) { p.Budget.Restarts = 0 },
		"no window":       func(p *Policy) { p.Budget.Window = 0 },
		"min 0":           func(p *Policy) { p.Backoff.Min = 0 },
		"max below min":   func(p *Policy) { p.Backoff.Max = p.Backoff.Min - 1 },
		"a factor of 0.5": func(p *Policy) { p.Backoff.Factor = 0.5 },
		"unstable":        func(p *Policy) { p.Backoff.Stable = -1 },
	} {
		p := DefaultPolicy()
		change(&p)
		if p.Validate() == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if err := DefaultPolicy().Validate(); err != nil {
		t.Error(err)
	}
}

func TestACauseIsOneBearableLine(t *testing.T) {
	long := make([]byte, 1000)
	for i := range long {
		long[i] = "ab\n\x1b"[i%4]
	}
	if c := Cause(string(long)); len(c) > 300 || c[2] != ' ' || c[3] != ' ' {
		t.Errorf("%q", c)
	}
}
