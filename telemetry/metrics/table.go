package metrics

import (
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/feedtree/feedtree/telemetry/measure"
	n "github.com/feedtree/feedtree/telemetry/names"
)

// kind chooses the instrument.
type kind uint8

const (
	counter kind = iota // whole numbers that only grow
	gauge               // whole numbers
	level               // fractions: seconds, ratios
)

// put reports one value under its labels.
type put func(value float64, labels ...attribute.KeyValue)

// entry is one row of the table: what it is called and where its values come from.
type entry struct {
	name string
	kind kind
	unit string
	help string
	read func(r *measure.Reading, put put)
}

// table is every metric but the distributions.
func table() []entry {
	return slices.Concat(feed(), dispatcher(), strategies(), queues(), connection(), session(), supervision(), health(), process())
}

func feed() []entry {
	return []entry{
		{n.FeedReceived, counter, "{message}", "PUBLISH packets read, but for those on $sys topics", func(r *measure.Reading, put put) {
			put(float64(r.Ledger.Feed.Received))
		}},
		{n.FeedMessages, counter, "{message}", "how received messages ended, but for refused payloads", func(r *measure.Reading, put put) {
			f := &r.Ledger.Feed
			by(put, n.Outcome, map[string]uint64{"decoded": f.Decoded, "unknown_topic": f.UnknownTopic, "oversized": f.Oversized,
				"stale": f.Stale, "superseded": f.Superseded, "dropped": f.Dropped, "discarded": f.Discarded})
		}},
		{n.FeedDecodeErrors, counter, "{message}", "payloads refused", func(r *measure.Reading, put put) {
			by(put, n.ErrorType, r.Ledger.Feed.DecodeErrors)
		}},
		{n.FeedSystem, counter, "{message}", "PUBLISH packets on $sys topics", func(r *measure.Reading, put put) {
			put(float64(r.Ledger.Feed.System))
		}},
		{n.FeedUndecided, counter, "{message}", "messages that a roll-over may have delivered twice", func(r *measure.Reading, put put) {
			put(float64(r.Ledger.Feed.Undecided))
		}},
	}
}

func dispatcher() []entry {
	return []entry{
		{n.DispatcherPushed, counter, "{event}", "events handed to the dispatcher's queue", func(r *measure.Reading, put put) {
			put(float64(r.Ledger.Dispatcher.Pushed))
		}},
		{n.DispatcherEvents, counter, "{event}", "how they ended", func(r *measure.Reading, put put) {
			d := &r.Ledger.Dispatcher
			by(put, n.Outcome, map[string]uint64{"dispatched": d.Dispatched, "dropped": d.Dropped, "failed": d.Failed, "discarded": d.Discarded})
		}},
		{n.DispatcherMatched, counter, "{event}", "events times the strategies that each was matched to", func(r *measure.Reading, put put) {
			put(float64(r.Ledger.Dispatcher.Matched))
		}},
		{n.DispatcherUnmatched, counter, "{event}", "events that no strategy wanted", func(r *measure.Reading, put put) {
			put(float64(r.Ledger.Dispatcher.Unmatched))
		}},
	}
}

func connection() []entry {
	one := func(name, unit, help string, k kind, value func(r *measure.Reading) float64) entry {
		return entry{name, k, unit, help, func(r *measure.Reading, put put) { put(value(r)) }}
	}
	return []entry{
		one(n.ConnectionAttempts, "{attempt}", "attempts to connect", counter, func(r *measure.Reading) float64 { return float64(r.Ledger.Connection.Attempts) }),
		one(n.ConnectionConnected, "{connection}", "connections accepted", counter, func(r *measure.Reading) float64 { return float64(r.Ledger.Connection.Connected) }),
		{n.ConnectionFailed, counter, "{attempt}", "attempts that failed", func(r *measure.Reading, put put) {
			by(put, n.ErrorType, r.Ledger.Connection.Failed)
		}},
		one(n.ConnectionAborted, "{attempt}", "attempts given up before an outcome", counter, func(r *measure.Reading) float64 { return float64(r.Ledger.Connection.Aborted) }),
		one(n.ConnectionPending, "{attempt}", "attempts under way", gauge, func(r *measure.Reading) float64 { return float64(r.Ledger.Connection.Pending) }),
		one(n.ConnectionLost, "{connection}", "connections that ended without our asking", counter, func(r *measure.Reading) float64 { return float64(r.Ledger.Connection.Lost) }),
		one(n.ConnectionClosed, "{connection}", "connections that we ended", counter, func(r *measure.Reading) float64 { return float64(r.Ledger.Connection.Closed) }),
		one(n.ConnectionOpen, "{connection}", "connections that stand", gauge, func(r *measure.Reading) float64 { return float64(r.Ledger.Connection.Open) }),
		one(n.ConnectionReconnects, "{connection}", "connections accepted after the first, roll-overs not counted", counter, func(r *measure.Reading) float64 { return float64(r.Ledger.Connection.Reconnects) }),
		one(n.ConnectionRollovers, "{connection}", "connections accepted to take over from a standing one", counter, func(r *measure.Reading) float64 { return float64(r.Ledger.Connection.Rollovers) }),
		{n.ConnectionViolations, counter, "{packet}", "packets that no broker may send", func(r *measure.Reading, put put) {
			by(put, n.ErrorType, r.Ledger.Connection.Violations)
		}},
	}
}

func supervision() []entry {
	return []entry{
		{n.SupervisionFailures, counter, "{failure}", "failures of actors", func(r *measure.Reading, put put) {
			put(float64(r.Ledger.Supervision.Failures))
		}},
		{n.SupervisionDecisions, counter, "{failure}", "what was decided about each failure", func(r *measure.Reading, put put) {
			s := &r.Ledger.Supervision
			by(put, n.Decision, map[string]uint64{"restart": s.Restarts, "replace": s.Replaced, "quarantine": s.Quarantined,
				"stop": s.Stopped, "escalate": s.Escalated, "abandon": s.Abandoned})
		}},
		{n.SupervisionPending, gauge, "{failure}", "restarts that wait for their delay", func(r *measure.Reading, put put) {
			put(float64(r.Ledger.Supervision.Pending))
		}},
		{n.SupervisionRestarts, counter, "{restart}", "restarts of the feed's own parts after a failure", func(r *measure.Reading, put put) {
			by(put, n.Part, r.Restarts)
		}},
		{n.SupervisionSiblings, counter, "{restart}", "restarts because of a sibling's failure", func(r *measure.Reading, put put) {
			put(float64(r.Ledger.Supervision.Siblings))
		}},
		{n.SupervisionManual, counter, "{restart}", "restarts and resumptions by hand", func(r *measure.Reading, put put) {
			put(float64(r.Ledger.Supervision.Manual))
		}},
		{n.SupervisionSetAside, counter, "{message}", "bad messages that an actor panicked on and went on from", func(r *measure.Reading, put put) {
			put(float64(r.Ledger.Supervision.SetAside))
		}},
		{n.SupervisionStuck, counter, "{receive}", "Receives of the feed's own actors that did not return in time", func(r *measure.Reading, put put) {
			put(float64(r.Ledger.Supervision.Stuck))
		}},
		{n.SupervisionUnread, counter, "{message}", "messages sent to an actor that its end left unread", func(r *measure.Reading, put put) {
			put(float64(r.Ledger.Supervision.Unread))
		}},
	}
}

// by reports one value for each class.
func by(put put, key string, values map[string]uint64) {
	for class, v := range values {
		put(float64(v), attribute.String(key, class))
	}
}

// oneOf reports 1 for the state that is and 0 for the others. A state that is none of the
// known ones is reported, too: hiding it would hide a mistake.
func oneOf(put put, is string, states []string, labels ...attribute.KeyValue) {
	for _, s := range states {
		put(truth(s == is), append(slices.Clone(labels), attribute.String(n.State, s))...)
	}
	if is != "" && !slices.Contains(states, is) {
		put(1, append(slices.Clone(labels), attribute.String(n.State, strings.ToLower(is)))...)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
