package market

import (
	"time"

	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

// instrument is one paper: a book around its best bid, and the day's trades.
type instrument struct {
	name        string
	derivatives bool
	bookTopic   int
	infoTopic   int
	before      messages.Price // previous close
	bid         messages.Price // best
	spread      int            // ticks between best bid and best ask
	depth       int            // levels a side
	bids, asks  [messages.Levels]int64
	lot         int64

	last, high, low messages.Price
	traded          bool
	volume          int64
	value           int64 // nano-baht of the last trade's price times volume go in whole satang
	projected       int64
	candles         []bar
	sequence        int64
}

// bar is a candle that is being drawn.
type bar struct {
	topic                  int
	span                   time.Duration
	from                   time.Time
	open, high, low, close messages.Price
	volume, value          int64
	sequence               int64
}

// spans are the candles' lengths; a month is counted as thirty days, which is near enough
// for a market that does not exist.
var spans = map[string]time.Duration{"1m": time.Minute, "3m": 3 * time.Minute, "5m": 5 * time.Minute, "10m": 10 * time.Minute,
	"15m": 15 * time.Minute, "30m": 30 * time.Minute, "60m": time.Hour, "120m": 2 * time.Hour, "240m": 4 * time.Hour,
	"1d": 24 * time.Hour, "1w": 7 * 24 * time.Hour, "1M": 30 * 24 * time.Hour}

func (m *Market) list(name string, derivatives bool) *instrument {
	p := &instrument{name: name, derivatives: derivatives, spread: 1 + m.rng.IntN(2), depth: messages.Levels, lot: 100}
	p.bookTopic, p.infoTopic = m.topic(topic.BidOffer(name)), m.topic(topic.PriceInfo(name))
	// Prices spread over all of SET's tick sizes, evenly on a scale of ratios.
	bases := []int64{1, 3, 7, 15, 34, 62, 130, 250, 480}
	p.before = messages.Price(bases[m.rng.IntN(len(bases))])*messages.Baht + messages.Price(m.rng.IntN(90))*messages.Satang
	if derivatives {
		p.lot, p.before = 1, messages.Price(900+m.rng.IntN(80))*messages.Baht
	}
	p.before = p.before.RoundDown()
	if p.before >= 500*messages.Baht {
		p.lot = 50
	}
	if m.rng.IntN(8) == 0 {
		p.depth = 3 + m.rng.IntN(6) // some books are thin
	}
	p.bid = p.before
	for i := range p.bids {
		p.bids[i], p.asks[i] = p.size(m), p.size(m)
	}
	for _, name := range intervals {
		p.candles = append(p.candles, bar{topic: m.topic(topic.Candlestick(p.name, name)), span: spans[name]})
	}
	p.last, p.high, p.low = p.before, p.before, p.before
	return p
}

func (p *instrument) size(m *Market) int64 { return p.lot * int64(1+m.rng.IntN(500)) }

// moveBook changes one level, and now and then the best price, within 30 % of the previous
// close as SET allows.
func (p *instrument) moveBook(m *Market) {
	level := m.rng.IntN(p.depth)
	if m.rng.IntN(2) == 0 {
		p.bids[level] = p.size(m)
	} else {
		p.asks[level] = p.size(m)
	}
	if m.rng.IntN(6) != 0 {
		return
	}
	n := 1
	if m.rng.IntN(2) == 0 {
		n = -1
	}
	to := p.bid.AddTicks(n)
	// Ten levels and the spread lie between the best prices and the limits.
	if to.AddTicks(14) > p.before/10*13 || to.AddTicks(-10) < p.before/10*7 || to.AddTicks(-12) <= 0 {
		if back := p.bid.AddTicks(-n); back.AddTicks(-12) > 0 {
			to = back
		} else {
			return
		}
	}
	p.bid = to
	if n > 0 {
		copy(p.bids[1:], p.bids[:messages.Levels-1])
		p.bids[0] = p.size(m)
	} else {
		copy(p.asks[1:], p.asks[:messages.Levels-1])
		p.asks[0] = p.size(m)
	}
}

// match makes a trade at the best bid or ask.
func (p *instrument) match(m *Market) {
	price := p.bid
	if m.rng.IntN(2) == 0 {
		price = p.bid.AddTicks(p.spread)
	}
	volume := p.lot * int64(1+m.rng.IntN(20))
	value := satang(price) * volume
	if !p.traded {
		p.high, p.low, p.traded = price, price, true
	}
	p.last, p.high, p.low = price, max(p.high, price), min(p.low, price)
	p.volume += volume
	p.value += value
	p.projected = 0
	now := m.Now()
	for i := range p.candles {
		b := &p.candles[i]
		if from := now.Truncate(b.span); !from.Equal(b.from) || b.sequence == 0 {
			p.sequence++
			*b = bar{topic: b.topic, span: b.span, from: from, open: price, high: price, low: price, sequence: p.sequence}
		}
		b.high, b.low, b.close = max(b.high, price), min(b.low, price), price
		b.volume += volume
		b.value += value
	}
}

// project lets the volume that an auction would match grow.
func (p *instrument) project(m *Market) { p.projected += p.lot * int64(m.rng.IntN(50)) }

func satang(p messages.Price) int64 { return int64(p / messages.Satang) }

// money gives satang as an amount.
func money(satang int64) messages.Money {
	v, _ := messages.NewMoney(satang/100, int32(satang%100)*10_000_000)
	return v
}

func (p *instrument) book(m *Market, d *messages.BidOfferData) {
	*d = messages.BidOfferData{Symbol: p.name, BidFlag: m.status.flag(), AskFlag: m.status.flag()}
	bid, ask := p.bid, p.bid.AddTicks(p.spread)
	for i := range p.depth {
		d.Bids[i] = messages.Level{Price: bid, Volume: p.bids[i]}
		d.Asks[i] = messages.Level{Price: ask, Volume: p.asks[i]}
		bid, ask = bid.AddTicks(-1), ask.AddTicks(1)
	}
	if d.BidFlag != messages.FlagNormal {
		d.Bids[0].Price, d.Asks[0].Price = 0, 0 // orders at any price stand first, without one
	}
}

func (p *instrument) info(m *Market, d *messages.PriceInfoData) {
	*d = messages.PriceInfoData{Symbol: p.name, High: p.high, Low: p.low, Last: p.last, Change: p.last - p.before,
		TotalVolume: p.volume, TotalValue: money(p.value), MarketStatus: m.status.symbol(p.derivatives)}
	if m.status.auction() {
		d.ProjectedOpenPrice, d.ProjectedOpenVolume = p.bid, p.projected
	}
}

func (p *instrument) candle(m *Market, i int, d *messages.CandlestickData) {
	b := p.candles[i]
	if b.sequence == 0 { // no trade yet: a flat bar at the last price
		b.open, b.high, b.low, b.close, b.from = p.last, p.last, p.last, p.last, m.Now().Truncate(b.span)
	}
	*d = messages.CandlestickData{Symbol: p.name, Interval: intervals[i], LastSequence: b.sequence,
		OpenTime: messages.Timestamp{Seconds: b.from.Unix()}, Open: b.open, High: b.high, Low: b.low, Close: b.close,
		Volume: b.volume, Value: money(b.value)}
}
