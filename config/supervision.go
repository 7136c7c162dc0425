package config

import (
	"slices"
	"time"
)

// Supervision is what comes after failures: a policy for the whole tree, and what its parts
// have of their own. A part inherits what it does not say: a node from the tree, a strategy
// from the node "strategies".
type Supervision struct {
	Scope   string        `koanf:"scope"`
	Backoff Backoff       `koanf:"backoff"`
	Budget  Budget        `koanf:"budget"`
	After   string        `koanf:"after"`
	Stable  time.Duration `koanf:"stable"`
	// ReceiveDeadline is how long one Receive may take; 0 for as long as it likes.
	ReceiveDeadline time.Duration `koanf:"receive_deadline"`

	Nodes Nodes `koanf:"nodes"`
	// Strategies are overrides by a strategy's name; they go before what the strategy itself
	// says in the list, so that a later file can change one without repeating the list.
	Strategies map[string]Override `koanf:"strategies"`
}

// Nodes are the overrides of the feed's children. What Strategies says holds for every
// strategy, what Health says for the symbols' actors too.
type Nodes struct {
	Session    Override `koanf:"session"`
	Decoder    Override `koanf:"decoder"`
	Health     Override `koanf:"health"`
	Dispatcher Override `koanf:"dispatcher"`
	Strategies Override `koanf:"strategies"`
}

// Budget is how many restarts a child has in a window.
type Budget struct {
	Restarts int           `koanf:"restarts"`
	Window   time.Duration `koanf:"window"`
}

// Who is restarted with a failed child: nobody, all children of its parent, or those after it.
const (
	OneForOne  = "one_for_one"
	OneForAll  = "one_for_all"
	RestForOne = "rest_for_one"
)

// What comes when the budget is spent: the parent fails in its turn; the strategy stays
// stopped until it is resumed; it is stopped for good.
const (
	Escalate   = "escalate"
	Quarantine = "quarantine"
	Stop       = "stop"
)

// Policy is what comes after the failures of one child, whole: see Config.Policy.
type Policy struct {
	Scope           string        `koanf:"scope"`
	Backoff         Backoff       `koanf:"backoff"`
	Budget          Budget        `koanf:"budget"`
	After           string        `koanf:"after"`
	Stable          time.Duration `koanf:"stable"`
	ReceiveDeadline time.Duration `koanf:"receive_deadline"`
}

// Override is what a part of the tree says of its own policy; what is nil is inherited.
//
//	config.Override{Budget: config.BudgetOverride{Restarts: new(3)}}
type Override struct {
	Scope           *string         `koanf:"scope"`
	Backoff         BackoffOverride `koanf:"backoff"`
	Budget          BudgetOverride  `koanf:"budget"`
	After           *string         `koanf:"after"`
	Stable          *time.Duration  `koanf:"stable"`
	ReceiveDeadline *time.Duration  `koanf:"receive_deadline"`
}

// BackoffOverride overrides parts of a Backoff.
type BackoffOverride struct {
	Min    *time.Duration `koanf:"min"`
	Max    *time.Duration `koanf:"max"`
	Factor *float64       `koanf:"factor"`
	Jitter *float64       `koanf:"jitter"`
}

// BudgetOverride overrides parts of a Budget.
type BudgetOverride struct {
	Restarts *int           `koanf:"restarts"`
	Window   *time.Duration `koanf:"window"`
}

// The nodes that Config.Policy knows, in the order in which they start.
const (
	NodeSession    = "session"
	NodeDecoder    = "decoder"
	NodeHealth     = "health"
	NodeDispatcher = "dispatcher"
	NodeStrategies = "strategies"
)

// NodeNames lists the feed's children in the order in which they start.
func NodeNames() []string {
	return []string{NodeSession, NodeDecoder, NodeHealth, NodeDispatcher, NodeStrategies}
}

// node is one of the feed's children with what may stand in its override.
type node struct {
	name   string
	of     func(*Nodes) *Override
	base   Override // what it has of its own when nothing is configured
	scopes []string
	afters []string
}

var nodes = []node{
	{NodeSession, func(n *Nodes) *Override { return &n.Session }, Override{}, ordered, needed},
	{NodeDecoder, func(n *Nodes) *Override { return &n.Decoder }, Override{}, ordered, needed},
	{NodeHealth, func(n *Nodes) *Override { return &n.Health }, Override{}, ordered, needed},
	{NodeDispatcher, func(n *Nodes) *Override { return &n.Dispatcher }, Override{}, ordered, needed},
	{NodeStrategies, func(n *Nodes) *Override { return &n.Strategies },
		Override{Scope: new(OneForOne), After: new(Quarantine)}, unordered, optional},
}

var (
	ordered   = []string{OneForOne, OneForAll, RestForOne}
	unordered = []string{OneForOne}
	needed    = []string{Escalate}
	optional  = []string{Quarantine, Escalate, Stop}
)

// step is one link of the chain that a policy is inherited along: the first is whole.
type step struct {
	key  string
	says Override
}

// chain lists what a node's policy comes from, the farthest first.
func (s *Supervision) chain(n node) []step {
	key := "supervision.nodes." + n.name
	return []step{{key, n.base}, {key, *n.of(&s.Nodes)}}
}

// strategyChain goes on with what is said of one strategy, which stands at own in the list.
func (s *Supervision) strategyChain(own string, st Strategy) []step {
	return append(s.chain(nodes[len(nodes)-1]), step{own, st.Supervision}, step{strategyPolicies + "." + st.Name, s.Strategies[st.Name]})
}

// root is the policy of the whole tree.
func (s *Supervision) root() Policy {
	return Policy{s.Scope, s.Backoff, s.Budget, s.After, s.Stable, s.ReceiveDeadline}
}

// resolve goes along a chain.
func (s *Supervision) resolve(chain []step) Policy {
	p := s.root()
	for _, link := range chain {
		p = link.says.over(p)
	}
	return p
}

// over gives the policy with what is overridden.
func (o Override) over(p Policy) Policy {
	set(&p.Scope, o.Scope)
	set(&p.Backoff.Min, o.Backoff.Min)
	set(&p.Backoff.Max, o.Backoff.Max)
	set(&p.Backoff.Factor, o.Backoff.Factor)
	set(&p.Backoff.Jitter, o.Backoff.Jitter)
	set(&p.Budget.Restarts, o.Budget.Restarts)
	set(&p.Budget.Window, o.Budget.Window)
	set(&p.After, o.After)
	set(&p.Stable, o.Stable)
	set(&p.ReceiveDeadline, o.ReceiveDeadline)
	return p
}

func set[T any](dst, over *T) {
	if over != nil {
		*dst = *over
	}
}

// Policy is the policy that is in force for a node (see NodeNames); NodeStrategies gives what
// every strategy inherits. Any other name gives that of the whole tree, which holds for the
// actor "strategies" itself.
func (c Config) Policy(name string) Policy {
	i := slices.IndexFunc(nodes, func(n node) bool { return n.name == name })
	if i < 0 {
		return c.Supervision.root()
	}
	return c.Supervision.resolve(c.Supervision.chain(nodes[i]))
}

// StrategyPolicy is the policy that is in force for a strategy, which need not be listed.
func (c Config) StrategyPolicy(s Strategy) Policy {
	return c.Supervision.resolve(c.Supervision.strategyChain("", s))
}
