package messages

import "time"

// MergeNotices joins two notices that wait with no event between them, when they are of
// one kind and about one subject: counts add up, spans widen, states give way to the newer
// one, a symbol's or the feed's liveness likewise. Neither argument is written to; the
// result may be newer itself. false means that both must be kept.
//
// A loss and its repair are not alike: Disconnected stays in front of Reconnected, however
// long a strategy takes to read them.
func MergeNotices(older, newer Notice) (Notice, bool) {
	if older.Subject() != newer.Subject() || family(older) != family(newer) {
		return nil, false
	}
	if older.Type() != newer.Type() {
		return newer, true
	}
	return older.merge(newer), true
}

// CopyNotice makes a copy that its receiver may keep and change. It is shallow: what a
// Snapshot points to is immutable anyway, and Reconfigured.Params have one receiver.
func CopyNotice(n Notice) Notice { return n.clone() }

// kinship says which notices of one subject may be merged.
type kinship struct {
	name  string
	which string
}

func family(n Notice) kinship {
	switch v := n.(type) {
	case *SymbolLive, *SymbolStale:
		return kinship{name: "symbol"}
	case *FeedLive, *FeedDead:
		return kinship{name: "feed"}
	case *Supervised:
		return kinship{"supervised " + v.Kind, v.Node + "/" + v.Child}
	case *Overflowed:
		return kinship{"overflowed", v.Where}
	case *SymbolRejected:
		if v.Topic == "" {
			return kinship{"rejected kind", v.Kind}
		}
		return kinship{"rejected topic", v.Topic}
	case *Snapshot:
		// The intervals of a symbol's bars are topics of their own.
		if c, ok := v.Event.(*Candlestick); ok {
			return kinship{"snapshot bar", c.Interval()}
		}
		return kinship{"snapshot", v.Event.Kind().String()}
	}
	return kinship{name: n.Type()}
}

// Where only the newest counts, the later notice stands for both.
func (*Disconnected) merge(later Notice) Notice   { return later }
func (*Reconnected) merge(later Notice) Notice    { return later }
func (*FeedDead) merge(later Notice) Notice       { return later }
func (*FeedLive) merge(later Notice) Notice       { return later }
func (*SymbolLive) merge(later Notice) Notice     { return later }
func (*SymbolStale) merge(later Notice) Notice    { return later }
func (*SymbolRejected) merge(later Notice) Notice { return later }
func (*Reconfigured) merge(later Notice) Notice   { return later }
func (*Snapshot) merge(later Notice) Notice       { return later }

func (n *Gap) merge(later Notice) Notice {
	m := *later.(*Gap)
	m.From, m.To = span(n.From, n.To, m.From, m.To)
	return &m
}

func (n *RolledOver) merge(later Notice) Notice {
	m := *later.(*RolledOver)
	m.From = n.From
	return &m
}

func (n *Overflowed) merge(later Notice) Notice {
	m := *later.(*Overflowed)
	m.Count += n.Count
	m.From, m.To = span(n.From, n.To, m.From, m.To)
	return &m
}

func (n *Restarted) merge(later Notice) Notice {
	m := *later.(*Restarted)
	m.Lost += n.Lost
	return &m
}

func (n *Supervised) merge(later Notice) Notice {
	m := *later.(*Supervised)
	m.Count += n.Count
	return &m
}

// span covers two stretches of time; a zero time is an end that nobody knows and gives way.
func span(from1, to1, from2, to2 time.Time) (from, to time.Time) {
	from, to = from2, to2
	if from.IsZero() || (!from1.IsZero() && from1.Before(from)) {
		from = from1
	}
	if to1.After(to) {
		to = to1
	}
	return from, to
}

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
func (n *Supervised) clone() Notice     { c := *n; return &c }
func (n *Reconfigured) clone() Notice   { c := *n; return &c }
func (n *Snapshot) clone() Notice       { c := *n; return &c }
