package decoder

import (
	"time"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/internal/seen"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

// PutStale asks for a SymbolStale notice. The decoder looks at the last-seen store once
// more: if the symbol was seen since, or is stale already, nothing happens.
type PutStale struct {
	Symbol    *seen.Symbol
	Since     int64 // clock.Mono at which its deadline began anew, if that is later than its last event
	Threshold time.Duration
}

// PutFeedDead asks for a FeedDead notice, after a second look likewise.
type PutFeedDead struct {
	Since     int64
	Threshold time.Duration
}

func (a *Decoder) onPutStale(m *PutStale) {
	now := clock.Now()
	if m.Symbol.Last() == 0 {
		return // forgotten since, with its connection or with the last who wanted it
	}
	if age := expired(&m.Symbol.Life, now.Mono, m.Since, m.Threshold); age > 0 {
		a.put(&messages.SymbolStale{Symbol: m.Symbol.Name, Epoch: a.d.State.epoch, At: wall(now.Wall),
			Age: age, Threshold: m.Threshold}, now.Mono)
		a.d.State.out.Flush(now.Mono)
	}
}

func (a *Decoder) onPutFeedDead(m *PutFeedDead) {
	now := clock.Now()
	if a.d.State.down {
		return // everyone has been told worse
	}
	if age := expired(&a.d.Seen.Feed, now.Mono, m.Since, m.Threshold); age > 0 {
		a.put(&messages.FeedDead{Epoch: a.d.State.epoch, At: wall(now.Wall), Age: age, Threshold: m.Threshold}, now.Mono)
		a.d.State.out.Flush(now.Mono)
	}
}

// expired makes a slot stale and returns its age, if it still deserves it.
func expired(l *seen.Life, now, since int64, threshold time.Duration) time.Duration {
	age := clock.Since(now, max(l.Last(), since))
	if age <= threshold || !(l.Move(seen.Live, seen.Stale) || l.Move(seen.Unknown, seen.Stale)) {
		return 0
	}
	return age
}

func (a *Decoder) put(n messages.Notice, mono int64) {
	a.d.State.out.Add(flow.Notice(n, mono))
}

// onNotice takes a notice that came in its place between the raw messages.
func (a *Decoder) onNotice(m *raw.Message, began int64) {
	switch n := m.Notice.(type) {
	case *messages.Disconnected:
		a.d.Seen.Reset() // nothing is known of any symbol until the next connection tells
		a.d.State.down = true
	case *messages.Gap:
		a.d.State.down = false
	case *messages.SymbolRejected:
		if s := a.d.Seen.Find(n.Symbol); s != nil {
			s.Reject()
		}
	}
	a.put(m.Notice, began)
	a.pass(m)
}

// pass lets the topics of a roll-over pass to the new connection where its first notice
// stands: RolledOver behind the old one's end, or Gap when the old one broke off.
func (a *Decoder) pass(m *raw.Message) {
	s := a.d.Seams.Current()
	if s == nil || m.Gen != s.Next() {
		return
	}
	_, rolled := m.Notice.(*messages.RolledOver)
	_, gap := m.Notice.(*messages.Gap)
	if !rolled && !gap {
		return
	}
	now := clock.Mono()
	if lost := s.Pass(now, gap); lost.Count > 0 {
		a.put(&messages.Overflowed{Count: lost.Count, From: wall(lost.From), To: wall(lost.To), Where: "rollover"}, now)
	}
	a.deliverHeld()
}

// deliverHeld decodes what the new connection brought before its topics had passed.
func (a *Decoder) deliverHeld() {
	s := a.d.Seams.Current()
	if s == nil {
		return
	}
	began := clock.Mono()
	for m := s.Deliverable(); m != nil; m = s.Deliverable() {
		a.decode(m, began)
	}
}

// touch leaves word that an event came, and puts the notice of what that changed before it.
func (a *Decoder) touch(t *topic.Topic, e messages.Event, m *raw.Message, epoch uint64) {
	if a.d.Seen.Feed.Touch(m.Mono) {
		a.put(&messages.FeedLive{Epoch: epoch, At: wall(m.Wall)}, m.Mono)
	}
	entry := a.d.Seen.At(t.Index)
	switch {
	case entry.Symbol != nil:
		if info, ok := e.(*messages.PriceInfo); ok {
			entry.Symbol.SetStatus(info.MarketStatus())
		}
		if entry.Symbol.Touch(m.Mono) {
			a.put(&messages.SymbolLive{Symbol: t.Symbol, Epoch: epoch, At: wall(m.Wall)}, m.Mono)
		}
	case entry.Market != nil:
		switch info := e.(type) {
		case *messages.EquityExchangeInfo:
			entry.Market.SetStatus(int32(info.MarketStatus()))
		case *messages.DerivativesExchangeInfo:
			entry.Market.SetStatus(int32(info.MarketStatus()))
		}
	}
}
