package supervision

import (
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"
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
