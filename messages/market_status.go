package messages

// MarketStatus is a symbol's status in a PriceInfo: those that end in E are equities', those in D derivatives'.
type MarketStatus int32

// The values of MarketStatus, numbered as the exchange numbers them.
const (
	MarketStatusUndefined          MarketStatus = 0
	MarketStatusPreOpenE           MarketStatus = 1
	MarketStatusPreOpen1E          MarketStatus = 2
	MarketStatusPreOpen2E          MarketStatus = 3
	MarketStatusOpenE              MarketStatus = 4
	MarketStatusOpen1E             MarketStatus = 5
	MarketStatusOpen2E             MarketStatus = 6
	MarketStatusIntermissionE      MarketStatus = 7
	MarketStatusCallE              MarketStatus = 8
	MarketStatusRunOffE            MarketStatus = 9
	MarketStatusCloseE             MarketStatus = 10
	MarketStatusFreeze1E           MarketStatus = 11
	MarketStatusFreeze2E           MarketStatus = 12
	MarketStatusFreeze3E           MarketStatus = 13
	MarketStatusHaltE              MarketStatus = 14
	MarketStatusFullHaltE          MarketStatus = 15
	MarketStatusCircuitBreakE      MarketStatus = 16
	MarketStatusSuspendE           MarketStatus = 17
	MarketStatusPauseE             MarketStatus = 18
	MarketStatusExpiredE           MarketStatus = 19
	MarketStatusPreOpenD           MarketStatus = 20
	MarketStatusPreOpen0D          MarketStatus = 21
	MarketStatusPreOpen1D          MarketStatus = 22
	MarketStatusPreOpen2D          MarketStatus = 23
	MarketStatusOpen0D             MarketStatus = 24
	MarketStatusOpen1D             MarketStatus = 25
	MarketStatusOpen2D             MarketStatus = 26
	MarketStatusDayD               MarketStatus = 27
	MarketStatusPreSettlementD     MarketStatus = 28
	MarketStatusSettlementD        MarketStatus = 29
	MarketStatusIntermission1D     MarketStatus = 30
	MarketStatusIntermission2D     MarketStatus = 31
	MarketStatusIntermission3D     MarketStatus = 32
	MarketStatusCloseD             MarketStatus = 33
	MarketStatusHaltD              MarketStatus = 34
	MarketStatusFullHaltD          MarketStatus = 35
	MarketStatusCircuitBreakD      MarketStatus = 36
	MarketStatusSuspendD           MarketStatus = 37
	MarketStatusPauseD             MarketStatus = 38
	MarketStatusExpiredD           MarketStatus = 39
	MarketStatusNoMatchingE        MarketStatus = 40
	MarketStatusPreDayE            MarketStatus = 42
	MarketStatusPreNightE          MarketStatus = 43
	MarketStatusDayE               MarketStatus = 44
	MarketStatusNightE             MarketStatus = 45
	MarketStatusIntermissionNightE MarketStatus = 46
	MarketStatusCancelE            MarketStatus = 47
)

var marketStatusNames = [...]string{
	"UNDEFINED_MARKET_STATUS", "PRE_OPEN_E", "PRE_OPEN1_E", "PRE_OPEN2_E", "OPEN_E", "OPEN1_E", "OPEN2_E",
	"INTERMISSION_E", "CALL_E", "RUN_OFF_E", "CLOSE_E", "FREEZE1_E", "FREEZE2_E", "FREEZE3_E", "HALT_E",
	"FULL_HALT_E", "CIRCUIT_BREAK_E", "SUSPEND_E", "PAUSE_E", "EXPIRED_E", "PRE_OPEN_D", "PRE_OPEN0_D",
	"PRE_OPEN1_D", "PRE_OPEN2_D", "OPEN0_D", "OPEN1_D", "OPEN2_D", "DAY_D", "PRE_SETTLEMENT_D", "SETTLEMENT_D",
	"INTERMISSION1_D", "INTERMISSION2_D", "INTERMISSION3_D", "CLOSE_D", "HALT_D", "FULL_HALT_D",
	"CIRCUIT_BREAK_D", "SUSPEND_D", "PAUSE_D", "EXPIRED_D", "NO_MATCHING_E", "MISSING41", "PRE_DAY_E",
	"PRE_NIGHT_E", "DAY_E", "NIGHT_E", "INTERMISSION_NIGHT_E", "CANCEL_E",
}

// String gives the official SDK's name, the digits of a number it does not know.
func (m MarketStatus) String() string { return enumName(marketStatusNames[:], int32(m)) }

// EquityMarketStatus is a market's status in an EquityExchangeInfo.
type EquityMarketStatus int32

// The values of EquityMarketStatus, numbered as the exchange numbers them.
const (
	EquityMarketStatusUndefined         EquityMarketStatus = 0
	EquityMarketStatusPreOpen1          EquityMarketStatus = 2
	EquityMarketStatusPreOpen2          EquityMarketStatus = 3
	EquityMarketStatusOpen1             EquityMarketStatus = 5
	EquityMarketStatusOpen2             EquityMarketStatus = 6
	EquityMarketStatusIntermission      EquityMarketStatus = 7
	EquityMarketStatusCall              EquityMarketStatus = 8
	EquityMarketStatusRunOff            EquityMarketStatus = 9
	EquityMarketStatusClose             EquityMarketStatus = 10
	EquityMarketStatusPreDay            EquityMarketStatus = 11
	EquityMarketStatusPreNight          EquityMarketStatus = 12
	EquityMarketStatusDay               EquityMarketStatus = 13
	EquityMarketStatusNight             EquityMarketStatus = 14
	EquityMarketStatusIntermissionNight EquityMarketStatus = 15
	EquityMarketStatusCancel            EquityMarketStatus = 16
)

var equityMarketStatusNames = [...]string{
	"UNDEFINED_MARKET_STATUS", "MISSING1", "PRE_OPEN1", "PRE_OPEN2", "MISSING4", "OPEN1", "OPEN2",
	"INTERMISSION", "CALL", "RUN_OFF", "CLOSE", "PRE_DAY", "PRE_NIGHT", "DAY", "NIGHT", "INTERMISSION_NIGHT",
	"CANCEL",
}

// String gives the official SDK's name, the digits of a number it does not know.
func (e EquityMarketStatus) String() string { return enumName(equityMarketStatusNames[:], int32(e)) }

// DerivativesMarketStatus is a market's status in a DerivativesExchangeInfo.
type DerivativesMarketStatus int32

// The values of DerivativesMarketStatus, numbered as the exchange numbers them.
const (
	DerivativesMarketStatusUndefined     DerivativesMarketStatus = 0
	DerivativesMarketStatusPreOpen0      DerivativesMarketStatus = 1
	DerivativesMarketStatusPreOpen1      DerivativesMarketStatus = 2
	DerivativesMarketStatusPreOpen2      DerivativesMarketStatus = 3
	DerivativesMarketStatusOpen0         DerivativesMarketStatus = 4
	DerivativesMarketStatusOpen1         DerivativesMarketStatus = 5
	DerivativesMarketStatusOpen2         DerivativesMarketStatus = 6
	DerivativesMarketStatusIntermission1 DerivativesMarketStatus = 7
	DerivativesMarketStatusIntermission2 DerivativesMarketStatus = 8
	DerivativesMarketStatusIntermission3 DerivativesMarketStatus = 9
	DerivativesMarketStatusSettlement    DerivativesMarketStatus = 10
	DerivativesMarketStatusClose         DerivativesMarketStatus = 11
	DerivativesMarketStatusDay           DerivativesMarketStatus = 14
	DerivativesMarketStatusPreSettlement DerivativesMarketStatus = 15
)

var derivativesMarketStatusNames = [...]string{
	"UNDEFINED_MARKET_STATUS", "PRE_OPEN0", "PRE_OPEN1", "PRE_OPEN2", "OPEN0", "OPEN1", "OPEN2",
	"INTERMISSION1", "INTERMISSION2", "INTERMISSION3", "SETTLEMENT", "CLOSE", "MISSING12", "MISSING13", "DAY",
	"PRE_SETTLEMENT",
}

// String gives the official SDK's name, the digits of a number it does not know.
func (d DerivativesMarketStatus) String() string {
	return enumName(derivativesMarketStatusNames[:], int32(d))
}

// Open reports whether the symbol can trade now, continuously or in an auction, so that
// its silence would be news. known is false for a status that says nothing about it.
func (m MarketStatus) Open() (open, known bool) {
	switch m {
	case MarketStatusPreOpenE, MarketStatusPreOpen1E, MarketStatusPreOpen2E, MarketStatusOpenE, MarketStatusOpen1E,
		MarketStatusOpen2E, MarketStatusCallE, MarketStatusDayE, MarketStatusNightE, MarketStatusPreOpenD,
		MarketStatusPreOpen0D, MarketStatusPreOpen1D, MarketStatusPreOpen2D, MarketStatusOpen0D, MarketStatusOpen1D,
		MarketStatusOpen2D, MarketStatusDayD:
		return true, true
	}
	return false, m > 0 && int(m) < len(marketStatusNames) && m != 41
}

// Open is as MarketStatus.Open, for a whole market.
func (e EquityMarketStatus) Open() (open, known bool) {
	switch e {
	case EquityMarketStatusPreOpen1, EquityMarketStatusPreOpen2, EquityMarketStatusOpen1, EquityMarketStatusOpen2,
		EquityMarketStatusCall, EquityMarketStatusDay, EquityMarketStatusNight:
		return true, true
	}
	return false, e > 0 && int(e) < len(equityMarketStatusNames) && e != 1 && e != 4
}

// Open is as MarketStatus.Open, for a whole market.
func (d DerivativesMarketStatus) Open() (open, known bool) {
	switch d {
	case DerivativesMarketStatusPreOpen0, DerivativesMarketStatusPreOpen1, DerivativesMarketStatusPreOpen2,
		DerivativesMarketStatusOpen0, DerivativesMarketStatusOpen1, DerivativesMarketStatusOpen2, DerivativesMarketStatusDay:
		return true, true
	}
	return false, d > 0 && int(d) < len(derivativesMarketStatusNames) && d != 12 && d != 13
}
