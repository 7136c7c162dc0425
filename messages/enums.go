package messages

import "strconv"

// The enums keep the exchange's numbers; an unknown number is kept as it came. String
// gives the official SDK's name, an unknown number its digits.

func enumName(names map[int32]string, n int32) string {
	if s, ok := names[n]; ok {
		return s
	}
	return strconv.Itoa(int(n))
}

// Flag says what a side of a book holds: in the auctions level 1 has price 0 and the flag says why.
type Flag int32

// The flags of a side of a book.
const (
	FlagUndefined Flag = iota
	FlagNormal
	FlagATO // at the open
	FlagATC // at the close
)

var flagNames = map[int32]string{0: "UNDEFINED_FLAG", 1: "NORMAL", 2: "ATO", 3: "ATC"}

func (f Flag) String() string { return enumName(flagNames, int32(f)) }

// MarketStatus is a symbol's status in a PriceInfo; equities' names end in _E, derivatives' in _D.
type MarketStatus int32

var marketStatusNames = map[int32]string{
	0: "UNDEFINED_MARKET_STATUS", 1: "PRE_OPEN_E", 2: "PRE_OPEN1_E", 3: "PRE_OPEN2_E", 4: "OPEN_E", 5: "OPEN1_E",
	6: "OPEN2_E", 7: "INTERMISSION_E", 8: "CALL_E", 9: "RUN_OFF_E", 10: "CLOSE_E", 11: "FREEZE1_E", 12: "FREEZE2_E",
	13: "FREEZE3_E", 14: "HALT_E", 15: "FULL_HALT_E", 16: "CIRCUIT_BREAK_E", 17: "SUSPEND_E", 18: "PAUSE_E",
	19: "EXPIRED_E", 20: "PRE_OPEN_D", 21: "PRE_OPEN0_D", 22: "PRE_OPEN1_D", 23: "PRE_OPEN2_D", 24: "OPEN0_D",
	25: "OPEN1_D", 26: "OPEN2_D", 27: "DAY_D", 28: "PRE_SETTLEMENT_D", 29: "SETTLEMENT_D", 30: "INTERMISSION1_D",
	31: "INTERMISSION2_D", 32: "INTERMISSION3_D", 33: "CLOSE_D", 34: "HALT_D", 35: "FULL_HALT_D",
	36: "CIRCUIT_BREAK_D", 37: "SUSPEND_D", 38: "PAUSE_D", 39: "EXPIRED_D", 40: "NO_MATCHING_E", 41: "MISSING41",
	42: "PRE_DAY_E", 43: "PRE_NIGHT_E", 44: "DAY_E", 45: "NIGHT_E", 46: "INTERMISSION_NIGHT_E", 47: "CANCEL_E",
}

func (s MarketStatus) String() string { return enumName(marketStatusNames, int32(s)) }

// EquityMarketStatus is a market's status in an EquityExchangeInfo.
type EquityMarketStatus int32

var equityMarketStatusNames = map[int32]string{
	0: "UNDEFINED_MARKET_STATUS", 1: "MISSING1", 2: "PRE_OPEN1", 3: "PRE_OPEN2", 4: "MISSING4", 5: "OPEN1", 6: "OPEN2",
	7: "INTERMISSION", 8: "CALL", 9: "RUN_OFF", 10: "CLOSE", 11: "PRE_DAY", 12: "PRE_NIGHT", 13: "DAY", 14: "NIGHT",
	15: "INTERMISSION_NIGHT", 16: "CANCEL",
}

func (s EquityMarketStatus) String() string { return enumName(equityMarketStatusNames, int32(s)) }

// Open reports whether the market trades continuously or in an auction now, so that silence
// would be news; known is false for a status that says nothing about it.
func (s EquityMarketStatus) Open() (open, known bool) {
	switch s {
	case 2, 3, 5, 6, 8, 13, 14:
		return true, true
	case 7, 9, 10, 11, 12, 15, 16:
		return false, true
	}
	return false, false
}

// DerivativesMarketStatus is a market's status in a DerivativesExchangeInfo.
type DerivativesMarketStatus int32

var derivativesMarketStatusNames = map[int32]string{
	0: "UNDEFINED_MARKET_STATUS", 1: "PRE_OPEN0", 2: "PRE_OPEN1", 3: "PRE_OPEN2", 4: "OPEN0", 5: "OPEN1", 6: "OPEN2",
	7: "INTERMISSION1", 8: "INTERMISSION2", 9: "INTERMISSION3", 10: "SETTLEMENT", 11: "CLOSE", 12: "MISSING12",
	13: "MISSING13", 14: "DAY", 15: "PRE_SETTLEMENT",
}

func (s DerivativesMarketStatus) String() string {
	return enumName(derivativesMarketStatusNames, int32(s))
}

// Open is as EquityMarketStatus.Open.
func (s DerivativesMarketStatus) Open() (open, known bool) {
	switch s {
	case 1, 2, 3, 4, 5, 6, 14:
		return true, true
	case 7, 8, 9, 10, 11, 15:
		return false, true
	}
	return false, false
}

// PriceType says how an equity order is priced.
type PriceType int32

var priceTypeNames = map[int32]string{0: "UNDEFINED_PRICE_TYPE", 1: "LIMIT", 2: "ATO", 3: "ATC", 4: "MARKET", 5: "MISSING5", 6: "MARKET_TO_LIMIT"}

func (p PriceType) String() string { return enumName(priceTypeNames, int32(p)) }

// DerivativesPriceType says how a derivatives order is priced.
type DerivativesPriceType int32

var derivativesPriceTypeNames = map[int32]string{0: "UNDEFINED_PRICE_TYPE", 1: "LIMIT", 2: "ATO", 3: "ATC", 4: "MARKET", 5: "MISSING5A", 6: "MARKET_TO_LIMIT"}

func (p DerivativesPriceType) String() string { return enumName(derivativesPriceTypeNames, int32(p)) }

// Side of an equity order.
type Side int32

// The sides of an equity order.
const (
	SideUndefined Side = iota
	SideBuy
	SideSell
)

var sideNames = map[int32]string{0: "UNDEFINED_BUYSELL", 1: "BUY", 2: "SELL"}

func (s Side) String() string { return enumName(sideNames, int32(s)) }

// LongShort is the side of a derivatives order.
type LongShort int32

var longShortNames = map[int32]string{0: "UNDEFINED_LONGSHORT", 1: "LONG", 2: "SHORT", 3: "LONG_AND_SHORT"}

func (s LongShort) String() string { return enumName(longShortNames, int32(s)) }

// Position says whether a derivatives order opens or closes one.
type Position int32

var positionNames = map[int32]string{0: "UNDEFINED_POSITION", 1: "OPEN", 2: "CLOSE", 3: "AUTO"}

func (p Position) String() string { return enumName(positionNames, int32(p)) }

// Validity says how long an equity order stands.
type Validity int32

var validityNames = map[int32]string{0: "UNDEFINED_VALID", 1: "FOK", 2: "IOC", 3: "GTD", 4: "GTC", 5: "DAY"}

func (v Validity) String() string { return enumName(validityNames, int32(v)) }

// DerivativesValidity says how long a derivatives order stands.
type DerivativesValidity int32

var derivativesValidityNames = map[int32]string{0: "UNDEFINED_VALID", 1: "FOK", 2: "IOC", 3: "GTD", 4: "GTC", 5: "MISSING5", 6: "MISSING6", 7: "MISSING7", 8: "DAY"}

func (v DerivativesValidity) String() string { return enumName(derivativesValidityNames, int32(v)) }
