package market

import (
	"math/rand/v2"
	"time"

	"github.com/feedtree/feedtree/messages"
)

// phase is a part of the trading day.
type phase uint8

const (
	closed phase = iota
	preOpen
	morning
	intermission
	preOpen2
	continuous // the afternoon, and all of an open market
	call
	offHour
	halted
)

// speaking tells whether books and prices come at all.
func (p phase) speaking() bool { return p != closed && p != intermission }

// trading tells whether orders are matched continuously.
func (p phase) trading() bool { return p == morning || p == continuous }

func (p phase) auction() bool { return p == preOpen || p == preOpen2 || p == call }

func (p phase) flag() messages.Flag {
	switch p {
	case preOpen, preOpen2:
		return messages.FlagATO
	case call:
		return messages.FlagATC
	}
	return messages.FlagNormal
}

// equity is what the exchange info of an equity market says.
func (p phase) equity() messages.EquityMarketStatus {
	return [...]messages.EquityMarketStatus{closed: messages.EquityMarketStatusClose, preOpen: messages.EquityMarketStatusPreOpen1,
		morning: messages.EquityMarketStatusOpen1, intermission: messages.EquityMarketStatusIntermission,
		preOpen2: messages.EquityMarketStatusPreOpen2, continuous: messages.EquityMarketStatusOpen2,
		call: messages.EquityMarketStatusCall, offHour: messages.EquityMarketStatusRunOff, halted: messages.EquityMarketStatusOpen2}[p]
}

// derivative is what the derivatives market's exchange info says.
func (p phase) derivative() messages.DerivativesMarketStatus {
	return [...]messages.DerivativesMarketStatus{closed: messages.DerivativesMarketStatusClose, preOpen: messages.DerivativesMarketStatusPreOpen1,
		morning: messages.DerivativesMarketStatusOpen1, intermission: messages.DerivativesMarketStatusIntermission1,
		preOpen2: messages.DerivativesMarketStatusPreOpen2, continuous: messages.DerivativesMarketStatusOpen2,
		call: messages.DerivativesMarketStatusPreSettlement, offHour: messages.DerivativesMarketStatusSettlement,
		halted: messages.DerivativesMarketStatusOpen2}[p]
}

// symbol is what a paper's own price info says.
func (p phase) symbol(derivatives bool) messages.MarketStatus {
	if derivatives {
		return [...]messages.MarketStatus{closed: messages.MarketStatusCloseD, preOpen: messages.MarketStatusPreOpen1D,
			morning: messages.MarketStatusOpen1D, intermission: messages.MarketStatusIntermission1D,
			preOpen2: messages.MarketStatusPreOpen2D, continuous: messages.MarketStatusOpen2D,
			call: messages.MarketStatusPreSettlementD, offHour: messages.MarketStatusSettlementD, halted: messages.MarketStatusHaltD}[p]
	}
	return [...]messages.MarketStatus{closed: messages.MarketStatusCloseE, preOpen: messages.MarketStatusPreOpen1E,
		morning: messages.MarketStatusOpen1E, intermission: messages.MarketStatusIntermissionE,
		preOpen2: messages.MarketStatusPreOpen2E, continuous: messages.MarketStatusOpen2E,
		call: messages.MarketStatusCallE, offHour: messages.MarketStatusRunOffE, halted: messages.MarketStatusHaltE}[p]
}

// schedule is SET's day; the openings and the close fall on random instants, as they do
// there, so that nobody can aim at them.
type schedule struct {
	begins [8]time.Duration // since midnight
	phases [8]phase
}

func newSchedule(rng *rand.Rand) schedule {
	at := func(hour, minute int, random time.Duration) time.Duration {
		d := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
		if random > 0 {
			d += time.Duration(rng.Int64N(int64(random)))
		}
		return d
	}
	return schedule{
		begins: [...]time.Duration{at(9, 30, 0), at(9, 55, 5*time.Minute), at(12, 30, 0), at(13, 30, 0),
			at(13, 55, 5*time.Minute), at(16, 30, 0), at(16, 35, 5*time.Minute), at(17, 0, 0)},
		phases: [...]phase{preOpen, morning, intermission, preOpen2, continuous, call, offHour, closed},
	}
}

// at tells the phase of an instant.
func (s *schedule) at(t time.Time) phase {
	t = t.In(Bangkok)
	since := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute +
		time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
	p := closed
	for i, begin := range s.begins {
		if since >= begin {
			p = s.phases[i]
		}
	}
	return p
}
