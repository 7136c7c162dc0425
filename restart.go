package feedtree

import (
	"fmt"
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/actors/branch"
	"github.com/feedtree/feedtree/actors/strategies"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/supervision"
)

// ResumeStrategy takes an instance out of quarantine: its failures are forgotten, its queue takes
// events again, and a new actor goes on. An unknown name is a *config.Error; an instance that
// is not in quarantine is an error that says what it is.
func (t *Tree) ResumeStrategy(name string) error {
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
	t.supervised.forget(config.NodeStrategies, name)
	if !in.Resume() {
		return fmt.Errorf("strategy %s is not in quarantine but %s", name, in.State()) // it was stopped just now
	}
	t.supervised.by[config.NodeStrategies].ByHand(name, supervision.Resumed)
	t.send(config.NodeStrategies, &branch.Refresh{})
	return nil
}

// RestartStrategy makes an instance's actor anew, by hand: it gets to the end of the message in hand,
// and its successor goes on with the queue. Nothing is lost. One that waits for its restart
// after a failure has it at once. An unknown name is a *config.Error; one that is quarantined,
// starting or stopped cannot be restarted, which is an error that says so.
func (t *Tree) RestartStrategy(name string) error {
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
	pid, ok := t.pids.Load(config.NodeStrategies + "/" + in.ActorName())
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

// replaceIfStuck gives an instance a new actor on the same queue when its Receive has not
// returned for longer than the deadline. The old one cannot be killed; it consumes and
// counts nothing any more, and stops if it ever wakes.
func (t *Tree) replaceIfStuck(in *instance) {
	limit := in.policy.ReceiveDeadline
	if limit == 0 || !t.wantsActor(in) {
		return
	}
	old, _ := t.pids.Load(config.NodeStrategies + "/" + in.ActorName())
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
	if parent, ok := t.pids.Load(config.NodeStrategies); ok && old != nil {
		t.mu.Lock()
		in.zombies = append(in.zombies, zombie{old.(*actor.PID), clock.Mono() - int64(d)})
		t.mu.Unlock()
		supervision.Disown(t.system, parent.(*actor.PID), old.(*actor.PID))
	}
	t.send(config.NodeStrategies, &branch.Refresh{})
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
