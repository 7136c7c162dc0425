package market

import (
	"fmt"

	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

// index is a market as its exchange info shows it.
type index struct {
	name              string
	derivatives       bool
	topic             int
	level, high, low  messages.Price
	before            messages.Price
	volume, value     int64
	deals, interested int64
}

func (i *index) begin(m *Market) {
	if i.derivatives {
		i.topic = m.topic(topic.DerivativesExchangeInfo(i.name))
		i.interested = 100_000
		return
	}
	i.topic = m.topic(topic.EquityExchangeInfo(i.name))
	i.before, i.high, i.low = i.level, i.level, i.level
}

// move lets the index walk by satang and its totals grow.
func (i *index) move(m *Market) {
	if !m.status.trading() {
		return
	}
	i.level += messages.Price(m.rng.IntN(41)-20) * messages.Satang
	i.high, i.low = max(i.high, i.level), min(i.low, i.level)
	n := int64(1 + m.rng.IntN(100_000))
	i.volume += n
	i.value += n * 2500
	i.deals += n / 10
	i.interested += int64(m.rng.IntN(21)) - 10
}

func (i *index) append(m *Market, dst []byte) []byte {
	if i.derivatives {
		return codec.Append(dst, messages.NewDerivativesExchangeInfo(&messages.DerivativesExchangeInfoData{Market: i.name,
			MarketStatus: m.status.derivative(), TotalVolume: i.volume, TotalDeal: i.deals, OpenInterest: int32(i.interested)}))
	}
	change := i.level - i.before
	return codec.Append(dst, messages.NewEquityExchangeInfo(&messages.EquityExchangeInfoData{Market: i.name,
		MarketStatus: m.status.equity(), Current: i.level, High: i.high, Low: i.low, Change: change,
		PercentChange:    change / messages.Satang * 100 * messages.Baht / (i.before / messages.Satang) / messages.Satang * messages.Satang,
		TotalIndexVolume: i.volume, TotalIndexValue: money(i.value)}))
}

// orderBook lets one demo account's orders live: queued, matched in parts, matched or
// cancelled; then the next one.
type orderBook struct {
	account     string
	derivatives bool
	topic       int
	number      int
	paper       *instrument
	price       messages.Price
	buy         bool
	volume      int64
	matched     int64
	cancelled   int64
	over        bool
	entered     int64 // seconds since the epoch
}

func newOrders(m *Market, derivatives bool) *orderBook {
	o := &orderBook{account: m.cfg.EquityAccount, derivatives: derivatives, over: true}
	kind := messages.KindEquityOrder
	if derivatives {
		o.account, kind = m.cfg.DerivativesAccount, messages.KindDerivativesOrder
	}
	o.topic = m.topic(topic.Order(kind, o.account))
	return o
}

// live takes the next step in the life of the account's order.
func (o *orderBook) live(m *Market) {
	switch {
	case o.over:
		papers := m.paper[:m.cfg.Symbols]
		if o.derivatives {
			papers = m.paper[m.cfg.Symbols:]
		}
		p := papers[m.rng.IntN(min(len(papers), 10))]
		*o = orderBook{account: o.account, derivatives: o.derivatives, topic: o.topic, number: o.number + 1, paper: p,
			price: p.bid, buy: m.rng.IntN(2) == 0, volume: p.lot * int64(1+m.rng.IntN(50)), entered: m.Now().Unix()}
	case m.rng.IntN(5) == 0:
		o.cancelled, o.over = o.volume-o.matched, true
	default:
		rest := o.volume - o.matched
		o.matched += min(rest, o.paper.lot*int64(1+m.rng.IntN(30)))
		o.over = o.matched == o.volume
	}
}

func (o *orderBook) status() string {
	switch {
	case o.cancelled > 0:
		return "Cancelled"
	case o.over:
		return "Matched"
	}
	return "Queuing"
}

func (o *orderBook) append(dst []byte) []byte {
	balance := o.volume - o.matched - o.cancelled
	if o.derivatives {
		side := messages.LongSideShort
		if o.buy {
			side = messages.LongSideLong
		}
		return codec.Append(dst, messages.NewDerivativesOrder(&messages.DerivativesOrderData{Version: 1,
			OrderNo: fmt.Sprintf("D%08d", o.number), AccountNo: o.account, EntryTime: messages.Timestamp{Seconds: o.entered},
			SeriesID: o.paper.name, Side: side, Position: messages.PositionAuto, Price: o.price,
			PriceType: messages.DerivativesPriceTypeLimit, Volume: o.volume, BalanceVolume: balance, MatchedVolume: o.matched,
			CancelledVolume: o.cancelled, Valid: messages.DerivativesValidityDay, Status: o.status(), CanCancel: !o.over, CanChange: !o.over}))
	}
	side := messages.SideSell
	if o.buy {
		side = messages.SideBuy
	}
	clock := o.entered + 7*3600
	day := clock % 86400
	return codec.Append(dst, messages.NewEquityOrder(&messages.EquityOrderData{Version: 1,
		OrderNo: fmt.Sprintf("E%08d", o.number), AccountNo: o.account,
		EntryTime: messages.TimeOfDay{Hours: int32(day / 3600), Minutes: int32(day / 60 % 60), Seconds: int32(day % 60)},
		TradeDate: messages.Date{Year: 2026, Month: 11, Day: 24}, Symbol: o.paper.name, Price: o.price,
		PriceType: messages.PriceTypeLimit, Side: side, Volume: o.volume, MatchedVolume: o.matched, BalanceVolume: balance,
		CancelledVolume: o.cancelled, Valid: messages.ValidityDay, Status: o.status(), CanCancel: !o.over, CanChangePriceVol: !o.over}))
}
