package feedtree

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/actors/branch"
	"github.com/feedtree/feedtree/actors/strategies"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/supervision"
)

// rootNode is the name of the actor at the tree's root; config.NodeNames has its children's.
const rootNode = "feed"

// supervisors are the tree's supervision strategies, one for each actor that has children.
type supervisors struct {
	tree     *Tree
	nodes    []branch.Child // the root's children
	by       map[string]*supervision.Strategy
	policies map[string]supervision.Policy // of the root's children
	symbols  supervision.Policy
	all      supervision.Policy // of strategies that the tree no longer knows
	history  supervision.History
	busy     map[string]*busy // the feed's own actors, by name
}

// busy watches one of the feed's own actors for a Receive that does not return.
type busy struct {
	since   atomic.Int64 // clock.Mono at which the Receive in progress began, 0 when idle
	limit   time.Duration
	flagged int64 // the since that was told; the watcher's alone
}

// overdue tells for how long a Receive has been going on, 0 while that is within the limit.
func (b *busy) overdue() time.Duration {
	if at := b.since.Load(); at != 0 && b.limit > 0 {
		if d := clock.Since(clock.Mono(), at); d > b.limit {
			return d
		}
	}
	return 0
}

func newSupervisors(t *Tree) *supervisors {
	s := &supervisors{tree: t, by: map[string]*supervision.Strategy{}, policies: map[string]supervision.Policy{}, busy: map[string]*busy{}}
	for _, name := range config.NodeNames() {
		s.policies[name] = policyOf(t.cfg.Policy(name))
		if name != config.NodeStrategies {
			s.busy[name] = &busy{limit: s.policies[name].ReceiveDeadline}
		}
	}
	s.all = s.policies[config.NodeStrategies]
	s.policies[config.NodeStrategies] = policyOf(t.cfg.Policy(rootNode)) // the branch, as a child of the root
	s.symbols = s.policies[config.NodeHealth]
	s.symbols.Scope = supervision.OneForOne // symbols have no order
	s.parentOf(rootNode, supervision.Options{Policy: func(child string) supervision.Policy { return s.policies[child] }, Root: s.givenUp})
	s.parentOf(config.NodeHealth, supervision.Options{Policy: func(string) supervision.Policy { return s.symbols }})
	s.parentOf(config.NodeStrategies, supervision.Options{Policy: s.strategyPolicy, Gone: s.gone})
	return s
}

func (s *supervisors) parentOf(node string, o supervision.Options) {
	o.Node, o.Counts, o.Log, o.Rand = node, &s.tree.counts.supervision, s.tree.log, rand.Float64
	o.History, o.Happened, o.Trace = &s.history, s.happened, s.tree.traced
	s.by[node] = supervision.NewStrategy(o)
}

func policyOf(p config.Policy) supervision.Policy {
	scope, _ := supervision.ParseScope(p.Scope) // the configuration was checked
	after, _ := supervision.ParseAfter(p.After)
	return supervision.Policy{Scope: scope, Backoff: backoff(p.Backoff, p.Stable), After: after, ReceiveDeadline: p.ReceiveDeadline,
		Budget: supervision.BudgetConfig{Restarts: p.Budget.Restarts, Window: p.Budget.Window}}
}

func (s *supervisors) strategyPolicy(name string) supervision.Policy {
	if in := s.instance(name); in != nil {
		return in.policy
	}
	return s.all
}

func (s *supervisors) instance(name string) *instance {
	s.tree.mu.Lock()
	defer s.tree.mu.Unlock()
	return s.tree.instances[name]
}

// givenUp ends the tree: a part that it cannot go on without has failed too often.
func (s *supervisors) givenUp(e supervision.Event) {
	if e.Class == supervision.Configuration {
		s.tree.fail(fmt.Errorf("the %s cannot work: %s", e.Child, e.Cause))
		return
	}
	b := s.policies[e.Child].Budget
	s.tree.fail(fmt.Errorf("the %s failed more often than its budget, %d restarts within %v, allows: %s", e.Child, b.Restarts, config.ShowDuration(b.Window), e.Cause))
}

// happened carries what supervision decided to those whom it concerns.
func (s *supervisors) happened(e supervision.Event) {
	if e.Node == config.NodeStrategies {
		if in := s.instance(e.Child); in != nil {
			s.happenedTo(in, e.Kind)
		}
	}
	s.tellWatchers(e)
}

func (s *supervisors) happenedTo(in *instance, kind supervision.Kind) {
	switch kind {
	case supervision.RestartScheduled:
		in.SetState(strategies.Backoff)
	case supervision.Restarted:
		in.Restarts.Inc()
	case supervision.Quarantined:
		in.SetState(strategies.Quarantined)
		in.Q.Close() // from now on it costs nothing: pushed and discarded
		in.Q.Discard()
	case supervision.Stopped:
		s.tree.dismiss(in)
		in.Q.Discard()
		in.SetState(strategies.Stopped) // last: from now on its name may be used again
	}
}

// tellWatchers puts a notice into the queues of the strategies that asked for it. Nobody is
// told of itself: who failed is told by Restarted, and a notice about a failure on a notice
// would be the next failure.
func (s *supervisors) tellWatchers(e supervision.Event) {
	for _, in := range s.tree.list() {
		if in.watches && !(e.Node == config.NodeStrategies && e.Child == in.Name) {
			in.tell(&messages.Supervised{Node: e.Node, Child: e.Child, Kind: string(e.Kind), Class: e.Class.String(), Cause: e.Cause,
				Attempt: e.Attempt, Failures: e.Failures, Delay: e.Delay, Count: e.Count, At: e.At})
		}
	}
}

// gone tells the actor of a strategy that was replaced from the one in its place.
func (s *supervisors) gone(pid *actor.PID) bool {
	name, _, _ := strings.Cut(pid.Id[strings.LastIndexByte(pid.Id, '/')+1:], "~")
	in := s.instance(name)
	return in != nil && (in.GivenUp() || !strings.HasSuffix(pid.Id, "/"+in.ActorName()))
}

func (s *supervisors) stuck(child, cause string) (replace bool) {
	return s.by[config.NodeStrategies].Stuck(child, cause)
}

// flagStuck looks for Receives of the feed's own actors that do not return: nobody can take
// their place, so each is told once, and the feed is not ready as long as it lasts.
func (s *supervisors) flagStuck() {
	for _, name := range config.NodeNames() {
		b := s.busy[name]
		if b == nil {
			continue
		}
		if b.flagged != 0 && b.since.Load() != b.flagged {
			b.flagged = 0
			s.tree.log.Info("a Receive has returned after all", "event", "unstuck", "node", rootNode, "child", name)
		}
		at := b.since.Load()
		if d := b.overdue(); d > 0 && b.flagged == 0 {
			b.flagged = at
			s.by[rootNode].Flag(name, stuckFor(d))
		}
	}
}

func stuckFor(d time.Duration) string {
	return fmt.Sprintf("stuck: Receive has not returned for %v", d.Round(time.Millisecond))
}

// props makes the props of an actor of the feed's own that has no children.
func (s *supervisors) props(p actor.Producer, more ...actor.PropsOption) *actor.Props {
	return actor.PropsFromProducer(p, append(more, s.guard())...)
}

// parent makes the props of an actor that has children.
func (s *supervisors) parent(node string, p actor.Producer, more ...actor.PropsOption) *actor.Props {
	restarts := func(next actor.ReceiverFunc) actor.ReceiverFunc {
		return func(c actor.ReceiverContext, envelope *actor.MessageEnvelope) {
			if _, ok := envelope.Message.(*actor.Restarting); ok {
				s.by[node].ParentRestarts()
			}
			next(c, envelope)
		}
	}
	return s.props(p, append(more, actor.WithSupervisor(s.by[node]), actor.WithReceiverMiddleware(restarts))...)
}

// timed has the Receive of an actor watched whose mailbox is the engine's.
func (s *supervisors) timed(node string) actor.PropsOption {
	return actor.WithReceiverMiddleware(supervision.Timed(&s.busy[node].since))
}

func (s *supervisors) guard() actor.PropsOption {
	return actor.WithReceiverMiddleware(supervision.Guard(func(pid *actor.PID, message, reason any) {
		s.tree.lines.Log(slog.LevelError, "end/"+pid.Id, "an actor failed in its last message", "event", "end_failed", "node", rootNode,
			"actor", pid.Id, "message", fmt.Sprintf("%T", message), "cause", supervision.Cause(reason))
	}))
}

func (s *supervisors) forget(node, child string) { s.by[node].Forget(child) }

func (s *supervisors) close() {
	for _, strategy := range s.by {
		strategy.Close()
	}
}
