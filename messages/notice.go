package messages

import (
	"encoding/json"
	"time"
)

// Notice is a message of the feed about itself. Notices travel in order between the
// events, are never dropped, and may be merged with their like while they wait. Every
// strategy receives a copy of its own.
type Notice interface {
	// Type is the notice's name in event JSON: "gap", "symbol_live", …
	Type() string
	// Subject is the symbol it is about, "" when it concerns the whole feed.
	Subject() string
	// merge joins a later notice of the same type and subject into a copy of this one.
	merge(later Notice) Notice
	clone() Notice
}

// Disconnected says that the connection was lost: prices are no longer current.
type Disconnected struct {
	Epoch  uint64    `json:"epoch"` // the epoch that ended
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// Gap says, before the first event after an outage, which stretch of time is missing.
type Gap struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Epoch  uint64    `json:"epoch"` // the epoch that begins
	Reason string    `json:"reason"`
}

// Reconnected says that every wanted subscription was answered after an outage.
type Reconnected struct {
	Epoch  uint64        `json:"epoch"`
	At     time.Time     `json:"at"`
	Outage time.Duration `json:"outage_ns"`
}

// RolledOver says that a new connection took over from the old one without a gap.
type RolledOver struct {
	Epoch uint64    `json:"epoch"`
	At    time.Time `json:"at"`
}

// FeedDead says that nothing at all arrived for longer than the threshold while the market was open.
type FeedDead struct {
	Epoch     uint64        `json:"epoch"`
	At        time.Time     `json:"at"`
	Age       time.Duration `json:"age_ns"`
	Threshold time.Duration `json:"threshold_ns"`
}

// FeedLive says that the feed delivers, before the event that made it so.
type FeedLive struct {
	Epoch uint64    `json:"epoch"`
	At    time.Time `json:"at"`
}

// SymbolLive says that a symbol delivers, before the event that made it so.
type SymbolLive struct {
	Symbol string    `json:"symbol"`
	Epoch  uint64    `json:"epoch"`
	At     time.Time `json:"at"`
}

// SymbolStale says that a symbol was silent for longer than its threshold.
type SymbolStale struct {
	Symbol    string        `json:"symbol"`
	Epoch     uint64        `json:"epoch"`
	At        time.Time     `json:"at"`
	Age       time.Duration `json:"age_ns"`
	Threshold time.Duration `json:"threshold_ns"`
}

// SymbolRejected says that the exchange refused a subscription of a symbol.
type SymbolRejected struct {
	Symbol string    `json:"symbol"`
	Kind   string    `json:"kind"` // which of its topics, by event type
	Epoch  uint64    `json:"epoch"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// Overflowed says, before the first survivor, how many events a queue dropped.
type Overflowed struct {
	Count uint64    `json:"count"`
	From  time.Time `json:"from"`  // receive time of the first dropped
	To    time.Time `json:"to"`    // and of the last
	Where string    `json:"where"` // "raw", "dispatcher", or the strategy's name
}

// Restarted is the first message of a strategy's new incarnation after a failure.
type Restarted struct {
	Cause string    `json:"cause"`
	Lost  uint64    `json:"lost"` // events lost to the failure
	At    time.Time `json:"at"`
}

// Reconfigured carries new, validated parameters to a type that takes them while it runs.
type Reconfigured struct {
	At     time.Time `json:"at"`
	Params any       `json:"params"`
}

// The notices' names in event JSON.
func (*Disconnected) Type() string   { return "disconnected" }
func (*Gap) Type() string            { return "gap" }
func (*Reconnected) Type() string    { return "reconnected" }
func (*RolledOver) Type() string     { return "rolled_over" }
func (*FeedDead) Type() string       { return "feed_dead" }
func (*FeedLive) Type() string       { return "feed_live" }
func (*SymbolLive) Type() string     { return "symbol_live" }
func (*SymbolStale) Type() string    { return "symbol_stale" }
func (*SymbolRejected) Type() string { return "symbol_rejected" }
func (*Overflowed) Type() string     { return "overflowed" }
func (*Restarted) Type() string      { return "restarted" }
func (*Reconfigured) Type() string   { return "reconfigured" }

// The symbols notices are about.
func (*Disconnected) Subject() string     { return "" }
func (*Gap) Subject() string              { return "" }
func (*Reconnected) Subject() string      { return "" }
func (*RolledOver) Subject() string       { return "" }
func (*FeedDead) Subject() string         { return "" }
func (*FeedLive) Subject() string         { return "" }
func (n *SymbolLive) Subject() string     { return n.Symbol }
func (n *SymbolStale) Subject() string    { return n.Symbol }
func (n *SymbolRejected) Subject() string { return n.Symbol }
func (*Overflowed) Subject() string       { return "" }
func (*Restarted) Subject() string        { return "" }
func (*Reconfigured) Subject() string     { return "" }

func (n *Disconnected) clone() Notice   { c := *n; return &c }
func (n *Gap) clone() Notice            { c := *n; return &c }
func (n *Reconnected) clone() Notice    { c := *n; return &c }
func (n *RolledOver) clone() Notice     { c := *n; return &c }
func (n *FeedDead) clone() Notice       { c := *n; return &c }
func (n *FeedLive) clone() Notice       { c := *n; return &c }
func (n *SymbolLive) clone() Notice     { c := *n; return &c }
func (n *SymbolStale) clone() Notice    { c := *n; return &c }
func (n *SymbolRejected) clone() Notice { c := *n; return &c }
func (n *Overflowed) clone() Notice     { c := *n; return &c }
func (n *Restarted) clone() Notice      { c := *n; return &c }
func (n *Reconfigured) clone() Notice   { c := *n; return &c }

// Where only the newest counts, the later notice stands for both.
func (*Disconnected) merge(later Notice) Notice   { return later }
func (*Reconnected) merge(later Notice) Notice    { return later }
func (*RolledOver) merge(later Notice) Notice     { return later }
func (*FeedDead) merge(later Notice) Notice       { return later }
func (*FeedLive) merge(later Notice) Notice       { return later }
func (*SymbolLive) merge(later Notice) Notice     { return later }
func (*SymbolStale) merge(later Notice) Notice    { return later }
func (*SymbolRejected) merge(later Notice) Notice { return later }
func (*Reconfigured) merge(later Notice) Notice   { return later }

func (n *Gap) merge(later Notice) Notice {
	m := *later.(*Gap)
	if n.From.Before(m.From) {
		m.From = n.From
	}
	return &m
}

func (n *Overflowed) merge(later Notice) Notice {
	m := *later.(*Overflowed)
	m.Count += n.Count
	if n.From.Before(m.From) {
		m.From = n.From
	}
	if n.To.After(m.To) {
		m.To = n.To
	}
	return &m
}

func (n *Restarted) merge(later Notice) Notice {
	m := *later.(*Restarted)
	m.Lost += n.Lost
	return &m
}

// family groups the notices of which a later one makes an earlier one moot.
func family(n Notice) string {
	switch v := n.(type) {
	case *SymbolLive, *SymbolStale:
		return "symbol"
	case *FeedLive, *FeedDead:
		return "feed"
	case *Overflowed:
		return "overflowed " + v.Where
	case *SymbolRejected:
		return "rejected " + v.Kind
	}
	return n.Type()
}

// MergeNotices joins two notices that stand side by side in a queue, when they are of one
// kind and about one subject: counts add up, spans widen, states give way to the newer.
// Neither argument is written to.
func MergeNotices(older, newer Notice) (Notice, bool) {
	if older.Subject() != newer.Subject() || family(older) != family(newer) {
		return nil, false
	}
	if older.Type() != newer.Type() {
		return newer, true
	}
	return older.merge(newer), true
}

// CopyNotice makes a copy that its receiver may keep and change.
func CopyNotice(n Notice) Notice { return n.clone() }

// AppendNoticeJSON appends a notice's JSON object: its type, then its fields.
func AppendNoticeJSON(dst []byte, n Notice) []byte {
	body, err := json.Marshal(n)
	if err != nil { // parameters of a Reconfigured that have no JSON
		body = []byte("{}")
	}
	dst = append(dst, `{"type":"`...)
	dst = append(dst, n.Type()...)
	dst = append(dst, '"')
	if len(body) > 2 {
		dst = append(dst, ',')
	}
	return append(dst, body[1:]...)
}
