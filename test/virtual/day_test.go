package virtual

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/internal/dial"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/test/cast"
	"github.com/feedtree/feedtree/test/probe"
	"github.com/feedtree/feedtree/test/sandbox"
	"github.com/feedtree/feedtree/test/sandbox/market"
)

var (
	seed = flag.Uint64("virtual.seed", 1, "what the outages and the strategies' misbehaviour are drawn from; 0 for any")
	full = flag.Bool("virtual.full", false, "24 hours and 200 outages instead of a fifth of it")
)

func TestMain(m *testing.M) {
	flag.Parse()
	level := slog.LevelError + 1
	if os.Getenv("FEEDTREE_TEST_LOG") != "" {
		level = slog.LevelDebug
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})))
	os.Exit(m.Run())
}

// day is a stretch of the exchange's day and what goes wrong in it.
type day struct {
	*testing.T
	length, slot time.Duration
	outages      int

	network *network
	x       *sandbox.Exchange
	tree    *feedtree.Tree
	cast    *cast.Cast
	rng     *rand.Rand
	symbols []string
	base    probe.Resources
	samples []probe.Resources
}

// A trading day with an outage every few minutes, of every kind there is; strategies that
// panic, block, are slow; tokens that end: and at its end every message is accounted for,
// each outage was told once to everyone, nothing went backwards and nothing grew.
func TestADayOfOutagesBalances(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("-virtual.seed=%d", *seed)
	d := &day{length: 4*time.Hour + 48*time.Minute, outages: 40}
	if *full {
		d.length, d.outages = 24*time.Hour, 200
	}
	d.slot = d.length / time.Duration(d.outages)
	synctest.Test(t, func(t *testing.T) {
		d.T = t
		d.begin()
		for _, o := range plan(d.rng, d.outages) {
			d.pass(o)
		}
		d.end()
	})
}

// manners are those of strategies that are given some four events a second in the busy hours.
var manners = cast.Manners{Panic: 500, Block: 1000, Slow: 3 * time.Second, Conflating: 2 * time.Second, Aging: 2 * time.Second, MaxAge: 5 * time.Second}

// receiveDeadline is the default one.
const receiveDeadline = 5 * time.Second

// begin waits for a Monday, 09:25 in Bangkok, and starts the exchange and the tree.
func (d *day) begin() {
	time.Sleep(time.Until(time.Date(2000, 1, 3, 9, 25, 0, 0, market.Bangkok)))
	d.rng, d.cast, d.network = rand.New(rand.NewPCG(*seed, 0xda4)), cast.New(*seed, manners), newNetwork()
	c := sandbox.DefaultConfig()
	c.Listener, c.Admin, c.Dir = d.network, "", d.TempDir()
	c.TokenTTL = 20 * time.Minute
	c.Clock, c.Rate, c.Symbols, c.Seed = market.ClockDay, 2, 4, int64(*seed)
	var err error
	if d.x, err = sandbox.Start(context.Background(), c); err != nil {
		d.Fatal(err)
	}
	d.symbols = market.DefaultSymbols(c.Symbols)
	if d.tree, err = feedtree.Start(dial.With(context.Background(), d.network.dial), d.configuration(), d.cast.Types()...); err != nil {
		d.Fatal(err)
	}
	d.ready("the start", time.Minute)
}

// configuration is the default one, but for what makes the strategies' lives hard and
// thresholds that fit a slow market.
func (d *day) configuration() config.Config {
	var environ []string
	for name, value := range d.x.Environment() {
		environ = append(environ, name+"="+value)
	}
	l, err := config.Load(config.Sources{Environ: environ})
	if err != nil {
		d.Fatal(err)
	}
	c := l.Config
	c.Symbols = d.symbols
	c.Health.SymbolGap, c.Health.FeedGap = 3*time.Minute, 30*time.Second
	c.Poison.Entries = 50
	c.Strategies = d.cast.Instances()
	return c
}

// pass lives through a slot: an outage, a quiet while with a nuisance, and a look at what
// the process holds.
func (d *day) pass(o planned) {
	ends := time.Now().Add(d.slot)
	time.Sleep(o.after)
	if quiet(time.Now(), time.Now().Add(o.lasts)) {
		time.Sleep(25 * time.Minute)
		ends = ends.Add(25 * time.Minute)
	}
	before := d.tree.Snapshot().Connection.Lost
	d.network.state.Store(int32(o.Network))
	for _, f := range o.Faults {
		if _, err := d.x.Break(f); err != nil {
			d.Fatal(err)
		}
	}
	time.Sleep(o.lasts)
	d.await(time.Minute, func() (bool, string) {
		return d.tree.Snapshot().Connection.Lost > before, o.String() + " is not noticed"
	})
	d.network.state.Store(int32(cast.Whole))
	d.x.Heal()
	// The longest delay, an attempt that was made in vain just before, and the answers.
	d.ready(o.String(), 2*time.Minute)
	d.nuisance(o.then)
	d.cast.Release(2 * receiveDeadline)
	d.tree.ResumeStrategy("hopeless") // or it is not in quarantine: the market may be closed
	time.Sleep(time.Until(ends))
	d.sample()
}

// nuisance disturbs for a while without costing the connection, then floods whoever is slow.
func (d *day) nuisance(f sandbox.Fault) {
	if _, err := d.x.Break(f); err != nil {
		d.Fatal(err)
	}
	time.Sleep(30 * time.Second)
	d.x.Heal()
	book := messages.BidOfferData{Symbol: d.symbols[0], BidFlag: messages.FlagNormal, AskFlag: messages.FlagNormal}
	d.x.Publish(topic.BidOffer(book.Symbol), codec.AppendBidOffer(nil, &book), 60)
}

// quiet tells the times that no outage may fall into: the afternoon's opening is looked at.
func quiet(from, to time.Time) bool {
	return sinceMidnight(to) > 13*time.Hour+50*time.Minute && sinceMidnight(from) < 14*time.Hour+10*time.Minute
}

// ready waits until every subscription is answered.
func (d *day) ready(after string, limit time.Duration) {
	d.Helper()
	d.await(limit, func() (bool, string) {
		ok, why := d.tree.Ready()
		return ok, "after " + after + ": " + why
	})
}

// await waits, of the bubble's time, until a condition holds.
func (d *day) await(limit time.Duration, is func() (bool, string)) {
	d.Helper()
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		ok, why := is()
		if ok {
			return
		}
		if time.Since(began) > limit {
			d.Fatalf("waited %v until %s: %s", limit, clockOf(time.Now()), why)
		}
	}
}

func sinceMidnight(t time.Time) time.Duration {
	t = t.In(market.Bangkok)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
}

func clockOf(t time.Time) string { return fmt.Sprint(t.In(market.Bangkok).Format(time.TimeOnly)) }
