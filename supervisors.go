package feedtree

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/actors/branch"
	"github.com/feedtree/feedtree/actors/strategies"
	"github.com/feedtree/feedtree/supervision"
)

// supervisors are the tree's supervision strategies, one for each actor that has children.
type supervisors struct {
	tree  *Tree
	nodes []branch.Child // the root's children
	by    map[string]*supervision.Strategy
}

func newSupervisors(t *Tree) *supervisors {
	s := &supervisors{tree: t, by: map[string]*supervision.Strategy{}}
	c := t.cfg.Supervision
	policy := supervision.Policy{Backoff: backoff(c.Backoff, c.Stable),
		Budget: supervision.BudgetConfig{Restarts: c.Budget.Restarts, Window: c.Budget.Window}}
	for _, node := range []string{"feed", "health", "strategies"} {
		p := policy
		if node == "strategies" {
			p.After = supervision.Quarantine // one failure stays one failure
		}
		o := supervision.Options{
			Node: node, Policy: func(string) supervision.Policy { return p }, Counts: &t.counts.supervision,
			Log: t.log, Rand: rand.Float64, Happened: s.happened,
		}
		if node == "feed" {
			o.Root = func(e supervision.Event) {
				t.fail(fmt.Errorf("the %s failed %d times within %v and was given up: %s", e.Child, c.Budget.Restarts+1, c.Budget.Window, e.Cause))
			}
		}
		if node == "strategies" {
			o.Gone = s.gone
		}
		s.by[node] = supervision.NewStrategy(o)
	}
	return s
}

// happened carries what supervision decided about a strategy to the instance.
func (s *supervisors) happened(e supervision.Event) {
	if e.Node != "strategies" {
		return
	}
	s.tree.mu.Lock()
	in := s.tree.instances[e.Child]
	s.tree.mu.Unlock()
	if in == nil {
		return
	}
	switch e.Kind {
	case "restart_scheduled":
		in.SetState(strategies.Backoff)
	case "restarted":
		in.Restarts.Inc()
	case "quarantined", "stopped":
		in.SetState(strategies.Quarantined)
		in.Q.Close() // from now on it costs nothing: pushed and discarded
		in.Q.Discard()
	}
}

// gone tells the actor of a strategy that was replaced from the one in its place.
func (s *supervisors) gone(pid *actor.PID) bool {
	name, _, _ := strings.Cut(pid.Id[strings.LastIndexByte(pid.Id, '/')+1:], "~")
	s.tree.mu.Lock()
	defer s.tree.mu.Unlock()
	in := s.tree.instances[name]
	return in != nil && !strings.HasSuffix(pid.Id, "/"+in.ActorName())
}

func (s *supervisors) stuck(child, cause string) (replace bool) {
	return s.by["strategies"].Stuck(child, cause)
}

// props makes the props of an actor without children.
func (s *supervisors) props(p actor.Producer, more ...actor.PropsOption) *actor.Props {
	return actor.PropsFromProducer(p, append(more, s.guard())...)
}

// parent makes the props of an actor that has children.
func (s *supervisors) parent(node string, p actor.Producer) *actor.Props {
	return actor.PropsFromProducer(p, actor.WithSupervisor(s.by[node]), s.guard())
}

func (s *supervisors) guard() actor.PropsOption {
	return actor.WithReceiverMiddleware(supervision.Guard(func(pid *actor.PID, message, reason any) {
		s.tree.lines.Log(slog.LevelError, "end/"+pid.Id, "an actor failed in its last message", "event", "end_failed",
			"actor", pid.Id, "message", fmt.Sprintf("%T", message), "cause", supervision.Cause(reason))
	}))
}

func (s *supervisors) forget(node, child string) { s.by[node].Forget(child) }

func (s *supervisors) close() {
	for _, strategy := range s.by {
		strategy.Close()
	}
}

// describe adds to a node what its parent's supervision knows of it.
func (s *supervisors) describe(parent string, n *Node) {
	st := s.by[parent].Status(n.Name)
	n.State, n.Restarts, n.LastCause = st.State, st.Restarts, st.Cause
}
