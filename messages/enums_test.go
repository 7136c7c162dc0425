package messages

import (
	"fmt"
	"testing"
)

func TestEnumsHaveTheSDKsNamesAndUnknownNumbersTheirDigits(t *testing.T) {
	for _, c := range []struct {
		got  fmt.Stringer
		want string
	}{
		{Flag(0), "UNDEFINED_FLAG"}, {FlagATC, "ATC"}, {Flag(4), "4"}, {Flag(-1), "-1"},
		{MarketStatusOpen1E, "OPEN1_E"}, {MarketStatusPreOpenD, "PRE_OPEN_D"}, {MarketStatusExpiredD, "EXPIRED_D"}, {MarketStatus(39), "EXPIRED_D"},
		{MarketStatus(40), "NO_MATCHING_E"}, {MarketStatus(41), "MISSING41"}, {MarketStatus(47), "CANCEL_E"}, {MarketStatus(48), "48"},
		{EquityMarketStatus(1), "MISSING1"}, {EquityMarketStatusCall, "CALL"}, {EquityMarketStatus(16), "CANCEL"}, {EquityMarketStatus(17), "17"},
		{DerivativesMarketStatus(12), "MISSING12"}, {DerivativesMarketStatusPreSettlement, "PRE_SETTLEMENT"}, {DerivativesMarketStatus(16), "16"},
		{PriceType(5), "MISSING5"}, {PriceTypeMarketToLimit, "MARKET_TO_LIMIT"}, {PriceType(7), "7"},
		{DerivativesPriceType(5), "MISSING5A"}, {DerivativesPriceTypeMarketToLimit, "MARKET_TO_LIMIT"},
		{Side(0), "UNDEFINED_BUYSELL"}, {SideSell, "SELL"}, {LongSide(0), "UNDEFINED_LONGSHORT"}, {LongSideLongAndShort, "LONG_AND_SHORT"},
		{Position(0), "UNDEFINED_POSITION"}, {PositionAuto, "AUTO"}, {Validity(0), "UNDEFINED_VALID"}, {ValidityDay, "DAY"}, {Validity(6), "6"},
		{DerivativesValidity(7), "MISSING7"}, {DerivativesValidityDay, "DAY"}, {DerivativesValidity(1 << 30), "1073741824"},
	} {
		if got := c.got.String(); got != c.want {
			t.Errorf("%T %q, want %s", c.got, got, c.want)
		}
	}
}

func TestAStatusSaysWhetherSilenceIsNews(t *testing.T) {
	type status interface {
		Open() (open, known bool)
		String() string
	}
	for _, c := range []struct {
		status      status
		open, known bool
	}{
		{MarketStatus(0), false, false}, {MarketStatusOpen1E, true, true}, {MarketStatusCallE, true, true}, {MarketStatusIntermissionE, false, true},
		{MarketStatusHaltE, false, true}, {MarketStatus(41), false, false}, {MarketStatus(99), false, false}, {MarketStatusNightE, true, true},
		{MarketStatusOpen2D, true, true}, {MarketStatusCloseD, false, true}, {MarketStatus(-1), false, false},
		{EquityMarketStatus(0), false, false}, {EquityMarketStatus(4), false, false}, {EquityMarketStatusOpen2, true, true},
		{EquityMarketStatusPreOpen1, true, true}, {EquityMarketStatusRunOff, false, true}, {EquityMarketStatus(17), false, false},
		{DerivativesMarketStatus(0), false, false}, {DerivativesMarketStatus(13), false, false}, {DerivativesMarketStatusOpen0, true, true},
		{DerivativesMarketStatusIntermission3, false, true}, {DerivativesMarketStatusDay, true, true}, {DerivativesMarketStatus(99), false, false},
	} {
		if open, known := c.status.Open(); open != c.open || known != c.known {
			t.Errorf("%T %v: open %v, known %v", c.status, c.status, open, known)
		}
	}
}
