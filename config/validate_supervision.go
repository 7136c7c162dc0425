package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// strategyPolicies is the key of the overrides by a strategy's name.
const strategyPolicies = "supervision.strategies"

func (v *checker) supervision(c Config) {
	s := c.Supervision
	v.oneOf("supervision.scope", s.Scope, ordered...)
	v.after("supervision.after", s.After, needed)
	v.backoff("supervision.backoff", s.Backoff)
	v.restarts("supervision.budget.restarts", s.Budget.Restarts)
	v.positive("supervision.budget.window", s.Budget.Window)
	v.positive("supervision.stable", s.Stable)
	v.orNone("supervision.receive_deadline", s.ReceiveDeadline)
	for _, n := range nodes {
		v.chain(s.root(), s.chain(n), n.scopes, n.afters)
	}
	all := nodes[len(nodes)-1]
	told := map[string]bool{}
	for i, st := range c.Strategies {
		told[st.Name] = true
		v.chain(s.resolve(s.chain(all)), s.strategyChain(fmt.Sprintf("strategies[%d].supervision", i), st)[2:], all.scopes, all.afters)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Strategies)) {
		if told[name] {
			continue
		}
		key := strategyPolicies + "." + name
		if len(c.Strategies) > 0 {
			v.fail(key, nil, "no strategy has that name; there are %s", clip(strings.Join(slices.Sorted(maps.Keys(told)), ", ")))
			v.errs[len(v.errs)-1].Nearest = Nearest(name, slices.Sorted(maps.Keys(told)))
			continue
		}
		// With none listed there is one of each type, which only the program knows.
		v.chain(s.resolve(s.chain(all)), []step{{key, s.Strategies[name]}}, all.scopes, all.afters)
	}
}

// chain checks what each step of an inheritance says, over what it inherits.
func (v *checker) chain(inherited Policy, chain []step, scopes, afters []string) {
	for _, link := range chain {
		v.override(link.key, link.says, inherited, scopes, afters)
		inherited = link.says.over(inherited)
	}
}

// override checks what is said; what is inherited was checked where it stands, but for the
// two that must fit together.
func (v *checker) override(key string, o Override, inherited Policy, scopes, afters []string) {
	if o.Scope != nil {
		v.scope(key+".scope", *o.Scope, scopes)
	}
	if o.After != nil {
		v.after(key+".after", *o.After, afters)
	}
	b := o.Backoff
	if b.Min != nil {
		v.positive(key+".backoff.min", *b.Min)
	}
	if b.Max != nil {
		v.positive(key+".backoff.max", *b.Max)
	}
	if b.Factor != nil {
		v.factor(key+".backoff.factor", *b.Factor)
	}
	if b.Jitter != nil {
		v.jitter(key+".backoff.jitter", *b.Jitter)
	}
	switch lo, hi := o.over(inherited).Backoff.Min, o.over(inherited).Backoff.Max; {
	case lo <= hi || lo <= 0 || hi <= 0:
	case b.Max != nil:
		v.fail(key+".backoff.max", hi, "less than the min that goes with it, which is %s", showDuration(lo))
	case b.Min != nil:
		v.fail(key+".backoff.min", lo, "more than the max that goes with it, which is %s", showDuration(hi))
	}
	if o.Budget.Restarts != nil {
		v.restarts(key+".budget.restarts", *o.Budget.Restarts)
	}
	if o.Budget.Window != nil {
		v.positive(key+".budget.window", *o.Budget.Window)
	}
	if o.Stable != nil {
		v.positive(key+".stable", *o.Stable)
	}
	if o.ReceiveDeadline != nil {
		v.orNone(key+".receive_deadline", *o.ReceiveDeadline)
	}
}

func (v *checker) restarts(key string, n int) { v.between(key, n, 1, 1_000_000) }

func (v *checker) scope(key, scope string, allowed []string) {
	if slices.Contains(ordered, scope) && !slices.Contains(allowed, scope) {
		v.fail(key, scope, "strategies have no order and must not hurt each other: only %s can hold", OneForOne)
		return
	}
	v.oneOf(key, scope, ordered...)
}

func (v *checker) after(key, after string, allowed []string) {
	if slices.Contains(optional, after) && !slices.Contains(allowed, after) {
		v.fail(key, after, "the feed cannot go on without this part: only %s can hold; for strategies set supervision.nodes.strategies.after", Escalate)
		return
	}
	v.oneOf(key, after, allowed...)
}
