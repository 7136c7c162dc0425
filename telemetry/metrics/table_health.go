package metrics

import (
	"go.opentelemetry.io/otel/attribute"

	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/telemetry/measure"
	n "github.com/feedtree/feedtree/telemetry/names"
)

var (
	sessionStates = []string{"idle", "connecting", "online", "waiting", "draining", "closing", "aborting", "closed"}
	feedStates    = []string{"unknown", "live", "dead", "closed"}
)

func session() []entry {
	return []entry{
		{n.ConnectionState, gauge, "", "1 for the session's state", func(r *measure.Reading, put put) {
			oneOf(put, r.Session.State, sessionStates)
		}},
		{n.ConnectionEpoch, gauge, "", "the number of the connection, 0 before the first", func(r *measure.Reading, put put) {
			put(float64(r.Session.Epoch))
		}},
		{n.ConnectionAge, level, "s", "how long the connection has stood", func(r *measure.Reading, put put) {
			put(r.Session.Age.Seconds())
		}},
		{n.TokenRemaining, level, "s", "what is left of the access token's life", func(r *measure.Reading, put put) {
			if t := r.Session.Token; t != nil {
				put(t.Remaining.Seconds())
			}
		}},
		{n.TokenRenewal, level, "s", "what is left of that life when its renewal begins", func(r *measure.Reading, put put) {
			if t := r.Session.Token; t != nil {
				put(t.Renewal.Seconds())
			}
		}},
		{n.Subscriptions, gauge, "{topic}", "topics wanted, of these answered, of these rejected", func(r *measure.Reading, put put) {
			by(put, n.State, map[string]uint64{"wanted": uint64(r.Session.Wanted), "answered": uint64(r.Session.Answered),
				"rejected": uint64(r.Session.Rejected)})
		}},
		{n.Ready, gauge, "", "1 when connected with every subscription answered", func(r *measure.Reading, put put) {
			put(truth(r.Session.Ready))
		}},
	}
}

func health() []entry {
	each := func(name string, k kind, unit, help string, value func(s *measure.Symbol) (float64, bool)) entry {
		return entry{name, k, unit, help, func(r *measure.Reading, put put) {
			for i := range r.Symbols {
				if v, ok := value(&r.Symbols[i]); ok {
					put(v, attribute.String(n.Symbol, r.Symbols[i].Name))
				}
			}
		}}
	}
	return []entry{
		{n.FeedState, gauge, "", "1 for the feed's state", func(r *measure.Reading, put put) {
			oneOf(put, r.Ledger.Feed.State, feedStates)
		}},
		{n.FeedSilence, level, "s", "since the last event on this connection", func(r *measure.Reading, put put) {
			if r.Health.Silence >= 0 {
				put(r.Health.Silence.Seconds())
			}
		}},
		{n.FeedGap, level, "s", "the configured silence of an open market that is a fault", func(r *measure.Reading, put put) {
			put(r.Health.FeedGap.Seconds())
		}},
		{n.MarketOpen, gauge, "", "1 while a market is open", func(r *measure.Reading, put put) {
			put(truth(r.Health.MarketOpen))
		}},
		{n.Symbols, gauge, "{symbol}", "wanted symbols by state", func(r *measure.Reading, put put) {
			s := &r.Ledger.Symbols
			by(put, n.State, map[string]uint64{"unknown": uint64(s.Unknown), "live": uint64(s.Live), "stale": uint64(s.Stale),
				"closed": uint64(s.Closed), "rejected": uint64(s.Rejected)})
		}},
		each(n.SymbolAge, level, "s", "since the symbol's last event", func(s *measure.Symbol) (float64, bool) { return s.Age.Seconds(), s.Age >= 0 }),
		each(n.SymbolEvents, counter, "{event}", "the symbol's books and price infos", func(s *measure.Symbol) (float64, bool) { return float64(s.Events), true }),
		each(n.SymbolLive, gauge, "", "1 while the symbol is live", func(s *measure.Symbol) (float64, bool) { return truth(s.Live), true }),
	}
}

func process() []entry {
	return []entry{
		{n.Imbalance, gauge, "{item}", "by how much the sides of a ledger's equations differ", func(r *measure.Reading, put put) {
			by(put, n.Ledger, r.Ledger.Imbalance())
		}},
		{n.TracePaths, counter, "{trace}", "traces of events' paths and rare operations, by what became of them", func(r *measure.Reading, put put) {
			if t := r.Ledger.Traces; t != nil {
				by(put, n.Outcome, map[string]uint64{"made": t.Made, "lost": t.Lost, "suppressed": t.Suppressed})
			}
		}},
		{n.TraceSpans, counter, "{span}", "spans of what is traced, by what became of them", func(r *measure.Reading, put put) {
			if t := r.Ledger.Traces; t != nil && r.Telemetry.Spans.Load() != nil {
				by(put, n.Outcome, map[string]uint64{"exported": t.Exported, "failed": t.Failed, "dropped": t.Dropped})
			}
		}},
		{n.TraceWaiting, gauge, "{span}", "spans that wait for the collector", func(r *measure.Reading, put put) {
			if t := r.Ledger.Traces; t != nil && r.Telemetry.Spans.Load() != nil {
				put(float64(t.Waiting))
			}
		}},
		{n.Uptime, level, "s", "since the tree's start", func(r *measure.Reading, put put) { put(r.Uptime.Seconds()) }},
		{n.PoisonKept, gauge, "{message}", "messages kept because they could not be processed", func(r *measure.Reading, put put) { put(float64(r.Poison.Kept)) }},
		{n.PoisonEvicted, counter, "{message}", "kept ones that had to go for newer ones", func(r *measure.Reading, put put) { put(float64(r.Poison.Evicted)) }},
		{n.LogSuppressed, counter, "{line}", "log lines not written because they repeat", func(r *measure.Reading, put put) { put(float64(r.LogSuppressed)) }},
		{n.LogDropped, counter, "{line}", "log lines lost because their sink blocked or failed", func(r *measure.Reading, put put) { put(float64(r.LogLost)) }},
		{n.HTTPRefused, counter, "{request}", "requests and connections that the door turned away", func(r *measure.Reading, put put) {
			by(put, n.ErrorType, map[string]uint64{"token": r.Refused.Token, "certificate": r.Refused.Certificate})
		}},
		{n.ExportFailures, counter, "{export}", "exports that a collector did not take", func(r *measure.Reading, put put) {
			for _, s := range ledger.Signals() {
				put(float64(r.Telemetry.ExportFailed[s].Load()), attribute.String(n.Signal, s.String()))
			}
		}},
		{n.ExportDropped, counter, "{item}", "telemetry given up because its exporter lagged or failed", func(r *measure.Reading, put put) {
			for _, s := range ledger.Signals() {
				put(float64(r.Telemetry.Dropped[s].Load()), attribute.String(n.Signal, s.String()))
			}
		}},
	}
}
