package feedtree

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/feedtree/feedtree/actors/strategies"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/supervision"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// SupervisionEvents lists the last failures, restarts, replacements, quarantines, stops and
// escalations of the tree's actors, oldest first, at most 256. Alike ones that followed one
// another are one, with a count.
func (t *Tree) SupervisionEvents() []supervision.Event {
	return append([]supervision.Event{}, t.supervised.history.Events()...)
}

// Policy is what comes after the failures of one actor, as people see it.
type Policy struct {
	Scope           string  `json:"scope"`
	BackoffMin      string  `json:"backoff_min"`
	BackoffMax      string  `json:"backoff_max"`
	BackoffFactor   float64 `json:"backoff_factor"`
	BackoffJitter   float64 `json:"backoff_jitter"`
	Restarts        int     `json:"restarts"`
	Window          string  `json:"window"`
	After           string  `json:"after"`
	Stable          string  `json:"stable"`
	ReceiveDeadline string  `json:"receive_deadline"`
}

// String is one line.
func (p *Policy) String() string {
	s := fmt.Sprintf("%s, after %s to %s ×%g, %d in %s then %s", p.Scope, p.BackoffMin, p.BackoffMax, p.BackoffFactor, p.Restarts, p.Window, p.After)
	if p.ReceiveDeadline != "0s" {
		s += ", Receive within " + p.ReceiveDeadline
	}
	return s
}

func policyView(p supervision.Policy) *Policy {
	return &Policy{Scope: p.Scope.String(), BackoffMin: config.ShowDuration(p.Backoff.Min), BackoffMax: config.ShowDuration(p.Backoff.Max),
		BackoffFactor: p.Backoff.Factor, BackoffJitter: p.Backoff.Jitter, Restarts: p.Budget.Restarts, Window: config.ShowDuration(p.Budget.Window),
		After: p.After.String(), Stable: config.ShowDuration(p.Backoff.Stable), ReceiveDeadline: config.ShowDuration(p.ReceiveDeadline)}
}

// describe adds to a node what its parent's supervision knows of it.
func (s *supervisors) describe(parent string, n *Node) {
	st := s.by[parent].Status(n.Name)
	n.State, n.Restarts, n.Replaced, n.LastCause = st.State, st.Restarts, st.Replaced, st.Cause
	if !st.Next.IsZero() {
		n.NextRestart = st.Next.Format(time.RFC3339Nano)
	}
	if b := s.busy[n.Name]; parent == rootNode && b != nil && b.overdue() > 0 {
		n.State, n.Detail = "stuck", stuckFor(b.overdue())
	}
}

// stuckPart names the first of the feed's own actors whose Receive does not return, "" if
// there is none.
func (s *supervisors) stuckPart() string {
	for _, name := range config.NodeNames() {
		if b := s.busy[name]; b != nil && b.overdue() > 0 {
			return "the " + name + " is " + stuckFor(b.overdue())
		}
	}
	return ""
}

// Concerns lists what is wrong with the tree's actors right now, one line each: who waits for
// a restart, does not return from Receive, or is out of service. It says what readiness does
// not: a strategy's troubles do not make the feed unready.
func (t *Tree) Concerns() []string {
	out := []string{}
	if why := t.supervised.stuckPart(); why != "" {
		out = append(out, why)
	}
	for _, name := range config.NodeNames() {
		if st := t.supervised.by[rootNode].Status(name); st.State != supervision.Running {
			out = append(out, concern("the "+name, st))
		}
	}
	for _, symbol := range t.supervised.by[config.NodeHealth].Failed() {
		if st := t.supervised.by[config.NodeHealth].Status(symbol); st.State != supervision.Running {
			out = append(out, concern("the watch over "+symbol, st))
		}
	}
	list := t.list()
	slices.SortFunc(list, func(a, b *instance) int { return cmp.Compare(a.Name, b.Name) })
	for _, in := range list {
		out = append(out, t.concernsOf(in)...)
	}
	return out
}

func (t *Tree) concernsOf(in *instance) (out []string) {
	who := "strategy " + in.Name
	if d, limit := in.Receiving(), in.policy.ReceiveDeadline; limit > 0 && d > limit && in.State() != strategies.Stopped {
		out = append(out, who+" is "+stuckFor(d))
	}
	for _, since := range t.asleep(in) {
		out = append(out, fmt.Sprintf("%s was replaced: its Receive before has not returned for %v", who, clock.Since(clock.Mono(), since).Round(time.Second)))
	}
	if st := t.supervised.by[config.NodeStrategies].Status(in.Name); st.State != supervision.Running {
		out = append(out, concern(who, st))
	}
	return out
}

func concern(who string, st supervision.Status) string {
	if st.State == supervision.Backoff {
		return fmt.Sprintf("%s is restarted in %v: %s", who, max(time.Until(st.Next), 0).Round(time.Millisecond), st.Cause)
	}
	return fmt.Sprintf("%s is %s: %s", who, st.State, st.Cause)
}

// StrategyState is a strategy's counters and how supervision finds it.
type StrategyState struct {
	ledger.Strategy
	LastCause   string  `json:"last_cause"`   // of its last failure, "" for none
	NextRestart string  `json:"next_restart"` // RFC 3339, "" when no restart is waiting
	Stuck       int     `json:"stuck"`        // Receives of it that are beyond their deadline, those of replaced actors included
	Policy      *Policy `json:"policy"`
}

// Strategies lists the strategies by name, stopped ones too.
func (t *Tree) Strategies() map[string]StrategyState {
	out := map[string]StrategyState{}
	counts := t.Snapshot().Strategies
	for _, in := range t.list() {
		st := t.supervised.by[config.NodeStrategies].Status(in.Name)
		s := StrategyState{Strategy: counts[in.Name], LastCause: st.Cause, Stuck: len(t.asleep(in)), Policy: policyView(in.policy)}
		if !st.Next.IsZero() {
			s.NextRestart = st.Next.Format(time.RFC3339Nano)
		}
		if d, limit := in.Receiving(), in.policy.ReceiveDeadline; limit > 0 && d > limit {
			s.Stuck++
		}
		out[in.Name] = s
	}
	return out
}
