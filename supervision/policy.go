package supervision

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/feedtree/feedtree/internal/clock"
)

// Scope says who is restarted with a failed child.
type Scope uint8

// The scopes, as Erlang/OTP names them.
const (
	OneForOne  Scope = iota // the child alone
	OneForAll               // all children of its parent
	RestForOne              // the child and those started after it
)

var scopeNames = [...]string{"one_for_one", "one_for_all", "rest_for_one"}

// String is the scope's name in a configuration.
func (s Scope) String() string { return scopeNames[s] }

// ParseScope finds a scope by its name.
func ParseScope(name string) (Scope, bool) {
	i := slices.Index(scopeNames[:], name)
	return Scope(max(i, 0)), i >= 0
}

// After says what comes when the budget is spent.
type After uint8

// What comes after the budget.
const (
	Escalate   After = iota // the parent fails in its turn; at the root the tree ends in order
	Quarantine              // the child stays stopped, remembered
	Stop                    // the child is stopped
)

var afterNames = [...]string{"escalate", "quarantine", "stop"}

// String is its name in a configuration.
func (a After) String() string { return afterNames[a] }

// ParseAfter finds what comes after the budget by its name.
func ParseAfter(name string) (After, bool) {
	i := slices.Index(afterNames[:], name)
	return After(max(i, 0)), i >= 0
}

// BudgetConfig is how many restarts a child has in a window of time.
type BudgetConfig struct {
	Restarts int
	Window   time.Duration
}

// Policy is how a parent deals with a failed child.
type Policy struct {
	Scope   Scope
	Backoff BackoffConfig
	Budget  BudgetConfig
	After   After
	// ReceiveDeadline is how long one Receive may take; 0 for as long as it likes. Decide does
	// not look at it: who watches the child does.
	ReceiveDeadline time.Duration
}

// DefaultPolicy is ten restarts in five minutes with DefaultBackoff, then escalation, and
// five seconds for a Receive.
func DefaultPolicy() Policy {
	return Policy{Backoff: DefaultBackoff(), Budget: BudgetConfig{Restarts: 10, Window: 5 * time.Minute}, ReceiveDeadline: 5 * time.Second}
}

// Validate tells what cannot work.
func (p Policy) Validate() error {
	var errs []error
	if p.Budget.Restarts < 1 {
		errs = append(errs, fmt.Errorf("budget restarts %d: expected at least 1", p.Budget.Restarts))
	}
	if p.Budget.Window <= 0 {
		errs = append(errs, fmt.Errorf("budget window %v: expected a positive time", p.Budget.Window))
	}
	if p.ReceiveDeadline < 0 {
		errs = append(errs, fmt.Errorf("receive deadline %v: expected no negative time", p.ReceiveDeadline))
	}
	return errors.Join(append(errs, p.Backoff.Validate())...)
}

// Child is what is remembered of a child's failures. The zero value is a child that never
// failed.
type Child struct {
	failures int           // in a row
	delay    time.Duration // before its last restart
	upSince  int64         // clock.Mono of its last restart
	restarts []int64       // clock.Mono of the restarts within the window, oldest first
}

// Action is what to do about a failure.
type Action uint8

// The actions.
const (
	DoRestart    Action = iota // the child anew, after the delay
	DoReplace                  // another child in its place, at once: this one cannot be restarted
	DoSetAside                 // nothing: the message is gone and kept, the child goes on
	DoEscalate                 // the parent fails in its turn
	DoQuarantine               // stop the child and remember it
	DoStop                     // stop the child
)

var actionNames = [...]string{"restart", "replace", "set_aside", "escalate", "quarantine", "stop"}

// String is the action's name: "restart", "set_aside", …
func (a Action) String() string { return actionNames[a] }

// Decision is an action, and for a restart the delay before it and its number in a row.
type Decision struct {
	Action  Action
	Delay   time.Duration
	Attempt int
}

// pace is how a class spreads its attempts.
type pace uint8

const (
	byBackoff pace = iota // as the backoff draws it
	slowly                // the longest delay each time
	atOnce
)

// delay draws the delay before the attempt after n failures in a row.
func (p pace) delay(c BackoffConfig, n int, rnd func() float64) time.Duration {
	switch p {
	case slowly:
		return c.Max
	case atOnce:
		return 0
	}
	return c.Delay(n, rnd)
}

// rules are what each class of failures is met with while the budget lasts. Restarts and
// replacements count against it.
var rules = [numClasses]struct {
	action Action
	pace   pace
	never  bool // not tried again: at once what comes after the budget
}{
	Bug:           {DoRestart, byBackoff, false},
	Transport:     {DoRestart, byBackoff, false},
	Auth:          {DoRestart, slowly, false}, // a partner that counts refusals locks accounts
	Stuck:         {DoReplace, atOnce, false},
	Poison:        {DoSetAside, atOnce, false},
	Configuration: {never: true},
}

// Decide is the whole policy, a pure function: what to do about a child that failed at now
// (clock.Mono), and what to remember.
//
//	bug, transport  restart after a delay that grows         } within the budget,
//	auth            restart after the longest delay          } then what p.After says
//	stuck           another child in its place, at once      }
//	configuration   what p.After says, at once
//	poison          the child goes on; nothing is remembered
//
// The budget is checked against the restarts that the window would hold at the moment of
// this one. A stuck child never escalates, it is put in quarantine instead: the failure of
// one that cannot even be stopped must not end its parent.
func Decide(p Policy, c Child, class Class, now int64, rnd func() float64) (Decision, Child) {
	rule := rules[class]
	if rule.action == DoSetAside {
		return Decision{Action: DoSetAside}, c
	}
	if c.upSince != 0 && p.Backoff.Forgets(clock.Since(now, c.upSince), c.delay) {
		c.failures = 0
	}
	after := [...]Action{Escalate: DoEscalate, Quarantine: DoQuarantine, Stop: DoStop}[p.After]
	if class == Stuck && after == DoEscalate {
		after = DoQuarantine
	}
	if rule.never {
		return Decision{Action: after}, c
	}
	c.failures++
	delay := rule.pace.delay(p.Backoff, c.failures, rnd)
	at := now + int64(delay)
	recent := slices.DeleteFunc(slices.Clone(c.restarts), func(then int64) bool { return then <= at-int64(p.Budget.Window) })
	if len(recent) >= p.Budget.Restarts {
		return Decision{Action: after}, c
	}
	c.restarts, c.delay, c.upSince = append(recent, at), delay, at
	return Decision{Action: rule.action, Delay: delay, Attempt: c.failures}, c
}
