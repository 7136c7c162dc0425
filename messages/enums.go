package messages

import "strconv"

// The enums keep the exchange's numbers, and a number that is unknown is kept as it came:
// the exchange adds sessions and order types without a word.

func enumName(names []string, n int32) string {
	if n >= 0 && int(n) < len(names) {
		return names[n]
	}
	return strconv.Itoa(int(n))
}

// Flag says what a side of a book holds. In the auctions level 1 has price 0, which means "no price", and the flag says why.
type Flag int32

// The values of Flag, numbered as the exchange numbers them.
const (
	FlagUndefined Flag = 0
	FlagNormal    Flag = 1
	FlagATO       Flag = 2
	FlagATC       Flag = 3
)

var flagNames = [...]string{
	"UNDEFINED_FLAG", "NORMAL", "ATO", "ATC",
}

// String gives the official SDK's name, the digits of a number it does not know.
func (f Flag) String() string { return enumName(flagNames[:], int32(f)) }

// PriceType says how an equity order is priced.
type PriceType int32

// The values of PriceType, numbered as the exchange numbers them.
const (
	PriceTypeUndefined     PriceType = 0
	PriceTypeLimit         PriceType = 1
	PriceTypeATO           PriceType = 2
	PriceTypeATC           PriceType = 3
	PriceTypeMarket        PriceType = 4
	PriceTypeMarketToLimit PriceType = 6
)

var priceTypeNames = [...]string{
	"UNDEFINED_PRICE_TYPE", "LIMIT", "ATO", "ATC", "MARKET", "MISSING5", "MARKET_TO_LIMIT",
}

// String gives the official SDK's name, the digits of a number it does not know.
func (p PriceType) String() string { return enumName(priceTypeNames[:], int32(p)) }

// DerivativesPriceType says how a derivatives order is priced.
type DerivativesPriceType int32

// The values of DerivativesPriceType, numbered as the exchange numbers them.
const (
	DerivativesPriceTypeUndefined     DerivativesPriceType = 0
	DerivativesPriceTypeLimit         DerivativesPriceType = 1
	DerivativesPriceTypeATO           DerivativesPriceType = 2
	DerivativesPriceTypeATC           DerivativesPriceType = 3
	DerivativesPriceTypeMarket        DerivativesPriceType = 4
	DerivativesPriceTypeMarketToLimit DerivativesPriceType = 6
)

var derivativesPriceTypeNames = [...]string{
	"UNDEFINED_PRICE_TYPE", "LIMIT", "ATO", "ATC", "MARKET", "MISSING5A", "MARKET_TO_LIMIT",
}

// String gives the official SDK's name, the digits of a number it does not know.
func (d DerivativesPriceType) String() string {
	return enumName(derivativesPriceTypeNames[:], int32(d))
}

// Side is the side of an equity order.
type Side int32

// The values of Side, numbered as the exchange numbers them.
const (
	SideUndefined Side = 0
	SideBuy       Side = 1
	SideSell      Side = 2
)

var sideNames = [...]string{
	"UNDEFINED_BUYSELL", "BUY", "SELL",
}

// String gives the official SDK's name, the digits of a number it does not know.
func (s Side) String() string { return enumName(sideNames[:], int32(s)) }

// LongSide is the side of a derivatives order.
type LongSide int32

// The values of LongSide, numbered as the exchange numbers them.
const (
	LongSideUndefined    LongSide = 0
	LongSideLong         LongSide = 1
	LongSideShort        LongSide = 2
	LongSideLongAndShort LongSide = 3
)

var longSideNames = [...]string{
	"UNDEFINED_LONGSHORT", "LONG", "SHORT", "LONG_AND_SHORT",
}

// String gives the official SDK's name, the digits of a number it does not know.
func (l LongSide) String() string { return enumName(longSideNames[:], int32(l)) }

// Position says whether a derivatives order opens a position or closes one.
type Position int32

// The values of Position, numbered as the exchange numbers them.
const (
	PositionUndefined Position = 0
	PositionOpen      Position = 1
	PositionClose     Position = 2
	PositionAuto      Position = 3
)

var positionNames = [...]string{
	"UNDEFINED_POSITION", "OPEN", "CLOSE", "AUTO",
}

// String gives the official SDK's name, the digits of a number it does not know.
func (p Position) String() string { return enumName(positionNames[:], int32(p)) }

// Validity says how long an equity order stands.
type Validity int32

// The values of Validity, numbered as the exchange numbers them.
const (
	ValidityUndefined Validity = 0
	ValidityFOK       Validity = 1
	ValidityIOC       Validity = 2
	ValidityGTD       Validity = 3
	ValidityGTC       Validity = 4
	ValidityDay       Validity = 5
)

var validityNames = [...]string{
	"UNDEFINED_VALID", "FOK", "IOC", "GTD", "GTC", "DAY",
}

// String gives the official SDK's name, the digits of a number it does not know.
func (v Validity) String() string { return enumName(validityNames[:], int32(v)) }

// DerivativesValidity says how long a derivatives order stands.
type DerivativesValidity int32

// The values of DerivativesValidity, numbered as the exchange numbers them.
const (
	DerivativesValidityUndefined DerivativesValidity = 0
	DerivativesValidityFOK       DerivativesValidity = 1
	DerivativesValidityIOC       DerivativesValidity = 2
	DerivativesValidityGTD       DerivativesValidity = 3
	DerivativesValidityGTC       DerivativesValidity = 4
	DerivativesValidityDay       DerivativesValidity = 8
)

var derivativesValidityNames = [...]string{
	"UNDEFINED_VALID", "FOK", "IOC", "GTD", "GTC", "MISSING5", "MISSING6", "MISSING7", "DAY",
}

// String gives the official SDK's name, the digits of a number it does not know.
func (d DerivativesValidity) String() string { return enumName(derivativesValidityNames[:], int32(d)) }
