package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/test/sandbox"
)

// moment is the tree and the exchange, read one after the other.
type moment struct {
	tree     *ledger.Snapshot
	exchange sandbox.Stats
}

// busy says why the tree is not quiet yet, or no ledger exact yet, "" when all is well. A
// count that was lost keeps it busy for ever.
func busy(s *ledger.Snapshot, before *ledger.Snapshot) string {
	var why []string
	for _, name := range slices.Sorted(maps.Keys(s.Ledgers)) {
		if !s.Ledgers[name] {
			why = append(why, name+" does not balance")
		}
	}
	if n := s.Feed.Queued; n > 0 {
		why = append(why, fmt.Sprintf("%d raw messages are queued", n))
	}
	if n := s.Dispatcher.Queued; n > 0 {
		why = append(why, fmt.Sprintf("%d events are queued at the dispatcher", n))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Strategies)) {
		if n := s.Strategies[name].Queued; n > 0 {
			why = append(why, fmt.Sprintf("%d events are queued at %s", n, name))
		}
	}
	if s.Supervision.Pending != 0 {
		why = append(why, fmt.Sprintf("%d restarts are pending", s.Supervision.Pending))
	}
	if before == nil || s.Feed.Received != before.Feed.Received {
		why = append(why, "messages still arrive")
	}
	return strings.Join(why, ", ")
}

// wireOK holds what was received to what was written: never more, and since the last quiet
// moment exactly as much if no connection was lost and no link swallowed or was cut short.
func wireOK(before, now moment, exact bool) error {
	received, written := now.tree.Feed.Received, now.exchange.Delivered
	if received > written {
		return fmt.Errorf("received %d messages, but the exchange wrote %d", received, written)
	}
	if !exact || before.tree == nil || now.tree.Connection.Lost != before.tree.Connection.Lost {
		return nil
	}
	received, written = received-before.tree.Feed.Received, written-before.exchange.Delivered
	if received != written {
		return fmt.Errorf("no connection was lost, but of %d messages written %d were received", written, received)
	}
	return nil
}

// subscribed holds what the broker has to what is wanted, and names what is missing.
func subscribed(stats sandbox.Stats, wanted []string) (missing []string, err error) {
	for _, t := range wanted {
		if stats.Subscriptions[t] == 0 {
			missing = append(missing, t)
		}
	}
	more := 0
	for t, n := range stats.Subscriptions {
		if strings.HasPrefix(t, "$sys/") {
			continue
		}
		if n != 1 {
			err = fmt.Errorf("%s is subscribed to by %d connections", t, n)
		}
		if !slices.Contains(wanted, t) {
			more++
		}
	}
	if more > 0 {
		err = fmt.Errorf("%d topics are subscribed to that nobody wants", more)
	}
	return missing, err
}

// seenAll holds what the strategies saw to what was counted for them.
func seenAll(c *cast, s *ledger.Snapshot) (wrong []string) {
	for name, counts := range s.Strategies {
		events, _ := c.journal(name).Seen()
		least, most := counts.Delivered+counts.Failed, counts.Delivered+counts.Failed
		if counts.Replaced+counts.Restarts > 0 || name == guest {
			most += counts.Discarded // an actor that was given up had one in hand
		}
		if events < least || events > most {
			wrong = append(wrong, fmt.Sprintf("%s saw %d events, %d were counted delivered and %d failed", name, events, counts.Delivered, counts.Failed))
		}
	}
	all := c.journal(recorder)
	if counts := s.Strategies[recorder]; counts.Delivered != counts.Matched {
		wrong = append(wrong, fmt.Sprintf("of %d events the recorder was given %d", counts.Matched, counts.Delivered))
	}
	if topics := all.Differs(c.journal(conflating)); len(topics) > 0 {
		wrong = append(wrong, fmt.Sprintf("the conflating strategy has not the newest of %d topics, %s among them", len(topics), topics[0]))
	}
	_, newest := all.Seen()
	if _, at := c.journal(slow).Seen(); at != newest {
		wrong = append(wrong, fmt.Sprintf("the slow strategy's last event is number %d of epoch %d, not %d of %d", at.Seq, at.Epoch, newest.Seq, newest.Epoch))
	}
	slices.Sort(wrong)
	return wrong
}
