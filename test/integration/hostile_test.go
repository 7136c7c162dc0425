package integration

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/test/sandbox"
)

// hostile is what each hostile packet must lead to: the violation it is counted as, "" for
// none, and what the strategies are told of the loss.
var hostile = map[string]struct{ kind, reason string }{
	"huge":        {"publish", "268435455 bytes"},
	"suback":      {"suback", "SUBACK"},
	"qos1":        {"publish", "QoS 1"},
	"garbage":     {"unexpected", "reserved packet 15"},
	"text":        {"websocket", "text frame"},
	"publish_cut": {"", "ended within a packet"},
}

func TestWhatNoBrokerMaySendEndsTheConnectionAndNothingElse(t *testing.T) {
	both(t, func(t *testing.T, lane func(*config.Config)) {
		for how, want := range hostile {
			t.Run(how, func(t *testing.T) {
				x := exchange(t, moving)
				r := &record{}
				tree := start(t, configured(t, x, lane), recording("r", r, nil))
				ready(t, tree)
				eventually(t, "events", func() bool { return r.count("bid_offer AOT 1") > 20 })
				mustBreak(t, x, sandbox.Fault{Kind: "hostile", How: how})
				eventually(t, "the reconnection", func() bool { return r.notice("reconnected") != nil })
				eventually(t, "new events", func() bool { return r.count("bid_offer AOT 2") > 5 })
				if d := r.notice("disconnected").(*messages.Disconnected); !strings.Contains(d.Reason, want.reason) {
					t.Errorf("the strategies are told %q, want %q", d.Reason, want.reason)
				}
				tree.Stop(context.Background())
				s := tree.Snapshot()
				if c := s.Connection; c.Lost != 1 || c.Reconnects != 1 || c.Closed != 1 || violations(tree) != one(want.kind) || c.Violations[want.kind] != one(want.kind) {
					t.Errorf("%+v, want one %s", c, want.kind)
				}
				if s.Feed.Received > x.Stats().Delivered || s.Feed.DecodeErrors["malformed"] != 0 {
					t.Errorf("received %d of %d written, %v", s.Feed.Received, x.Stats().Delivered, s.Feed.DecodeErrors)
				}
				balanced(t, s)
			})
		}
	})
}

func violations(tree *feedtree.Tree) (n uint64) {
	for _, v := range tree.Snapshot().Connection.Violations {
		n += v
	}
	return n
}

func one(kind string) uint64 {
	if kind == "" {
		return 0
	}
	return 1
}

func TestAnOversizedMessageIsSkippedAndTheConnectionStands(t *testing.T) {
	both(t, func(t *testing.T, lane func(*config.Config)) {
		x := exchange(t, nil)
		r := &record{}
		tree := start(t, configured(t, x, lane), recording("r", r, nil))
		ready(t, tree)
		for range 3 {
			mustBreak(t, x, sandbox.Fault{Kind: "hostile", How: "oversized"})
			x.Publish(topic.BidOffer("AOT"), bookOf("AOT", messages.Baht), 1)
		}
		eventually(t, "the events after them", func() bool { return r.count("bid_offer AOT 1") == 3 })
		tree.Stop(context.Background())
		if s := tree.Snapshot(); s.Feed.Oversized != 3 || s.Feed.Received != x.Stats().Delivered || s.Connection.Lost != 0 || violations(tree) != 0 {
			t.Errorf("%+v %+v, %d written", s.Feed, s.Connection, x.Stats().Delivered)
		}
	})
}

// Five bytes that promise 268 MB, again and again: none of it is allocated, neither what was
// promised nor a piece for each connection that ended.
func TestHostilePacketsCostNoMemory(t *testing.T) {
	x := exchange(t, nil)
	tree := start(t, configured(t, x, nil), recording("r", &record{}, nil))
	storm := func(rounds uint64) {
		for range rounds {
			for how, want := range hostile {
				ready(t, tree)
				lost := tree.Snapshot().Connection.Lost
				mustBreak(t, x, sandbox.Fault{Kind: "hostile", How: how})
				// A loss is counted a moment before the tree is unready.
				eventually(t, "the reconnection after "+want.reason, func() bool {
					c := tree.Snapshot().Connection
					return c.Lost == lost+1 && c.Reconnects == lost+1
				})
			}
		}
		ready(t, tree)
	}
	storm(1) // what is made once is no leak
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	storm(2)
	runtime.ReadMemStats(&after)
	if mib := float64(after.TotalAlloc-before.TotalAlloc) / (1 << 20); mib > 30 {
		t.Errorf("allocated %.0f MiB over %d connections", mib, 2*len(hostile))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := (float64(after.HeapAlloc) - float64(before.HeapAlloc)) / (1 << 20); grown > 4 {
		t.Errorf("the heap grew by %.1f MiB", grown)
	}
}
