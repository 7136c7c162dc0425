package session

import "fmt"

// State is where the session stands.
type State uint8

// The states; the arrows are drawn in the package comment.
const (
	Idle State = iota
	Connecting
	Online
	Waiting
	Draining
	Closing
	Aborting
	Closed
	// The states of a roll-over: a new connection is being made while the old one delivers;
	// it is subscribing; the old one is being closed.
	Rolling
	Passing
	Parting
	// Its ends: the old one is being closed, and the new one is lost, is to be closed next, or
	// both; the session is closing, and an attempt has not noticed yet.
	PartingLost
	PartingStop
	PartingEnd
	ClosingAborting
)

var stateNames = [...]string{"idle", "connecting", "online", "waiting", "draining", "closing", "aborting", "closed",
	"rolling over", "passing topics", "parting", "parting, lost", "parting, stopping", "parting, ending", "closing, aborting"}

func (s State) String() string { return stateNames[s] }

// event is what can happen to a session. Whatever belongs to an older generation is
// filtered out before.
type event uint8

const (
	start     event = iota
	accepted        // the attempt has a connection: CONNACK 0
	failed          // the attempt has none
	refused         // the attempt has none, and no other will: credentials, configuration
	lost            // the connection that owns the topics ended without our asking
	newLost         // the one that is to take over did
	retryDue        // the delay is over
	renewed         // the token was renewed; a new connection should take over with it
	replaced        // the same, but the exchange allows one connection at a time
	passed          // the new connection has what the old one has
	drained         // the orderly close is through
	stalled         // the connection stands, but what it should bring does not come
	stop            // the tree wants an end
	numEvents = iota
)

var eventNames = [...]string{"start", "accepted", "failed", "refused", "lost", "new one lost", "retry due", "renewed", "replaced",
	"passed", "drained", "stalled", "stop"}

func (e event) String() string { return eventNames[e] }

// effect is what the actor must do about a transition, in order.
type effect uint8

const (
	attempt    effect = iota // begin an attempt
	abandon                  // cancel the attempt under way
	countAbort               // the cancelled attempt has ended
	discard                  // close the connection that a cancelled attempt made all the same
	countFail                // the attempt failed by itself
	open                     // give the connection its epoch, tell the gap, subscribe
	drop                     // revoke the generation, tell Disconnected, count it lost
	drain                    // begin the orderly close
	retire                   // the orderly close is through: count it closed, tell Disconnected
	delay                    // wait before the next attempt
	cancel                   // stop waiting
	giveUp                   // report that no attempt can succeed
	finish                   // report the end
	join                     // give the new connection its epoch, open the seam, subscribe
	later                    // try to roll over again after a delay
	fallBack                 // the new connection is gone: the old one goes on
	takeOver                 // the old connection is gone: the new one goes on behind a gap
	part                     // close the old connection in order
	pass                     // the old one is read to its end: count it closed, the new one goes on
)

// next is the session's whole behaviour: one table, no clock, nothing else that changes.
// What a state does not expect changes nothing.
func next(s State, e event) (State, []effect) {
	if s >= Rolling {
		return nextRollOver(s, e)
	}
	switch s {
	case Idle:
		switch e {
		case start:
			return Connecting, []effect{attempt}
		case stop:
			return Closed, []effect{finish}
		}
	case Connecting:
		switch e {
		case accepted:
			return Online, []effect{open}
		case failed:
			return Waiting, []effect{countFail, delay}
		case refused:
			return Closed, []effect{countFail, giveUp, finish}
		case stop:
			return Aborting, []effect{abandon}
		}
	case Aborting:
		switch e {
		case accepted:
			return Closed, []effect{countAbort, discard, finish}
		case failed, refused:
			return Closed, []effect{countAbort, finish}
		}
	case Online:
		switch e {
		case lost, stalled:
			return Waiting, []effect{drop, delay}
		case renewed:
			return Rolling, []effect{attempt}
		case replaced:
			return Draining, []effect{drain}
		case stop:
			return Closing, []effect{drain}
		}
	case Draining:
		switch e {
		case drained:
			return Connecting, []effect{retire, attempt}
		case stop:
			return Closing, nil
		}
	case Closing:
		if e == drained {
			return Closed, []effect{retire, finish}
		}
	case Waiting:
		switch e {
		case retryDue:
			return Connecting, []effect{attempt}
		case stop:
			return Closed, []effect{cancel, finish}
		}
	case Closed:
	default:
		panic(fmt.Sprintf("session: no state %d", s))
	}
	return s, nil
}

// nextRollOver is the part of the table in which there are, or may be, two connections.
func nextRollOver(s State, e event) (State, []effect) {
	switch s {
	case Rolling:
		switch e {
		case accepted:
			return Passing, []effect{join}
		case failed, refused:
			return Online, []effect{countFail, later}
		case lost, stalled:
			return Connecting, []effect{drop} // the attempt under way is the reconnection
		case stop:
			return ClosingAborting, []effect{abandon, drain}
		}
	case ClosingAborting:
		switch e {
		case accepted:
			return Closing, []effect{countAbort, discard}
		case failed, refused:
			return Closing, []effect{countAbort}
		case drained:
			return Aborting, []effect{retire}
		}
	case Passing:
		switch e {
		case passed:
			return Parting, []effect{part}
		case lost:
			return Online, []effect{takeOver}
		case newLost:
			return Online, []effect{fallBack, later}
		case stop:
			return PartingStop, []effect{part}
		}
	case Parting:
		switch e {
		case drained:
			return Online, []effect{pass}
		case newLost:
			return PartingLost, nil
		case stop:
			return PartingStop, nil
		}
	case PartingLost:
		switch e {
		case drained:
			return Waiting, []effect{pass, drop, delay}
		case stop:
			return PartingEnd, nil
		}
	case PartingStop:
		switch e {
		case drained:
			return Closing, []effect{pass, drain}
		case newLost:
			return PartingEnd, nil
		}
	case PartingEnd:
		if e == drained {
			return Closed, []effect{pass, drop, finish}
		}
	default:
		panic(fmt.Sprintf("session: no state %d", s))
	}
	return s, nil
}
