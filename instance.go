package feedtree

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/ctxext"

	"github.com/feedtree/feedtree/actors/branch"
	"github.com/feedtree/feedtree/actors/dispatcher"
	"github.com/feedtree/feedtree/actors/strategies"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/internal/mailbox"
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
		percent         atomic.Uint64
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

// Spawn starts an instance while the tree runs. The name of a stopped one may be used again;
// its counters then go on. What the instance's configuration has wrong, a name that is in use
// too, is told as *config.Error; it is an error as well that the tree is stopping.
func (t *Tree) Spawn(s config.Strategy) error {
	typ, ok := t.types[s.Type]
	if !ok {
		return &config.Error{Key: "type", Value: s.Type, Reason: "this program has no such strategy type", Nearest: config.Nearest(s.Type, t.typeNames())}
	}
	if err := t.check(s); err != nil {
		return err
	}
	if err := t.add(withEvents(s, typ)); err != nil {
		return err
	}
	t.send("strategies", &branch.Refresh{})
	return nil
}

// check is the configuration's own check of one strategy that comes later.
func (t *Tree) check(s config.Strategy) error {
	cfg := t.cfg
	cfg.Strategies, cfg.Supervision.Strategies = []config.Strategy{s}, nil
	return cfg.Validate()
}

func (t *Tree) typeNames() (out []string) {
	for name := range t.types {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// add makes an instance and lets it have its topics.
func (t *Tree) add(s config.Strategy) error {
	typ := t.types[s.Type]
	params, err := typ.decode("strategies."+s.Name+".params", s.Params)
	if err != nil {
		return err
	}
	names, err := t.topicsOf(s)
	if err != nil {
		return err
	}
	in := &instance{cfg: s, topics: map[string]bool{}, policy: policyOf(t.cfg.StrategyPolicy(s)), watches: slices.Contains(s.Watch, config.WatchSupervision)}
	q := t.itemQueue(s.Name, s.Name, s.Mailbox.Capacity)
	q.MaxAge = int64(s.Mailbox.MaxAge)
	if s.Mailbox.Overflow == config.Conflate {
		q.Overflow = mailbox.Conflate
	}
	c := strategies.Config{
		Name: s.Name, Type: s.Type, Queue: q,
		New:       func() (actor.Actor, error) { return typ.build(params) },
		Extension: func(mine func() bool) ctxext.ContextExtension { return &Handle{tree: t, in: in, mine: mine} },
		Topic:     t.topics.At,
		Reason:    func(reason any) error { return supervision.Plain(reason, t.secrets.Replace) },
		Poison:    t.poison, Lines: t.lines, Unread: &t.counts.supervision.Unread,
		Paths: t.paths,
	}
	if s.Snapshot {
		c.Snapshot = func() []messages.Notice { return t.snapshots(in) }
	}
	if in.Instance, err = strategies.New(c); err != nil {
		return &config.Error{Key: "strategies." + s.Name + ".mailbox", Reason: err.Error()}
	}
	in.outlet = dispatcher.NewOutlet(s.Name, &t.times, in.Q.Push)
	if before := t.dismissedBefore(s.Name); before != nil {
		t.router.Settle(before.outlet) // its counters are read for the last time
	}
	if err := t.register(in); err != nil {
		return err
	}
	if t.supervised != nil { // else nothing has been supervised yet
		t.supervised.forget("strategies", s.Name) // an earlier one of that name
	}
	t.router.Attach(in.outlet)
	return t.subscribe(in, names)
}

func (t *Tree) register(in *instance) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sealed {
		return errors.New("feedtree: the tree is stopping")
	}
	if old := t.instances[in.Name]; old != nil {
		switch {
		case !old.gone:
			return &config.Error{Key: "name", Value: in.Name, Reason: "a strategy of that name is running"}
		case old.leaving > 0:
			return &config.Error{Key: "name", Value: in.Name, Reason: "a strategy of that name is being stopped: try again when StopStrategy has returned"}
		}
		t.retired[in.Name] = sum(t.retired[in.Name], old.Counts(old.outlet.Matched.Load()))
		in.Times = old.Times
	}
	t.instances[in.Name] = in
	return nil
}

// Resume takes an instance out of quarantine: its failures are forgotten, its queue takes
// events again, and a new actor goes on. An unknown name is a *config.Error; an instance that
// is not in quarantine is an error that says what it is.
func (t *Tree) Resume(name string) error {
	in, err := t.running(name)
	if err != nil {
		return err
	}
	// It is forgotten before it can have an actor: a failure of that one is news. One resumption
	// at a time, else a second one would forget what the first one's actor did.
	in.resuming.Lock()
	defer in.resuming.Unlock()
	if in.State() != strategies.Quarantined {
		return fmt.Errorf("strategy %s is not in quarantine but %s", name, in.State())
	}
	t.supervised.forget("strategies", name)
	if !in.Resume() {
		return fmt.Errorf("strategy %s is not in quarantine but %s", name, in.State()) // it was stopped just now
	}
	t.supervised.by[config.NodeStrategies].ByHand(name, supervision.Resumed)
	t.send("strategies", &branch.Refresh{})
	return nil
}

// Restart makes an instance's actor anew, by hand: it gets to the end of the message in hand,
// and its successor goes on with the queue. Nothing is lost. One that waits for its restart
// after a failure has it at once. An unknown name is a *config.Error; one that is quarantined,
// starting or stopped cannot be restarted, which is an error that says so.
func (t *Tree) Restart(name string) error {
	in, err := t.running(name)
	if err != nil {
		return err
	}
	switch s := in.State(); {
	case s == strategies.Backoff && t.supervised.by[config.NodeStrategies].Hasten(name):
		return nil
	case s == strategies.Quarantined:
		return fmt.Errorf("strategy %s cannot be restarted: it is quarantined; resume it", name)
	case s != strategies.Running:
		return fmt.Errorf("strategy %s cannot be restarted: it is %s", name, s)
	}
	pid, ok := t.pids.Load("strategies/" + in.ActorName())
	if !ok || !in.Renew("restarted by hand") {
		return fmt.Errorf("strategy %s is being started already", name)
	}
	t.supervised.by[config.NodeStrategies].ByHand(name, supervision.Renewed)
	t.system.Root.Stop(pid.(*actor.PID))
	return nil
}

// running finds an instance that was not stopped.
func (t *Tree) running(name string) (*instance, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if in := t.instances[name]; in != nil && !in.gone {
		return in, nil
	}
	names := []string{}
	for n, other := range t.instances {
		if !other.gone {
			names = append(names, n)
		}
	}
	return nil, &config.Error{Key: "name", Value: name, Reason: "no such strategy is running", Nearest: config.Nearest(name, names)}
}

// StopStrategy stops an instance: it is given nothing more, its subscriptions go if nobody
// else wants them, its actor gets to the end of the message in hand, and what waits in its
// queue is counted discarded. An actor that does not return by the end of ctx is abandoned,
// which is an error that wraps ctx.Err(). An unknown name is a *config.Error.
func (t *Tree) StopStrategy(ctx context.Context, name string) error {
	in, err := t.running(name)
	if err != nil {
		return err
	}
	t.leaving(in, 1)
	defer t.leaving(in, -1)
	t.dismiss(in)
	t.send("strategies", &branch.Refresh{})
	select {
	case <-in.Done():
	case <-t.stopped: // whose end has ended it, or found nothing to end
	case <-ctx.Done():
		in.Abandon()
		err = fmt.Errorf("strategy %s did not return and was abandoned: %w", name, ctx.Err())
	}
	in.Q.End()
	in.SetState(strategies.Stopped)
	t.supervised.forget("strategies", name)
	return err
}

// leaving counts who is at the dismissal of an instance or waits for its end: its name, by which
// its topics are wanted, is not free before.
func (t *Tree) leaving(in *instance, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	in.leaving += n
}

// dismiss gives an instance nothing more: its subscriptions go if nobody else wants them.
func (t *Tree) dismiss(in *instance) {
	t.leaving(in, 1)
	defer t.leaving(in, -1)
	t.mu.Lock()
	in.gone = true
	topics := in.list()
	t.mu.Unlock()
	t.router.Detach(in.outlet)
	t.release(in.Name, topics)
	in.Q.Close()
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
		} else if _, is := t.pids.Load("strategies/" + in.ActorName()); !is && t.dismissed(in) {
			in.NoActor()
		}
	}
	slices.SortFunc(out, func(a, b branch.Child) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// dismissedBefore is the earlier strategy of a name that is free again, nil for none.
func (t *Tree) dismissedBefore(name string) *instance {
	t.mu.Lock()
	defer t.mu.Unlock()
	if in := t.instances[name]; in != nil && in.gone {
		return in
	}
	return nil
}

func (t *Tree) dismissed(in *instance) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return in.gone
}

func (t *Tree) wantsActor(in *instance) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !in.gone && in.alive()
}

// replaceIfStuck gives an instance a new actor on the same queue when its Receive has not
// returned for longer than the deadline. The old one cannot be killed; it consumes and
// counts nothing any more, and stops if it ever wakes.
func (t *Tree) replaceIfStuck(in *instance) {
	limit := in.policy.ReceiveDeadline
	if limit == 0 || !t.wantsActor(in) {
		return
	}
	old, _ := t.pids.Load("strategies/" + in.ActorName())
	d, stuck := in.GiveUp(limit, func(cause string) (replace bool) {
		if replace = t.supervised.stuck(in.Name, cause); replace {
			in.Replaced.Inc()
		}
		return replace
	})
	if !stuck {
		return
	}
	if old != nil {
		supervision.StopBelow(t.system, old.(*actor.PID)) // it cannot stop its children itself
	}
	if parent, ok := t.pids.Load("strategies"); ok && old != nil {
		t.mu.Lock()
		in.zombies = append(in.zombies, zombie{old.(*actor.PID), clock.Mono() - int64(d)})
		t.mu.Unlock()
		supervision.Disown(t.system, parent.(*actor.PID), old.(*actor.PID))
	}
	t.send("strategies", &branch.Refresh{})
}

// asleep lists since when replaced actors of the instance have not returned.
func (t *Tree) asleep(in *instance) (since []int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	in.zombies = slices.DeleteFunc(in.zombies, func(z zombie) bool { return !supervision.Exists(t.system, z.pid) })
	for _, z := range in.zombies {
		since = append(since, z.since)
	}
	return since
}

// renew is told that strategies' actors are about to be stopped along with their parent, and
// will come again.
func (t *Tree) renew(actorNames []string) {
	for _, in := range t.list() {
		if slices.Contains(actorNames, in.ActorName()) && t.wantsActor(in) {
			in.Renew("restarted along with the parent of all strategies")
		}
	}
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
	r.percent.Store(uint64(avg * 1e9))
	switch limit := in.cfg.Mailbox.DropWarning; {
	case avg > limit && !r.warned:
		r.warned = true
		log.Warn("a strategy is too slow and loses its oldest events", "event", "strategy_slow", "node", "strategies", "strategy", in.Name,
			"drop_rate", avg, "warning", limit, "queued", c.Queued, "capacity", c.Capacity)
	case avg <= limit/2 && r.warned: // equal to it, too: a limit of 0 could never be passed downwards
		r.warned = false
		log.Info("a strategy has caught up", "event", "strategy_recovered", "node", "strategies", "strategy", in.Name, "dropped", c.Dropped)
	}
}

func (in *instance) dropRate() float64 { return float64(in.rate.percent.Load()) / 1e9 }

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
