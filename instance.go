package feedtree

import (
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/actors/branch"
	"github.com/feedtree/feedtree/actors/dispatcher"
	"github.com/feedtree/feedtree/actors/strategies"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/supervision"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// instance is a strategy of the tree with all that outlives its actor.
type instance struct {
	*strategies.Instance
	cfg     config.Strategy
	policy  supervision.Policy
	watches bool // is told what happens to the tree's actors
	outlet  *dispatcher.Outlet
	topics  map[string]bool // guarded by Tree.mu
	gone    bool            // stopped; guarded by Tree.mu
	leaving int             // who is at its dismissal or waits for its end; guarded by Tree.mu
	zombies []zombie        // guarded by Tree.mu

	resuming sync.Mutex
	rate     struct {
		pushed, dropped uint64 // at the last sample; the watcher's alone
		billionths      atomic.Uint64
		warned          bool
	}
}

// zombie is an actor that was replaced because its Receive did not return.
type zombie struct {
	pid   *actor.PID
	since int64 // clock.Mono at which that Receive began
}

// tell puts a notice into the instance's queue.
func (in *instance) tell(n messages.Notice) {
	in.Q.Push([]flow.Item{flow.Notice(n, clock.Mono())})
}

// alive reports whether somebody reads the instance's queue, or will again.
func (in *instance) alive() bool {
	s := in.State()
	return s != strategies.Stopped && s != strategies.Quarantined
}

// list gives the instance's topics; Tree.mu must be held.
func (in *instance) list() (out []string) {
	for name := range in.topics {
		out = append(out, name)
	}
	return out
}

// strategyChildren is what the branch "strategies" should have. It runs on the branch's
// goroutine, which alone makes their actors and is told of their ends.
func (t *Tree) strategyChildren() (out []branch.Child) {
	for _, in := range t.list() {
		if t.wantsActor(in) {
			out = append(out, branch.Child{Name: in.ActorName(), Props: in.Props()})
		} else if _, is := t.pids.Load(config.NodeStrategies + "/" + in.ActorName()); !is && t.dismissed(in) {
			in.NoActor()
		}
	}
	slices.SortFunc(out, func(a, b branch.Child) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (t *Tree) wantsActor(in *instance) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !in.gone && in.alive()
}

// snapshots lists the last known books and infos of an instance's topics.
func (t *Tree) snapshots(in *instance) (out []messages.Notice) {
	t.mu.Lock()
	names := in.list()
	t.mu.Unlock()
	slices.Sort(names)
	for _, name := range names {
		tp := t.topics.Lookup([]byte(name))
		if tp == nil {
			continue
		}
		if e, _ := t.latest.Get(tp.Index); e != nil {
			out = append(out, &messages.Snapshot{Event: e})
		}
	}
	return out
}

// sample updates the instance's drop rate, an average that forgets half of the past in ten
// seconds, and says on the edges when it passes the configured warning.
func (in *instance) sample(log *slog.Logger) {
	c := in.Q.Counts()
	r := &in.rate
	pushed, dropped := c.Pushed-r.pushed, c.Dropped-r.dropped
	r.pushed, r.dropped = c.Pushed, c.Dropped
	now := 0.0
	if pushed > 0 {
		now = float64(dropped) / float64(pushed)
	}
	const keep = 0.933 // 2^(-1/10)
	avg := keep*in.dropRate() + (1-keep)*now
	r.billionths.Store(uint64(avg * 1e9))
	switch limit := in.cfg.Mailbox.DropWarning; {
	case avg > limit && !r.warned:
		r.warned = true
		log.Warn("a strategy is too slow and loses its oldest events", "event", "strategy_slow", "node", config.NodeStrategies, "strategy", in.Name,
			"drop_rate", avg, "warning", limit, "queued", c.Queued, "capacity", c.Capacity)
	case avg <= limit/2 && r.warned: // equal to it, too: a limit of 0 could never be passed downwards
		r.warned = false
		log.Info("a strategy has caught up", "event", "strategy_recovered", "node", config.NodeStrategies, "strategy", in.Name, "dropped", c.Dropped)
	}
}

func (in *instance) dropRate() float64 { return float64(in.rate.billionths.Load()) / 1e9 }

// sum adds the counters of an earlier strategy of the same name.
func sum(a, b ledger.Strategy) ledger.Strategy {
	b.Matched += a.Matched
	b.Pushed += a.Pushed
	b.Delivered += a.Delivered
	b.Failed += a.Failed
	b.Dropped += a.Dropped
	b.Conflated += a.Conflated
	b.Expired += a.Expired
	b.Queued += a.Queued
	b.Discarded += a.Discarded
	b.Notices += a.Notices
	b.Restarts += a.Restarts
	b.Replaced += a.Replaced
	b.Replayed += a.Replayed
	b.Ignored += a.Ignored
	return b
}
