package health

import (
	"time"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/seen"
)

// input is all that decides a state. Instants are clock.Mono.
type input struct {
	Now       int64
	Last      int64 // the last event, 0 for none since the connection began
	Since     int64 // when the deadline began anew: connected, session opened, halt ended
	Connected bool
	Open      bool // the market may trade, so silence would be news
	Threshold time.Duration
}

// nextSymbol says what a symbol's state should be.
//
//	unknown ──event──▶ live ──silent──▶ stale ──event──▶ live
//	   any ──market closed──▶ closed ──opened──▶ unknown      any ──disconnected──▶ unknown
//
// The arrows that an event draws are the decoder's, which gives them their place in the
// stream; an event is the only way back from stale. Stale is strictly above the threshold,
// counted from the last event or, if later, from when the deadline began anew. A symbol
// never seen on this connection is unknown, however long it is silent. Rejected stays until
// the connection ends.
func nextSymbol(s seen.State, in input) seen.State {
	if s == seen.Unknown && in.Last == 0 && (in.Open || !in.Connected) {
		return seen.Unknown
	}
	return next(s, in)
}

// nextFeed says what the feed's state should be: as a symbol's, but that a feed connected
// to an open market and never heard of is dead after the threshold, too.
func nextFeed(s seen.State, in input) seen.State { return next(s, in) }

func next(s seen.State, in input) seen.State {
	switch {
	case !in.Connected:
		return seen.Unknown
	case s == seen.Rejected:
		return seen.Rejected
	case !in.Open:
		return seen.Closed
	case s == seen.Closed:
		return seen.Unknown
	case s == seen.Stale:
		return seen.Stale
	case clock.Since(in.Now, max(in.Last, in.Since)) > in.Threshold:
		return seen.Stale
	}
	return s
}

// Session is one stretch of a trading day, in time since midnight of the market's zone.
type Session struct{ Open, Close time.Duration }

// Calendar answers whether the market should be open, for when the feed has not said yet.
type Calendar struct {
	Zone     *time.Location
	Sessions []Session
	Holidays map[string]bool // by date, 2006-01-02
}

// Open reports whether t falls into a session of a trading day. Without sessions it is
// always open.
func (c Calendar) Open(t time.Time) bool {
	if len(c.Sessions) == 0 {
		return true
	}
	if c.Zone != nil {
		t = t.In(c.Zone)
	}
	if d := t.Weekday(); d == time.Saturday || d == time.Sunday || c.Holidays[t.Format(time.DateOnly)] {
		return false
	}
	y, m, d := t.Date()
	since := t.Sub(time.Date(y, m, d, 0, 0, 0, 0, t.Location()))
	for _, s := range c.Sessions {
		if since >= s.Open && since < s.Close {
			return true
		}
	}
	return false
}
