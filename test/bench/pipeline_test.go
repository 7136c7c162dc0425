//go:build unix

package bench

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	mqtt "github.com/eclipse/paho.mqtt.golang"
	"google.golang.org/protobuf/proto"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/codec/oracle"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

// each is how many messages one measurement carries: some tenths of a second.
const each = 200_000

// pipeline carries each messages from the socket to where a user's code sees them.
type pipeline func()

// byHand is what a user writes: paho's callback, google protobuf, a channel.
func byHand(b *testing.B, f *flood) pipeline {
	pool := x509.NewCertPool()
	pool.AddCert(f.Certificate())
	books := make(chan *oracle.BidOfferV3, 10_000)
	o := mqtt.NewClientOptions().AddBroker(strings.Replace(f.URL, "https", "wss", 1) + "/api/dispatcher/v3/098/mqtt").
		SetTLSConfig(&tls.Config{RootCAs: pool}).SetHTTPHeaders(http.Header{"Authorization": {"Bearer t"}}).
		SetProtocolVersion(4).SetAutoReconnect(false)
	c := mqtt.NewClient(o)
	if t := c.Connect(); t.Wait() && t.Error() != nil {
		b.Fatal(t.Error())
	}
	filters := map[string]byte{}
	for _, s := range symbols {
		filters[topic.BidOffer(s)] = 0
	}
	t := c.SubscribeMultiple(filters, func(_ mqtt.Client, m mqtt.Message) {
		book := &oracle.BidOfferV3{}
		if err := proto.Unmarshal(m.Payload(), book); err != nil {
			b.Error(err)
			return
		}
		books <- book
	})
	if t.Wait() && t.Error() != nil {
		b.Fatal(t.Error())
	}
	<-f.joined
	b.Cleanup(func() { c.Disconnect(0) })
	var sum int64
	return func() {
		f.start <- each
		for range each {
			sum += (<-books).GetBidVolume1()
		}
	}
}

type counter struct {
	n    int
	sum  int64
	done chan struct{}
}

func (c *counter) Receive(ctx actor.Context) {
	if e, ok := ctx.Message().(*messages.BidOffer); ok {
		c.sum += e.BestBid().Volume
		if c.n++; c.n%each == 0 {
			c.done <- struct{}{}
		}
	}
}

// ours is the whole tree with a strategy that does the same.
func ours(b *testing.B, f *flood, fast bool, o feedtree.Options) pipeline {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	scalar := make([]byte, 32)
	scalar[31] = 7
	cfg := config.Default()
	cfg.Credentials = config.Credentials{AppID: "a", AppCode: "c", BrokerID: "098", BaseURL: f.URL,
		AppSecret: config.Secret(base64.StdEncoding.EncodeToString(scalar))}
	cfg.TLS.CAFile = f.caFile(b)
	cfg.Symbols = symbols
	cfg.Session.FastLane = fast
	// The flood has no rate: what the tree cannot take at once must wait, not be dropped.
	cfg.Feed.RawQueue = config.RawQueue{Capacity: 10 * each, MaxBytes: 4 << 30}
	cfg.Dispatcher.Capacity = 10 * each
	s := config.DefaultStrategy("counter", "counter")
	s.Events, s.Mailbox.Capacity = []string{"bid_offer"}, 10*each
	cfg.Strategies = []config.Strategy{s}
	c := &counter{done: make(chan struct{})}
	tree, err := o.Start(context.Background(), cfg, feedtree.Type("counter", func(struct{}) (actor.Actor, error) { return c, nil }))
	if err != nil {
		b.Fatal(err)
	}
	<-f.joined
	b.Cleanup(func() {
		tree.Stop(context.Background())
		if s := tree.Snapshot(); !s.Balanced() || s.Strategies["counter"].Dropped+s.Feed.Dropped > 0 {
			b.Errorf("the tree lost messages: %+v", *s)
		}
	})
	return func() {
		f.start <- each
		<-c.done
	}
}

// cost measures one carriage: seconds, and CPU seconds of the whole process, the server's
// included.
func cost(p pipeline) (wall, cpu float64) {
	before, began := cpuTime(), time.Now()
	p()
	return time.Since(began).Seconds(), cpuTime() - before
}

func cpuTime() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// BenchmarkSocketToStrategy carries messages over TLS from the socket to a strategy, by hand
// and through the tree in turns, and reports the median of the paired ratios: how many times
// as many messages a second, and by how much less CPU a message, the server included.
func BenchmarkSocketToStrategy(b *testing.B) {
	for name, fast := range map[string]bool{"fast_lane": true, "runs_of_one": false} {
		b.Run(name, func(b *testing.B) {
			theirs, mine := byHand(b, newFlood(b)), ours(b, newFlood(b), fast, feedtree.Options{})
			theirs()
			mine() // both have grown to their size
			var speed, cpu, rate []float64
			for b.Loop() {
				hw, hc := cost(theirs)
				mw, mc := cost(mine)
				speed, cpu, rate = append(speed, hw/mw), append(cpu, hc/mc), append(rate, each/mw)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(speed), "×messages/s")
			b.ReportMetric(median(cpu), "×cpu")
			b.ReportMetric(median(rate), "messages/s")
		})
	}
}
