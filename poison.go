package feedtree

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/actors/strategies"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/internal/poison"
	"github.com/feedtree/feedtree/messages"
)

// PoisonEntry is a message that could not be worked on: a payload that failed to decode, with
// its exact bytes, or an event that a strategy failed on, re-encoded, with the stack. An
// order's topic is redacted, its payload is not.
type PoisonEntry = poison.Entry

// ErrNotKept is returned for the number of a message that is not kept, or not any more.
var ErrNotKept = errors.New("feedtree: no such message is kept")

// Poison lists what is kept, oldest first, at most what poison.entries and poison.bytes allow.
func (t *Tree) Poison() []PoisonEntry { return t.poison.List() }

// Outcome says what came of a replay.
type Outcome string

// The outcomes. Only Delivered takes the message out of what is kept; what Failed again is
// kept anew, with the new cause, in place of the old.
const (
	Delivered   Outcome = "delivered"   // the strategy's Receive returned
	Failed      Outcome = "failed"      // the strategy failed on it again
	Decoded     Outcome = "decoded"     // a payload that had failed to decode does decode now; nobody was given it
	Undecodable Outcome = "undecodable" // the payload does not decode
	Unreachable Outcome = "unreachable" // the strategy is gone, in quarantine, or did not get to it in time
)

// Replayed is the report of a replay.
type Replayed struct {
	ID       uint64          `json:"id"`
	Outcome  Outcome         `json:"outcome"`
	Strategy string          `json:"strategy,omitempty"` // who was to be given it
	Class    string          `json:"class,omitempty"`    // of the failure
	Cause    string          `json:"cause,omitempty"`
	Kept     uint64          `json:"kept,omitempty"`  // the number that the failure is kept under
	Event    json.RawMessage `json:"event,omitempty"` // with Decoded
}

// Replay works on a kept message once more: its bytes are decoded, and the event is handed to
// the strategy that failed on it, or to the one that to names. It comes between two events of
// that strategy's queue, out of its order and outside the queue's counts: it is counted
// replayed. A failure on it is a failure like any other. A payload that had failed to decode
// is handed to nobody unless to says so.
//
// It returns when Receive has, or at the end of ctx: a replay that no Receive has begun with
// by then is withdrawn. Replays are carried out one after the other. The error is ErrNotKept.
func (t *Tree) Replay(ctx context.Context, id uint64, to string) (Replayed, error) {
	t.replaying.Lock()
	defer t.replaying.Unlock()
	kept, ok := t.poison.Get(id)
	if !ok {
		return Replayed{}, fmt.Errorf("%w: %d", ErrNotKept, id)
	}
	r := Replayed{ID: id, Strategy: to}
	if name, ok := kept.Strategy(); ok && to == "" {
		r.Strategy = name
	}
	e, err := decodeAgain(&kept)
	switch {
	case err != nil:
		r.Outcome, r.Class, r.Cause = Undecodable, string(codec.ClassName(err)), err.Error()
	case r.Strategy == "":
		r.Outcome, r.Event = Decoded, e.AppendJSON(nil)
	default:
		t.handAgain(ctx, &r, strategies.NewReplay(e, kept.Of.Index))
	}
	if r.Outcome == Delivered || r.Outcome == Failed {
		t.poison.Remove(id)
	}
	return r, nil
}

// decodeAgain decodes a kept message; a payload that made the decoder panic may do so again.
func decodeAgain(kept *poison.Entry) (e messages.Event, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the decoder panicked on this payload")
		}
	}()
	if kept.Of == nil {
		return nil, fmt.Errorf("its topic, %s, is none that anybody subscribed", kept.Topic)
	}
	return codec.Decode(kept.Of, kept.Payload, messages.Meta{Epoch: kept.Epoch, Seq: kept.Seq, Wall: kept.At.UnixNano(), Mono: kept.Mono})
}

// actorOf finds an instance's actor, and waits for one that is being made; nil if there will
// be none, or none by the end of ctx.
func (t *Tree) actorOf(ctx context.Context, in *instance) *actor.PID {
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for t.wantsActor(in) {
		if pid, ok := t.pids.Load(config.NodeStrategies + "/" + in.ActorName()); ok {
			return pid.(*actor.PID)
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// handAgain gives a replay to the strategy that r names and waits for what comes of it.
func (t *Tree) handAgain(ctx context.Context, r *Replayed, again *strategies.Replay) {
	unreachable := func(why string) { r.Outcome, r.Cause = Unreachable, why }
	in, err := t.running(r.Strategy)
	if err != nil {
		unreachable(err.Error())
		return
	}
	pid := t.actorOf(ctx, in)
	if pid == nil {
		unreachable("it is " + in.State().String())
		return
	}
	t.system.Root.Send(pid, again)
	var v strategies.Verdict
	select {
	case v = <-again.Done():
	case <-ctx.Done():
		if again.Withdraw() {
			unreachable("it did not get to it in time: it is " + in.State().String())
			return
		}
		unreachable("it has not returned from it in time")
		return
	}
	if r.Outcome, r.Class, r.Cause, r.Kept = Delivered, v.Class, v.Cause, v.Kept; v.Class != "" {
		r.Outcome = Failed
	}
}
