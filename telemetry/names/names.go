// Package names holds what dashboards, alert rules and queries depend on: the name of every
// metric and the key of every attribute, in one place. docs/telemetry.md says what each
// means; a test holds it equal to what a running feed exports. Units go through the API
// and are no part of a name.
package names

// Scope is the instrumentation scope of everything that feedtree exports.
const Scope = "github.com/feedtree/feedtree"

// Attribute keys. Those with a dot of their own are OpenTelemetry's.
const (
	Strategy  = "strategy"   // an instance's name
	Queue     = "queue"      // raw, dispatcher or strategy
	Stage     = "stage"      // of an event's path: receive, decode, dispatch, deliver
	Outcome   = "outcome"    // the ledger's term that a message or an event ended in
	State     = "state"      // one of a closed set
	Decision  = "decision"   // of supervision about a failure
	Part      = "part"       // one of the feed's own actors
	Ledger    = "ledger"     // L1, L2a, L2b, L3 or L4
	Signal    = "signal"     // metrics, traces or logs
	Symbol    = "symbol"     // only when telemetry.metrics.symbols is set
	Type      = "type"       // of a strategy
	Version   = "version"    // the module's
	Revision  = "revision"   // the commit that was built
	GoVersion = "go.version" // of the compiler
	ErrorType = "error.type"

	MessagingSystem        = "messaging.system"
	MessagingOperation     = "messaging.operation.name"
	MessagingOperationType = "messaging.operation.type"
	MessagingConsumerGroup = "messaging.consumer.group.name" // the strategy
)

// L1, the wire.
const (
	FeedReceived     = "feedtree.feed.received"
	FeedMessages     = "feedtree.feed.messages"
	FeedDecodeErrors = "feedtree.feed.decode.errors"
	FeedSystem       = "feedtree.feed.system"
	FeedUndecided    = "feedtree.feed.undecided"
)

// L2a and L2b, the dispatcher and the strategies.
const (
	DispatcherPushed    = "feedtree.dispatcher.pushed"
	DispatcherEvents    = "feedtree.dispatcher.events"
	DispatcherMatched   = "feedtree.dispatcher.matched"
	DispatcherUnmatched = "feedtree.dispatcher.unmatched"

	StrategyMatched  = "feedtree.strategy.matched"
	StrategyPushed   = "feedtree.strategy.pushed"
	StrategyEvents   = "feedtree.strategy.events"
	StrategyNotices  = "feedtree.strategy.notices"
	StrategyRestarts = "feedtree.strategy.restarts"
	StrategyReplaced = "feedtree.strategy.replaced"
	StrategyReplayed = "feedtree.strategy.replayed"
	StrategyIgnored  = "feedtree.strategy.ignored"
	ConsumedMessages = "messaging.client.consumed.messages"
)

// Queues: raw, the dispatcher's, one for each strategy.
const (
	QueueLength    = "feedtree.queue.length"
	QueueCapacity  = "feedtree.queue.capacity"
	QueueHighWater = "feedtree.queue.high_water"
	QueueOldest    = "feedtree.queue.oldest.age"
	QueueBytes     = "feedtree.queue.bytes"
)

// Strategies, besides their ledger.
const (
	StrategyState       = "feedtree.strategy.state"
	StrategyInfo        = "feedtree.strategy.info"
	StrategyUtilisation = "feedtree.strategy.utilisation"
	StrategyDropRate    = "feedtree.strategy.drop.rate"
	StrategyDropWarning = "feedtree.strategy.drop.warning"
	StrategyMaxAge      = "feedtree.strategy.max_age"
	StrategyReceiving   = "feedtree.strategy.receiving"
	ReceiveDeadline     = "feedtree.supervision.receive_deadline"
)

// L3, connections, and the session around them.
const (
	ConnectionAttempts   = "feedtree.connection.attempts"
	ConnectionConnected  = "feedtree.connection.connected"
	ConnectionFailed     = "feedtree.connection.failed"
	ConnectionAborted    = "feedtree.connection.aborted"
	ConnectionPending    = "feedtree.connection.pending"
	ConnectionLost       = "feedtree.connection.lost"
	ConnectionClosed     = "feedtree.connection.closed"
	ConnectionOpen       = "feedtree.connection.open"
	ConnectionReconnects = "feedtree.connection.reconnects"
	ConnectionRollovers  = "feedtree.connection.rollovers"
	ConnectionViolations = "feedtree.connection.violations"
	ConnectionState      = "feedtree.connection.state"
	ConnectionEpoch      = "feedtree.connection.epoch"
	ConnectionAge        = "feedtree.connection.age"
	TokenRemaining       = "feedtree.token.remaining"
	TokenRenewal         = "feedtree.token.renewal"
	Subscriptions        = "feedtree.subscriptions"
	Ready                = "feedtree.ready"
)

// L4, supervision.
const (
	SupervisionFailures  = "feedtree.supervision.failures"
	SupervisionDecisions = "feedtree.supervision.decisions"
	SupervisionPending   = "feedtree.supervision.pending"
	SupervisionRestarts  = "feedtree.supervision.restarts"
	SupervisionSiblings  = "feedtree.supervision.siblings"
	SupervisionManual    = "feedtree.supervision.manual"
	SupervisionSetAside  = "feedtree.supervision.set_aside"
	SupervisionStuck     = "feedtree.supervision.stuck"
	SupervisionUnread    = "feedtree.supervision.unread"
)

// Health.
const (
	FeedState    = "feedtree.feed.state"
	FeedSilence  = "feedtree.feed.silence"
	FeedGap      = "feedtree.feed.gap"
	MarketOpen   = "feedtree.market.open"
	Symbols      = "feedtree.symbols"
	SymbolAge    = "feedtree.symbol.age"
	SymbolEvents = "feedtree.symbol.events"
	SymbolLive   = "feedtree.symbol.live"
)

// Distributions.
const (
	StageDuration   = "feedtree.stage.duration"
	StrategyLatency = "feedtree.strategy.latency"
	ProcessDuration = "messaging.process.duration"
	RunSize         = "feedtree.run.size"
)

// The process and telemetry itself.
const (
	BuildInfo      = "feedtree.build.info"
	Imbalance      = "feedtree.ledger.imbalance"
	Uptime         = "feedtree.uptime"
	PoisonKept     = "feedtree.poison.kept"
	PoisonEvicted  = "feedtree.poison.evicted"
	LogSuppressed  = "feedtree.log.suppressed"
	LogDropped     = "feedtree.log.dropped"
	ExportFailures = "feedtree.telemetry.export.failures"
	ExportDropped  = "feedtree.telemetry.dropped"
	TracePaths     = "feedtree.traces.paths"
	TraceSpans     = "feedtree.traces.spans"
	TraceWaiting   = "feedtree.traces.spans.waiting"
	HTTPRefused    = "feedtree.http.refused"
)
