package supervision

import (
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func backoffs() *rapid.Generator[BackoffConfig] {
	return rapid.Custom(func(t *rapid.T) BackoffConfig {
		lo := time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "min"))
		return BackoffConfig{Min: lo, Max: lo + time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "more")),
			Factor: rapid.Float64Range(1, 100).Draw(t, "factor"), Jitter: rapid.Float64Range(0, 1).Draw(t, "jitter"), Stable: time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "stable"))}
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
	c := BackoffConfig{Min: time.Second, Max: 16 * time.Second, Factor: 2, Jitter: 1}
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
		delays = append(delays, r.Failed(Transport, c, top))
	}
	for range 3 {
		delays = append(delays, r.Failed(Transport, c, top)) // refused dials
	}
	fall(time.Second)      // a broker that accepts and drops: no reset
	fall(29 * time.Second) // still none
	fall(30 * time.Second) // stood for max(16 s, 30 s): forgotten
	fall(time.Hour)
	if got := fmt.Sprint(delays); got != "[2s 4s 8s 16s 16s 2s 2s]" {
		t.Error(got)
	}
	if d := (&Reconnect{}).Failed(Auth, c, func() float64 { return 0 }); d != 16*time.Second {
		t.Errorf("%v after a refusal, want the longest delay at once", d)
	}
}

func TestJitterIsTheShareOfTheSpanThatIsDrawn(t *testing.T) {
	for jitter, want := range map[float64]string{0: "9s 9s", 0.5: "5s 9s", 1: "1s 9s"} {
		c := BackoffConfig{Min: time.Second, Max: 9 * time.Second, Factor: 10, Jitter: jitter}
		low, high := c.Delay(1, func() float64 { return 0 }), c.Delay(1, func() float64 { return 1 })
		if got := fmt.Sprint(low, " ", high); got != want {
			t.Errorf("%v: %s, want %s", jitter, got, want)
		}
	}
}

// The whole table: what each class is met with, before and after the budget is spent.
func TestTheClassOfAFailureChoosesWhatIsDone(t *testing.T) {
	p := Policy{Backoff: BackoffConfig{Min: time.Second, Max: 9 * time.Second, Factor: 2, Jitter: 1}, Budget: BudgetConfig{Restarts: 1, Window: time.Hour}}
	for _, c := range []struct {
		class           Class
		first           Action
		delay           time.Duration
		escalate, leave Action // beyond the budget, by what comes after it
	}{
		{Bug, DoRestart, 2 * time.Second, DoEscalate, DoStop},
		{Transport, DoRestart, 2 * time.Second, DoEscalate, DoStop},
		{Auth, DoRestart, 9 * time.Second, DoEscalate, DoStop},
		{Stuck, DoReplace, 0, DoQuarantine, DoStop},
		{Configuration, DoEscalate, 0, DoEscalate, DoStop},
		{Poison, DoSetAside, 0, DoSetAside, DoSetAside},
	} {
		t.Run(c.class.String(), func(t *testing.T) {
			top := func() float64 { return 1 }
			d, spent := Decide(p, Child{}, c.class, 1, top)
			if d.Action != c.first || d.Delay != c.delay {
				t.Errorf("first: %v after %v, want %v after %v", d.Action, d.Delay, c.first, c.delay)
			}
			now := int64(10 * time.Minute)
			if d, _ := Decide(p, spent, c.class, now, top); d.Action != c.escalate {
				t.Errorf("beyond the budget: %v, want %v", d.Action, c.escalate)
			}
			p := p
			p.After = Stop
			if d, _ := Decide(p, spent, c.class, now, top); d.Action != c.leave {
				t.Errorf("beyond the budget: %v, want %v", d.Action, c.leave)
			}
			if _, after := Decide(p, spent, Poison, now, top); !reflect.DeepEqual(after, spent) {
				t.Error("a bad message was held against the child")
			}
		})
	}
}

// history plays failures of every class at random moments against one child, in virtual
// time, and holds each decision against what is promised.
func history(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	lo := time.Duration(1 + r.Int64N(int64(time.Minute)))
	p := Policy{After: After(r.IntN(3)), Budget: BudgetConfig{Restarts: 1 + r.IntN(20), Window: time.Duration(1 + r.Int64N(int64(time.Hour)))},
		Backoff: BackoffConfig{Min: lo, Max: lo + time.Duration(r.Int64N(int64(time.Hour))), Factor: 1 + 10*r.Float64(), Jitter: r.Float64(), Stable: time.Duration(r.Int64N(int64(time.Minute)))}}
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	var c Child
	now := int64(time.Hour)
	var restarts []int64
	var delay time.Duration
	inRow := 0
	for range 1 + r.IntN(100) {
		stood := r.Int64N(int64(10 * time.Minute))
		if r.IntN(2) == 0 {
			stood = r.Int64N(int64(time.Second)) // in bursts, too
		}
		now += stood
		class := Class(r.IntN(int(numClasses)))
		if n := len(restarts); n > 0 && now-restarts[n-1] >= int64(max(p.Backoff.Stable, delay)) {
			inRow = 0
		}
		var d Decision
		d, c = Decide(p, c, class, now, r.Float64)
		switch d.Action {
		case DoSetAside:
			continue
		case DoEscalate, DoQuarantine, DoStop:
			if n := within(restarts, now, p); class != Configuration && n < p.Budget.Restarts {
				t.Fatalf("seed %d: %v with %d of %d restarts", seed, d.Action, n, p.Budget.Restarts)
			}
			return
		}
		if inRow++; d.Attempt != inRow {
			t.Fatalf("seed %d: attempt %d, want %d: what is stable is forgotten, and nothing else", seed, d.Attempt, inRow)
		}
		switch delay = d.Delay; {
		case class == Stuck && d.Delay != 0, class == Auth && d.Delay != p.Backoff.Max:
			t.Fatalf("seed %d: %v after %v", seed, class, d.Delay)
		case class != Stuck && (d.Delay < p.Backoff.Min || d.Delay > p.Backoff.Max):
			t.Fatalf("seed %d: a delay of %v, outside [%v, %v]", seed, d.Delay, p.Backoff.Min, p.Backoff.Max)
		}
		now += int64(d.Delay)
		restarts = append(restarts, now)
		if n := within(restarts, now, p); n > p.Budget.Restarts {
			t.Fatalf("seed %d: %d restarts within %v, the budget is %d", seed, n, p.Budget.Window, p.Budget.Restarts)
		}
	}
}

// within counts the restarts in the window that ends at now.
func within(restarts []int64, now int64, p Policy) (n int) {
	for _, at := range restarts {
		if at > now-int64(p.Budget.Window) {
			n++
		}
	}
	return n
}

func TestTenThousandHistoriesKeepDelaysBudgetsAndForgetting(t *testing.T) {
	for seed := range uint64(10_000) {
		history(t, seed)
	}
}

type foreign struct{ error }

func (foreign) SupervisionClass() Class { return 200 }

func TestTheClassOfAFailureIsItsErrors(t *testing.T) {
	for _, c := range []struct {
		reason any
		want   Class
	}{{"a panic", Bug}, {fmt.Errorf("an error"), Bug}, {nil, Bug}, {foreign{}, Bug},
		{As(Poison, io.EOF), Poison}, {fmt.Errorf("in: %w", As(Configuration, io.EOF)), Configuration}} {
		if got := ClassOf(c.reason); got != c.want {
			t.Errorf("%v: %v", c.reason, got)
		}
	}
}

func TestAClassIsReadAsItIsWritten(t *testing.T) {
	for c := range numClasses {
		text, _ := c.MarshalText()
		var back Class
		if err := back.UnmarshalText(text); err != nil || back != c {
			t.Errorf("%s is read as %v, %v", text, back, err)
		}
	}
	if err := new(Class).UnmarshalText([]byte("weather")); err == nil {
		t.Error("read a class that there is not")
	}
}

func TestNonsenseIsRefused(t *testing.T) {
	for name, change := range map[string]func(*Policy){
		"no restarts":      func(p *Policy) { p.Budget.Restarts = 0 },
		"no window":        func(p *Policy) { p.Budget.Window = 0 },
		"min 0":            func(p *Policy) { p.Backoff.Min = 0 },
		"max below min":    func(p *Policy) { p.Backoff.Max = p.Backoff.Min - 1 },
		"a factor of 0.5":  func(p *Policy) { p.Backoff.Factor = 0.5 },
		"unstable":         func(p *Policy) { p.Backoff.Stable = -1 },
		"a jitter of 2":    func(p *Policy) { p.Backoff.Jitter = 2 },
		"a deadline of -1": func(p *Policy) { p.ReceiveDeadline = -1 },
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
