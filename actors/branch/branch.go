// Package branch holds the actor whose only work is to have children: the feed's root and
// the parent of the strategies.
//
// Receives: Refresh when the set of its children changed. Emits: nothing. Owns: nothing;
// which children there should be is told by a function of the tree, so a restart of the
// branch spawns them anew. The engine stops the children of an actor that restarts; which
// these are is told first.
// Overflow: its mailbox holds control messages only, one for each change.
package branch

import (
	"maps"
	"slices"

	"github.com/asynkron/protoactor-go/actor"
)

// Child is one actor that the branch should have.
type Child struct {
	Name  string
	Props *actor.Props
}

// Refresh asks the branch to bring its children in line with what the tree wants.
type Refresh struct{}

// Deps are what a branch works with.
type Deps struct {
	// Children lists the wanted children in order. A child that stopped by itself is not
	// spawned again as long as Children does not list it.
	Children func() []Child
	// Spawned and Ended are told of each child; they must not block. Either may be nil.
	Spawned func(name string, pid *actor.PID)
	Ended   func(name string)
	// Restarting is told which children are about to be stopped and to come again, because the
	// branch itself is restarted. It must not block; it may be nil.
	Restarting func(names []string)
}

// Branch is the actor.
type Branch struct {
	d      Deps
	kids   map[string]*actor.PID
	ending bool // its own end takes the children along: they are not to come back
}

// Producer gives the function that makes the actor anew at each start.
func Producer(d Deps) actor.Producer {
	return func() actor.Actor { return &Branch{d: d, kids: map[string]*actor.PID{}} }
}

// Receive implements actor.Actor.
func (b *Branch) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started, *Refresh:
		b.refresh(ctx)
	case *actor.Terminated:
		b.onTerminated(ctx, m)
	case *actor.Restarting:
		b.onRestarting()
	case *actor.Stopping:
		b.ending = true
	}
}

func (b *Branch) onRestarting() {
	b.ending = true
	if b.d.Restarting != nil {
		b.d.Restarting(slices.Sorted(maps.Keys(b.kids)))
	}
}

func (b *Branch) refresh(ctx actor.Context) {
	if b.ending {
		return
	}
	wanted := map[string]bool{}
	for _, c := range b.d.Children() {
		wanted[c.Name] = true
		if b.kids[c.Name] != nil {
			continue
		}
		pid, err := ctx.SpawnNamed(c.Props, c.Name)
		if err != nil {
			continue // its namesake is still ending: its Terminated brings us back here
		}
		b.kids[c.Name] = pid
		if b.d.Spawned != nil {
			b.d.Spawned(c.Name, pid)
		}
	}
	for name, pid := range b.kids {
		if !wanted[name] {
			ctx.Stop(pid)
		}
	}
}

func (b *Branch) onTerminated(ctx actor.Context, m *actor.Terminated) {
	for name, pid := range b.kids {
		if pid.Equal(m.Who) {
			delete(b.kids, name)
			if b.d.Ended != nil {
				b.d.Ended(name)
			}
		}
	}
	b.refresh(ctx)
}
