package supervision_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/feedtree/feedtree/supervision"
)

// An actor that panics with a classed error chooses what is done about it.
func ExampleAs() {
	err := supervision.As(supervision.Poison, errors.New("a price of minus one"))
	fmt.Println(err, "→", supervision.ClassOf(err))
	fmt.Println(supervision.ClassOf(errors.New("anything else")))
	// Output:
	// a price of minus one → poison
	// bug
}

// The policy is a pure function: a child's failures, one second apart, until its budget is spent.
func ExampleDecide() {
	p := supervision.DefaultPolicy()
	p.Budget = supervision.BudgetConfig{Restarts: 3, Window: time.Minute}
	p.After = supervision.Quarantine
	var child supervision.Child
	for n := range 4 {
		var d supervision.Decision
		d, child = supervision.Decide(p, child, supervision.Bug, int64(n+1)*int64(time.Second), func() float64 { return 0.999 })
		fmt.Println(d.Action, d.Delay.Round(100*time.Millisecond), d.Attempt)
	}
	// Output:
	// restart 400ms 1
	// restart 800ms 2
	// restart 1.6s 3
	// quarantine 0s 0
}
