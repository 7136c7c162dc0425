package names

// Conventions is the version of OpenTelemetry's semantic conventions that the names of
// theirs are taken from; a test holds them to it.
const Conventions = "https://opentelemetry.io/schemas/1.43.0"

// Attribute keys of spans that are OpenTelemetry's, besides those shared with metrics.
const (
	MessagingDestination = "messaging.destination.name" // market data only: an order's topic holds an account number
	MessagingTemplate    = "messaging.destination.template"
	MessagingBodySize    = "messaging.message.body.size"
	ServerAddress        = "server.address"
	ServerPort           = "server.port"
	ExceptionType        = "exception.type"
	ExceptionMessage     = "exception.message"
	ExceptionStacktrace  = "exception.stacktrace"
)

// Values of theirs.
const (
	MQTT    = "mqtt"
	Process = "process"
)

// Attribute keys of spans that are the feed's own.
const (
	SpanSymbol     = "feedtree.symbol"
	SpanKind       = "feedtree.kind"
	SpanEpoch      = "feedtree.epoch"
	SpanSeq        = "feedtree.seq"
	SpanOutcome    = "feedtree.outcome"    // the ledger's term for an event that did not get through
	SpanChosen     = "feedtree.chosen"     // why the path has a trace
	SpanNode       = "feedtree.node"       // whose child failed
	SpanChild      = "feedtree.child"      // which one
	SpanCause      = "feedtree.cause"      // with what
	SpanAttempt    = "feedtree.attempt"    // which failure in a row
	SpanBackoff    = "feedtree.backoff"    // seconds, as decided
	SpanGeneration = "feedtree.generation" // of a connection
	SpanFrom       = "feedtree.from"       // the epoch that ended
	SpanTopics     = "feedtree.topics"     // how many
	SpanAnswered   = "feedtree.answered"   // how many of them
)

// Values of SpanChosen.
const (
	ChosenByRatio = "ratio"  // one of the few of every so many
	ChosenSlow    = "slow"   // above the threshold
	ChosenFailed  = "failed" // it did not get through
	ChosenAsked   = "asked"  // its strategy asked for its context
)
