package metrics

import (
	"go.opentelemetry.io/otel/attribute"

	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/telemetry/measure"
	n "github.com/feedtree/feedtree/telemetry/names"
)

// consumer are the attributes of OpenTelemetry's messaging conventions for a strategy.
func consumer(strategy string) []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String(n.MessagingSystem, "mqtt"), attribute.String(n.MessagingOperation, "process"),
		attribute.String(n.MessagingConsumerGroup, strategy)}
}

var strategyStates = []string{"starting", "running", "backoff", "quarantined", "stopped"}

func strategies() []entry {
	// counted is a term of L2b.
	counted := func(name, unit, help string, value func(s *ledger.Strategy) uint64) entry {
		return entry{name, counter, unit, help, func(r *measure.Reading, put put) {
			for strategy, s := range r.Ledger.Strategies {
				put(float64(value(&s)), attribute.String(n.Strategy, strategy))
			}
		}}
	}
	measured := func(name, unit, help string, value func(s *measure.Strategy) (float64, bool)) entry {
		return entry{name, level, unit, help, func(r *measure.Reading, put put) {
			for strategy, s := range r.Strategies {
				if v, ok := value(s); ok {
					put(v, attribute.String(n.Strategy, strategy))
				}
			}
		}}
	}
	return []entry{
		counted(n.StrategyMatched, "{event}", "events that the dispatcher matched to the strategy", func(s *ledger.Strategy) uint64 { return s.Matched }),
		counted(n.StrategyPushed, "{event}", "events that the strategy's queue was given", func(s *ledger.Strategy) uint64 { return s.Pushed }),
		{n.StrategyEvents, counter, "{event}", "how the strategy's events ended", func(r *measure.Reading, put put) {
			for strategy, s := range r.Ledger.Strategies {
				labelled := func(v float64, labels ...attribute.KeyValue) {
					put(v, append(labels, attribute.String(n.Strategy, strategy))...)
				}
				by(labelled, n.Outcome, map[string]uint64{"delivered": s.Delivered, "failed": s.Failed, "dropped": s.Dropped,
					"conflated": s.Conflated, "expired": s.Expired, "discarded": s.Discarded})
			}
		}},
		counted(n.StrategyNotices, "{notice}", "notices delivered to the strategy", func(s *ledger.Strategy) uint64 { return s.Notices }),
		counted(n.StrategyRestarts, "{restart}", "restarts of the strategy after a failure", func(s *ledger.Strategy) uint64 { return s.Restarts }),
		counted(n.StrategyReplaced, "{restart}", "actors of the strategy that did not return and were replaced", func(s *ledger.Strategy) uint64 { return s.Replaced }),
		counted(n.StrategyReplayed, "{event}", "kept events handed to the strategy once more, by hand", func(s *ledger.Strategy) uint64 { return s.Replayed }),
		counted(n.StrategyIgnored, "{attempt}", "what replaced actors of the strategy tried and reached nobody with", func(s *ledger.Strategy) uint64 { return s.Ignored }),
		{n.ConsumedMessages, counter, "{message}", "events given to a strategy's Receive", func(r *measure.Reading, put put) {
			for strategy, s := range r.Ledger.Strategies {
				put(float64(s.Delivered+s.Failed), consumer(strategy)...)
			}
		}},
		{n.StrategyInfo, gauge, "", "always 1: which type the strategy is of", func(r *measure.Reading, put put) {
			for strategy, s := range r.Ledger.Strategies {
				put(1, attribute.String(n.Strategy, strategy), attribute.String(n.Type, s.Type))
			}
		}},
		{n.StrategyState, gauge, "", "1 for the state that the strategy is in", func(r *measure.Reading, put put) {
			for strategy, s := range r.Ledger.Strategies {
				oneOf(put, s.State, strategyStates, attribute.String(n.Strategy, strategy))
			}
		}},
		measured(n.StrategyUtilisation, "1", "how full the strategy's mailbox is", func(s *measure.Strategy) (float64, bool) { return s.Utilisation, true }),
		measured(n.StrategyDropRate, "1", "the share of the strategy's events that its mailbox dropped, over about ten seconds", func(s *measure.Strategy) (float64, bool) { return s.DropRate, true }),
		measured(n.StrategyDropWarning, "1", "the configured drop rate from which the log warns", func(s *measure.Strategy) (float64, bool) { return s.DropWarning, true }),
		measured(n.StrategyMaxAge, "s", "the configured age from which events are not delivered", func(s *measure.Strategy) (float64, bool) { return s.MaxAge.Seconds(), s.MaxAge > 0 }),
		measured(n.StrategyReceiving, "s", "how long the Receive in progress has been going on", func(s *measure.Strategy) (float64, bool) { return s.Receiving.Seconds(), true }),
		measured(n.ReceiveDeadline, "s", "how long a Receive of the strategy may take", func(s *measure.Strategy) (float64, bool) {
			return s.ReceiveDeadline.Seconds(), s.ReceiveDeadline > 0
		}),
	}
}

func queues() []entry {
	of := func(name string, k kind, unit, help string, value func(q *measure.Queue) float64) entry {
		return entry{name, k, unit, help, func(r *measure.Reading, put put) {
			put(value(&r.Raw), attribute.String(n.Queue, "raw"))
			put(value(&r.Dispatcher), attribute.String(n.Queue, "dispatcher"))
			for strategy, s := range r.Strategies {
				put(value(&s.Queue), attribute.String(n.Queue, "strategy"), attribute.String(n.Strategy, strategy))
			}
		}}
	}
	return []entry{
		of(n.QueueLength, gauge, "{element}", "elements waiting and in hand", func(q *measure.Queue) float64 { return float64(q.Length) }),
		of(n.QueueCapacity, gauge, "{element}", "the most that the queue holds", func(q *measure.Queue) float64 { return float64(q.Capacity) }),
		of(n.QueueHighWater, gauge, "{element}", "the most that ever waited", func(q *measure.Queue) float64 { return float64(q.HighWater) }),
		of(n.QueueOldest, level, "s", "since the oldest waiting element was read from the socket", func(q *measure.Queue) float64 { return q.Oldest.Seconds() }),
		{n.QueueBytes, gauge, "By", "bytes waiting in the raw queue", func(r *measure.Reading, put put) {
			put(float64(r.Raw.Bytes), attribute.String(n.Queue, "raw"))
		}},
	}
}
