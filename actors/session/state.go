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
)

var stateNames = [...]string{"idle", "connecting", "online", "waiting", "draining", "closing", "aborting", "closed"}

func (s State) String() string { return stateNames[s] }

// event is what can happen to a session. Whatever belongs to an older generation is
// filtered out before.
type event uint8

const (
	start     event = iota
	accepted        // the attempt has a connection: CONNACK 0
	failed          // the attempt has none
	refused         // the attempt has none, and no other will: credentials, configuration
	lost            // the connection ended without our asking
	retryDue        // the delay is over
	renewed         // the token was renewed; the connection should begin anew with it
	drained         // the orderly close is through
	stop            // the tree wants an end
	numEvents = iota
)

var eventNames = [...]string{"start", "accepted", "failed", "refused", "lost", "retry due", "renewed", "drained", "stop"}

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
	retire                   // the orderly close is through: count it closed
	delay                    // wait before the next attempt
	cancel                   // stop waiting
	giveUp                   // report that no attempt can succeed
	finish                   // report the end
)

// next is the session's whole behaviour: one table, no clock, nothing else that changes.
// What a state does not expect changes nothing.
func next(s State, e event) (State, []effect) {
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
		case lost:
			return Waiting, []effect{drop, delay}
		case renewed:
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
