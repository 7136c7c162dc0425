package supervision

import (
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/internal/clock"
)

// NewSystem makes an actor system that says nothing on its own: its log lines would hold
// failures' reasons in full, and its dead letters are what the mailboxes count.
func NewSystem() *actor.ActorSystem {
	return actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }),
		actor.WithDeadLetterRequestLogging(false),
		// A first dead letter starts a goroutine that lives for this long, a stop or not.
		actor.WithDeadLetterThrottleInterval(time.Millisecond),
	)
}

// Sender is what Send needs of a context.
type Sender interface{ Send(*actor.PID, any) }

// Send sends a message and reports whether there was anyone to send it to: the engine spins
// a core for ever on a nil PID.
func Send(ctx Sender, pid *actor.PID, message any) bool {
	if pid == nil {
		return false
	}
	ctx.Send(pid, message)
	return true
}

// StopBelow stops everything below an actor that cannot do so itself because it does not
// return. The engine gives no other way to its children than the registry of all actors.
func StopBelow(system *actor.ActorSystem, pid *actor.PID) {
	for _, bucket := range system.ProcessRegistry.LocalPIDs.LocalPIDs {
		for _, id := range bucket.Keys() {
			if strings.HasPrefix(id, pid.Id+"/") {
				system.Root.Stop(system.NewLocalPID(id))
			}
		}
	}
}

// StopTree stops a root actor with all below it, then the system. An actor that does not
// return within the deadline is abandoned, which false tells. It must be called once.
func StopTree(system *actor.ActorSystem, root *actor.PID, deadline time.Duration) bool {
	defer system.Shutdown()
	if root == nil {
		return true
	}
	stopped := make(chan struct{})
	f := system.Root.StopFuture(root)
	go func() {
		f.Wait()
		close(stopped)
	}()
	over := time.NewTimer(deadline)
	defer over.Stop()
	select {
	case <-stopped:
		return true
	case <-over.C:
		return false
	}
}

// Disown parts a child that does not return from its parent, which could neither restart nor
// stop before the child did: the parent is told that the child has ended. The child stops when
// it wakes.
func Disown(system *actor.ActorSystem, parent, child *actor.PID) {
	system.Root.Stop(child)
	if p, ok := system.ProcessRegistry.GetLocal(parent.Id); ok {
		p.SendSystemMessage(parent, &actor.Terminated{Who: child})
	}
}

// Exists reports whether an actor has not ended yet.
func Exists(system *actor.ActorSystem, pid *actor.PID) bool {
	_, ok := system.ProcessRegistry.GetLocal(pid.Id)
	return ok
}

// Timed is receiver middleware that keeps in since when the Receive in progress began, a
// clock.Mono, 0 when idle.
func Timed(since *atomic.Int64) actor.ReceiverMiddleware {
	return func(next actor.ReceiverFunc) actor.ReceiverFunc {
		return func(c actor.ReceiverContext, envelope *actor.MessageEnvelope) {
			since.Store(clock.Mono())
			defer since.Store(0)
			next(c, envelope)
		}
	}
}

// Guard is receiver middleware for an actor of the tree: a panic in the last messages of its
// life would resurrect it, hide its end from its parent, or loop, so it is caught there and
// told to caught. Every other panic passes.
func Guard(caught func(pid *actor.PID, message, reason any)) actor.ReceiverMiddleware {
	return func(next actor.ReceiverFunc) actor.ReceiverFunc {
		return func(c actor.ReceiverContext, envelope *actor.MessageEnvelope) {
			switch envelope.Message.(type) {
			case *actor.Stopping, *actor.Stopped, *actor.Restarting:
				defer func() {
					if reason := recover(); reason != nil {
						caught(c.Self(), envelope.Message, reason)
					}
				}()
			}
			next(c, envelope)
		}
	}
}
