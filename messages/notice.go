package messages

import "time"

// Notice is a message of the feed about itself. Notices travel in order between the
// events, are never dropped, and may be merged with their like while they wait. Every
// strategy receives a copy of its own. The pointer types of this package implement it, and
// no others do.
//
// In JSON each has "type", "epoch", "at" and "reason" before what is its own: a notice that
// knows no epoch has 0 there, one without a reason "". Times are RFC 3339 in UTC, "" for
// none; durations are nanoseconds in keys that end in _ns.
type Notice interface {
	// Type is the notice's name in JSON: "gap", "symbol_live", …
	Type() string
	// Subject is the symbol it is about, "" when it concerns the whole feed.
	Subject() string
	// AppendJSON appends the notice's JSON object and returns the extended buffer.
	AppendJSON(dst []byte) []byte
	isNotice()
	// merge joins a later notice of the same type and subject into a copy of this one.
	merge(later Notice) Notice
	clone() Notice
}

// Disconnected says, at once, that the connection was lost: prices are no longer current,
// and whoever quotes by them should stop.
type Disconnected struct {
	Epoch  uint64 // the epoch that ended
	At     time.Time
	Reason string
}

// Gap says, before the first event after an outage, which stretch of time is missing.
// Nothing of it will be sent again.
type Gap struct {
	From   time.Time // the last moment the old connection was known to deliver
	To     time.Time // the moment the new one began to
	Epoch  uint64    // the epoch that begins
	Reason string    // why the old connection ended
}

// Reconnected says that every wanted subscription was answered after an outage.
type Reconnected struct {
	Epoch  uint64 // the epoch that began
	At     time.Time
	Outage time.Duration // from the loss of the connection until now
}

// RolledOver says that a new connection took over from the old one without a gap.
type RolledOver struct {
	From  uint64 // the epoch that ended
	Epoch uint64 // the epoch that goes on
	At    time.Time
}

// FeedDead says that nothing at all arrived for longer than the threshold while the market
// was open.
type FeedDead struct {
	Epoch     uint64
	At        time.Time
	Age       time.Duration // since the last event of any symbol
	Threshold time.Duration
}

// FeedLive says that the feed delivers, before the event that made it so.
type FeedLive struct {
	Epoch uint64
	At    time.Time
}

// SymbolLive says that a symbol delivers, before the event that made it so.
type SymbolLive struct {
	Symbol string
	Epoch  uint64
	At     time.Time
}

// SymbolStale says that a symbol was silent for longer than its threshold while its market
// was open.
type SymbolStale struct {
	Symbol    string
	Epoch     uint64
	At        time.Time
	Age       time.Duration // since the symbol's last event
	Threshold time.Duration
}

// SymbolRejected says that the exchange refused the subscription of one topic.
type SymbolRejected struct {
	Symbol string // "" for order topics
	Topic  string // "" for order topics, whose names hold an account number
	Kind   string // what the topic carries, as Kind.String names it
	Epoch  uint64
	At     time.Time
	Reason string // the exchange's words
}

// Overflowed says, before the first survivor, how many events a full queue dropped.
type Overflowed struct {
	Count uint64    // events dropped since the last such notice
	From  time.Time // receive time of the first of them
	To    time.Time // and of the last
	Where string    // the queue: "raw", "dispatcher", or the strategy's name
}

// Restarted is the first message of a strategy's new incarnation after a failure.
type Restarted struct {
	Cause string // what the failure was
	Lost  uint64 // events lost to it
	At    time.Time
}

// Supervised says what happened to an actor of the tree, to a strategy that watches
// supervision. It is told of every actor but itself.
type Supervised struct {
	Node     string // the actor's parent: "feed", "health" or "strategies"
	Child    string // the actor
	Kind     string // "restart_scheduled", "restarted", "replaced", "quarantined", … as supervision.Kind lists them all
	Class    string // of the failure: "bug", "stuck", …
	Cause    string
	Attempt  int           // number of the restart since the actor was last stable
	Failures uint64        // of that actor so far
	Delay    time.Duration // before the restart
	Count    uint64        // how many of this kind it stands for, since they wait as one
	At       time.Time     // of the last of them
}

// Reconfigured carries new, validated parameters to a type that takes them while it runs. The
// tree reads its configuration once and sends none itself.
type Reconfigured struct {
	At     time.Time
	Params any // of the type that the strategy registered
}

// Snapshot hands the last known value of a topic to a strategy that starts and asked for
// it. It is no event: it was counted when it arrived, is outside the ledgers, and its
// event's stamps are those of its arrival.
type Snapshot struct{ Event Event }

// Type implements Notice.
func (*Disconnected) Type() string { return "disconnected" }

// Type implements Notice.
func (*Gap) Type() string { return "gap" }

// Type implements Notice.
func (*Reconnected) Type() string { return "reconnected" }

// Type implements Notice.
func (*RolledOver) Type() string { return "rolled_over" }

// Type implements Notice.
func (*FeedDead) Type() string { return "feed_dead" }

// Type implements Notice.
func (*FeedLive) Type() string { return "feed_live" }

// Type implements Notice.
func (*SymbolLive) Type() string { return "symbol_live" }

// Type implements Notice.
func (*SymbolStale) Type() string { return "symbol_stale" }

// Type implements Notice.
func (*SymbolRejected) Type() string { return "symbol_rejected" }

// Type implements Notice.
func (*Overflowed) Type() string { return "overflowed" }

// Type implements Notice.
func (*Restarted) Type() string { return "restarted" }

// Type implements Notice.
func (*Supervised) Type() string { return "supervised" }

// Type implements Notice.
func (*Reconfigured) Type() string { return "reconfigured" }

// Type implements Notice.
func (*Snapshot) Type() string { return "snapshot" }

// Subject implements Notice.
func (*Disconnected) Subject() string { return "" }

// Subject implements Notice.
func (*Gap) Subject() string { return "" }

// Subject implements Notice.
func (*Reconnected) Subject() string { return "" }

// Subject implements Notice.
func (*RolledOver) Subject() string { return "" }

// Subject implements Notice.
func (*FeedDead) Subject() string { return "" }

// Subject implements Notice.
func (*FeedLive) Subject() string { return "" }

// Subject implements Notice.
func (n *SymbolLive) Subject() string { return n.Symbol }

// Subject implements Notice.
func (n *SymbolStale) Subject() string { return n.Symbol }

// Subject implements Notice.
func (n *SymbolRejected) Subject() string { return n.Symbol }

// Subject implements Notice.
func (*Overflowed) Subject() string { return "" }

// Subject implements Notice.
func (*Restarted) Subject() string { return "" }

// Subject implements Notice.
func (*Supervised) Subject() string { return "" }

// Subject implements Notice.
func (*Reconfigured) Subject() string { return "" }

// Subject implements Notice.
func (n *Snapshot) Subject() string { return n.Event.Symbol() }

func (*Disconnected) isNotice()   {}
func (*Gap) isNotice()            {}
func (*Reconnected) isNotice()    {}
func (*RolledOver) isNotice()     {}
func (*FeedDead) isNotice()       {}
func (*FeedLive) isNotice()       {}
func (*SymbolLive) isNotice()     {}
func (*SymbolStale) isNotice()    {}
func (*SymbolRejected) isNotice() {}
func (*Overflowed) isNotice()     {}
func (*Restarted) isNotice()      {}
func (*Supervised) isNotice()     {}
func (*Reconfigured) isNotice()   {}
func (*Snapshot) isNotice()       {}
