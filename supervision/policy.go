package supervision

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/feedtree/feedtree/internal/clock"
)

// Class is what kind of failure it was; it chooses the policy.
type Class uint8

// The classes of failures.
const (
	Bug           Class = iota // a panic: restart
	Stuck                      // a Receive that does not return: replace
	Configuration              // cannot succeed as configured: what comes after the budget, at once
)

var classNames = [...]string{"bug", "stuck", "configuration"}

func (c Class) String() string { return classNames[c] }

// Classified is an error that knows its class.
type Classified interface {
	error
	SupervisionClass() Class
}

// ClassOf gives the class of a failure's reason; whatever says nothing is a bug.
func ClassOf(reason any) Class {
	var c Classified
	if err, ok := reason.(error); ok && errors.As(err, &c) {
		return c.SupervisionClass()
	}
	return Bug
}

// Scope says who is restarted with a failed child.
type Scope uint8

// The scopes, as Erlang/OTP names them.
const (
	OneForOne  Scope = iota // the child alone
	OneForAll               // all children of its parent
	RestForOne              // the child and those started after it
)

// After says what comes when the budget is spent.
type After uint8

// What comes after the budget.
const (
	Escalate   After = iota // the parent fails in its turn; at the root the tree ends in order
	Quarantine              // the child stays stopped, remembered
	Stop                    // the child is stopped
)

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
}

// DefaultPolicy is ten restarts in five minutes with DefaultBackoff, then escalation.
func DefaultPolicy() Policy {
	return Policy{Backoff: DefaultBackoff(), Budget: BudgetConfig{Restarts: 10, Window: 5 * time.Minute}}
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
	DoRestart Action = iota
	DoEscalate
	DoQuarantine
	DoStop
)

var actionNames = [...]string{"restart", "escalate", "quarantine", "stop"}

func (a Action) String() string { return actionNames[a] }

// Decision is an action, and for a restart the delay before it and its number in a row.
type Decision struct {
	Action  Action
	Delay   time.Duration
	Attempt int
}

// Decide is the whole policy, a pure function: what to do about a child that failed at now
// (clock.Mono), and what to remember. The budget is checked against the restarts that the
// window would hold at the moment of this one.
func Decide(p Policy, c Child, class Class, now int64, rnd func() float64) (Decision, Child) {
	if c.upSince != 0 && p.Backoff.Forgets(clock.Since(now, c.upSince), c.delay) {
		c.failures = 0
	}
	after := [...]Action{Escalate: DoEscalate, Quarantine: DoQuarantine, Stop: DoStop}[p.After]
	if class == Configuration {
		return Decision{Action: after}, c
	}
	c.failures++
	delay := p.Backoff.Delay(c.failures, rnd)
	at := now + int64(delay)
	recent := slices.Clone(c.restarts)
	for len(recent) > 0 && recent[0] <= at-int64(p.Budget.Window) {
		recent = recent[1:]
	}
	if len(recent) >= p.Budget.Restarts {
		return Decision{Action: after}, c
	}
	c.restarts, c.delay, c.upSince = append(recent, at), delay, at
	return Decision{Action: DoRestart, Delay: delay, Attempt: c.failures}, c
}
