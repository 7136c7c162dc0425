package feedtree

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/ctxext"

	"github.com/feedtree/feedtree/actors/branch"
	"github.com/feedtree/feedtree/actors/dispatcher"
	"github.com/feedtree/feedtree/actors/strategies"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/mailbox"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/supervision"
)

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
	t.send(config.NodeStrategies, &branch.Refresh{})
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
		t.supervised.forget(config.NodeStrategies, s.Name) // an earlier one of that name
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
	t.send(config.NodeStrategies, &branch.Refresh{})
	select {
	case <-in.Done():
	case <-t.stopped: // whose end has ended it, or found nothing to end
	case <-ctx.Done():
		in.Abandon()
		err = fmt.Errorf("strategy %s did not return and was abandoned: %w", name, ctx.Err())
	}
	in.Q.End()
	in.SetState(strategies.Stopped)
	t.supervised.forget(config.NodeStrategies, name)
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
