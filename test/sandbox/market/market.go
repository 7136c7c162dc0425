// Package market is the market inside the sandbox exchange: a pure generator without
// goroutines, clock or network. Its stream depends on its configuration alone, above all on
// the seed: the same configuration makes the same messages at the same virtual instants,
// whoever subscribes to what.
//
// There are price walks on SET's tick sizes, ten levels a side, trades that make the price
// infos and the candles, indices, a derivatives market, and orders of two demo accounts that
// go through their life. It is always open, or runs through the sessions of the day.
package market

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"time"

	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

// Bangkok is the market's time zone, which knows no daylight saving.
var Bangkok = time.FixedZone("Asia/Bangkok", 7*3600)

// The clocks.
const (
	ClockOpen = "open" // always in continuous trading
	ClockDay  = "day"  // through the sessions of the day, again and again
)

// Config says everything that the stream depends on.
type Config struct {
	Seed    int64
	Symbols int       // equities, 1 to 900
	Rate    float64   // messages a virtual second, over all topics
	Start   time.Time // virtual; zero for 2026-11-24 in Bangkok, 10:00 or, with ClockDay, 09:25
	Clock   string
	// EquityAccount and DerivativesAccount own the demo orders.
	EquityAccount, DerivativesAccount string
}

// Validate tells all that cannot work.
func (c Config) Validate() error {
	var errs []error
	if c.Symbols < 1 || c.Symbols > 900 {
		errs = append(errs, fmt.Errorf("symbols %d: expected 1 to 900", c.Symbols))
	}
	if !(c.Rate > 0 && c.Rate <= 100_000) {
		errs = append(errs, fmt.Errorf("rate %v: expected more than 0 and at most 100000 messages a second", c.Rate))
	}
	if c.Clock != ClockOpen && c.Clock != ClockDay {
		errs = append(errs, fmt.Errorf("clock %q: expected %s or %s", c.Clock, ClockOpen, ClockDay))
	}
	if c.EquityAccount == "" || c.DerivativesAccount == "" {
		errs = append(errs, errors.New("accounts: expected an equity and a derivatives account"))
	}
	return errors.Join(errs...)
}

// Market makes the stream. It is for one goroutine.
type Market struct {
	cfg    Config
	rng    *rand.Rand
	start  time.Time
	at     time.Duration
	frac   float64 // of the step, what whole nanoseconds leave over
	topics []string

	paper   []*instrument // equities, then series
	weights []float64     // cumulative activity of paper
	opening []opening     // what is said first: infos, then each book and price info once; after a halt or its end each price info
	indices []*index
	orders  [2]*orderBook
	day     schedule
	status  phase
	halted  bool
	due     struct{ index, order time.Duration }
	turn    int // round-robin over indices and accounts

	data struct { // scratch, so that a message allocates nothing
		book   messages.BidOfferData
		info   messages.PriceInfoData
		candle messages.CandlestickData
	}
}

// Message is one message of the stream. It is good until the next call of Next.
type Message struct {
	At      time.Duration // virtual, since the start; never less than that of the one before
	Topic   string
	TopicID int // index in Topics
	what    what
	m       *Market
	paper   *instrument
	index   *index
	orders  *orderBook
	candle  int
}

type what uint8

const (
	book what = iota
	info
	candle
	exchangeInfo
	order
)

type opening struct {
	what  what
	index *index
	paper *instrument
}

// New makes a market, or says all that is wrong with its configuration.
func New(cfg Config) (*Market, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	m := &Market{cfg: cfg, rng: rand.New(rand.NewPCG(uint64(cfg.Seed), 0x5e77)), start: cfg.Start}
	if m.start.IsZero() {
		m.start = time.Date(2026, 11, 24, 10, 0, 0, 0, Bangkok)
		if cfg.Clock == ClockDay {
			m.start = time.Date(2026, 11, 24, 9, 25, 0, 0, Bangkok)
		}
	}
	m.day = newSchedule(m.rng)
	for _, i := range []*index{
		{name: "SET", level: 1300 * messages.Baht}, {name: "mai", level: 320 * messages.Baht}, {name: "TFEX", derivatives: true},
	} {
		i.begin(m)
		m.indices = append(m.indices, i)
		m.opening = append(m.opening, opening{what: exchangeInfo, index: i})
	}
	total := 0.0
	for rank, name := range append(DefaultSymbols(cfg.Symbols), series...) {
		p := m.list(name, rank >= cfg.Symbols)
		// Activity falls with the rank, as on any exchange: a few names make most of the traffic.
		weight := 1 / math.Pow(float64(rank+1), 0.8)
		if p.derivatives {
			weight = 0.05
		}
		total += weight
		m.paper, m.weights = append(m.paper, p), append(m.weights, total)
		m.opening = append(m.opening, opening{what: book, paper: p}, opening{what: info, paper: p})
	}
	m.orders[0] = newOrders(m, false)
	m.orders[1] = newOrders(m, true)
	return m, nil
}

func (m *Market) topic(name string) int {
	m.topics = append(m.topics, name)
	return len(m.topics) - 1
}

// Topics lists all topics of the stream; a message's TopicID is an index in it.
func (m *Market) Topics() []string { return m.topics }

// Halt makes the market say that it is halted, or ends that. It is the one thing outside
// the configuration that alters the stream.
func (m *Market) Halt(on bool) { m.halted = on }

// Now is the virtual time of the last message.
func (m *Market) Now() time.Time { return m.start.Add(m.at) }

// Next makes the next message.
func (m *Market) Next(out *Message) {
	m.step()
	*out = Message{m: m}
	switch {
	case len(m.opening) > 0:
		o := m.opening[0]
		m.opening = m.opening[1:]
		out.what, out.index, out.paper = o.what, o.index, o.paper
	case m.at >= m.due.index:
		out.what, out.index = exchangeInfo, m.indices[m.turn%len(m.indices)]
		m.turn++
		// Each market speaks once a second, and after a change of status at once.
		// A slow stream is not made of them alone.
		m.due.index = m.at + max(time.Second/time.Duration(len(m.indices)), m.share(0.1))
		out.index.move(m)
	case m.at >= m.due.order && m.status.trading():
		out.what, out.orders = order, m.orders[m.rng.IntN(2)]
		m.due.order = m.at + max(time.Duration(float64(time.Second)*(0.5+m.rng.Float64())), m.share(0.05))
		out.orders.live(m)
	default:
		m.trade(out)
	}
	out.At = m.at
	switch out.what {
	case book:
		out.TopicID = out.paper.bookTopic
	case info:
		out.TopicID = out.paper.infoTopic
	case candle:
		out.TopicID = out.paper.candles[out.candle].topic
	case exchangeInfo:
		out.TopicID = out.index.topic
	case order:
		out.TopicID = out.orders.topic
	}
	out.Topic = m.topics[out.TopicID]
}

// share is the distance of messages that make up this share of the stream.
func (m *Market) share(part float64) time.Duration {
	return time.Duration(float64(time.Second) / (m.cfg.Rate * part))
}

// step moves the virtual clock on to the next message. While the market is closed only the
// exchange infos speak, so that time passes a third of a second a message.
func (m *Market) step() {
	gap := float64(time.Second) / m.cfg.Rate
	if len(m.opening) == 0 && !m.status.speaking() {
		gap = max(gap, float64(time.Second)/float64(len(m.indices)))
	}
	gap += m.frac
	m.at += time.Duration(gap)
	m.frac = gap - math.Floor(gap)
	status := continuous
	if m.cfg.Clock == ClockDay {
		status = m.day.at(m.Now())
	}
	if m.halted {
		status = halted
	}
	if status != m.status {
		if status == halted || m.status == halted {
			// The exchange infos know no halt: each paper says so itself.
			for _, p := range m.paper {
				m.opening = append(m.opening, opening{what: info, paper: p})
			}
		}
		m.status = status
		m.due.index = m.at // say so at once
	}
}

// trade lets something happen to one paper: an order book moves, or a trade is made, which
// also moves its candles.
func (m *Market) trade(out *Message) {
	i := sort.SearchFloat64s(m.weights, m.rng.Float64()*m.weights[len(m.weights)-1])
	p := m.paper[min(i, len(m.paper)-1)]
	out.paper = p
	switch r := m.rng.Float64(); {
	case !m.status.speaking():
		out.what, out.index = exchangeInfo, m.indices[m.rng.IntN(len(m.indices))]
	case r < 0.70 || (r < 0.98 && m.status == halted):
		out.what = book
		p.moveBook(m)
	case r < 0.98:
		out.what = info
		if m.status.trading() {
			p.match(m)
		} else {
			p.project(m)
		}
	default:
		out.what, out.candle = candle, m.rng.IntN(len(p.candles))
	}
}

// Append encodes the message's payload. It changes nothing in the market, so that leaving
// it out, when nobody subscribes, alters no later message.
func (out *Message) Append(dst []byte) []byte {
	m := out.m
	switch out.what {
	case book:
		out.paper.book(m, &m.data.book)
		return codec.AppendBidOffer(dst, &m.data.book)
	case info:
		out.paper.info(m, &m.data.info)
		return codec.AppendPriceInfo(dst, &m.data.info)
	case candle:
		out.paper.candle(m, out.candle, &m.data.candle)
		return codec.Append(dst, messages.NewCandlestick(&m.data.candle))
	case exchangeInfo:
		return out.index.append(m, dst)
	default:
		return out.orders.append(dst)
	}
}

// intervals are those of the candles.
var intervals = topic.Intervals
