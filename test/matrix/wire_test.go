package matrix

import (
	"bytes"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/probe"
	"github.com/feedtree/feedtree/test/sandbox"
)

var aot = topic.BidOffer("AOT")

func aHostilePayload(t *testing.T) {
	f := begin(t, nil, nil)
	good := bookOf("AOT")
	base := probe.Take()
	want := uint64(0)
	for class, payloads := range map[string][][]byte{
		"malformed": {{0x0f}, append(bytes.Clone(good), 0x0a, 0x7f), append(bytes.Clone(good), 0x08, 0xff), bytes.Repeat([]byte{0x0b}, 60<<10)},
		"missing":   {nil, bytes.Repeat([]byte{0x12, 0x00}, 30<<10)}, // thirty thousand empty messages within
		"mismatch":  {bookOf("PTT")},
	} {
		for _, p := range payloads {
			f.x.Publish(aot, p, 100)
			f.x.Publish(aot, good, 1)
			want++
			harness.Eventually(t, "the good one behind them", func() bool { n, _ := f.one.Seen(); return n == want })
			if n := f.tree.Snapshot().Feed.DecodeErrors[class]; n%100 != 0 || n == 0 {
				t.Errorf("%d of %.10x are %s", n, p, class)
			}
		}
	}
	s := f.tree.Snapshot().Feed
	if s.DecodeErrors["malformed"] != 400 || s.DecodeErrors["missing"] != 200 || s.DecodeErrors["mismatch"] != 100 || s.Received != 707 {
		t.Errorf("%+v", s)
	}
	// The poison store may have kept what it is allowed to.
	if err := probe.Take().Over(base, probe.Slack{Goroutines: 10, Descriptors: 5, Heap: int64(f.cfg.Poison.Bytes) + 8<<20}); err != nil {
		t.Error(err)
	}
	f.end(orderly)
}

func aHostilePacket(t *testing.T) {
	f := begin(t, harness.Moving, nil)
	for i, how := range []string{"huge", "suback", "publish_cut", "text", "qos1", "garbage"} {
		f.flows(50)
		began := time.Now()
		f.breaks(sandbox.Fault{Kind: "hostile", How: how})
		f.outage(i+1, began)
		if c := f.tree.Snapshot().Connection; c.Lost != uint64(i+1) {
			t.Errorf("%s: %+v", how, c)
		}
	}
	f.end(cut)
}

func whatNobodyAskedFor(t *testing.T) {
	f := begin(t, nil, nil)
	before := f.tree.Snapshot().Feed
	f.x.Publish(aot, make([]byte, 64<<10+1), 3)
	f.breaks(sandbox.Fault{Kind: "hostile", How: "unasked"})
	f.book(aot, "AOT", 1)
	harness.Eventually(t, "the good one behind them", func() bool { n, _ := f.one.Seen(); return n == 1 })
	after := f.tree.Snapshot().Feed
	before.Oversized += 3
	before.UnknownTopic++
	before.Decoded++
	before.Received += 5
	if after.Oversized != before.Oversized || after.UnknownTopic != before.UnknownTopic || after.Decoded != before.Decoded || after.Received != before.Received {
		t.Errorf("%+v, want %+v", after, before)
	}
	for class, n := range after.DecodeErrors {
		if n != 0 {
			t.Errorf("%d are %s", n, class)
		}
	}
	f.end(orderly)
}

func aSymbolWantedTwice(t *testing.T) {
	handles := make(chan *feedtree.Handle, 1)
	third := &watcher{}
	f := begin(t, nil, func(c *config.Config) { c.Symbols = []string{"AOT", " aot", "PTT", "AOT"} },
		watching("third", third, func(ctx actor.Context) {
			if _, ok := ctx.Message().(*actor.Started); ok {
				handles <- feedtree.From(ctx)
			}
		}))
	h := <-handles
	for range 3 {
		if err := h.Subscribe("AOT", "aot"); err != nil {
			t.Fatal(err)
		}
	}
	f.whole()
	f.book(aot, "AOT", 100)
	f.flows(0)
	harness.Eventually(t, "every message at each of the three", func() bool {
		return f.one.Count("bid_offer AOT 1") == 100 && f.two.Count("bid_offer AOT 1") == 100 && third.Count("bid_offer AOT 1") == 100
	})
	if s := f.tree.Snapshot(); s.Feed.Received != 100 || f.x.Stats().Subscriptions[aot] != 1 {
		t.Errorf("received %d, %d subscriptions", s.Feed.Received, f.x.Stats().Subscriptions[aot])
	}
	f.end(orderly)
	for _, w := range []*watcher{f.one, f.two, third} {
		if n, _ := w.Seen(); n != 100 {
			t.Errorf("%d events of 100", n)
		}
	}
}
