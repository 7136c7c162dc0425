package telemetry_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.opentelemetry.io/otel/trace"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/telemetry/names"
	"github.com/feedtree/feedtree/telemetry/service"
	"github.com/feedtree/feedtree/telemetry/tracing"
	"github.com/feedtree/feedtree/telemetry/tracing/otlptest"
	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/sandbox"
	"github.com/feedtree/feedtree/test/sandbox/market"
)

// traced is a tree whose traces go to a collector.
type traced struct {
	*feedtree.Tree
	x         *sandbox.Exchange
	collector *otlptest.Collector
	provider  *tracing.Provider
}

func newTraced(t *testing.T, exchange func(*sandbox.Config), change func(*config.Config), types ...feedtree.StrategyType) *traced {
	t.Helper()
	r := &traced{x: harness.Exchange(t, exchange), collector: otlptest.Start(t)}
	cfg := harness.Configured(t, r.x, change)
	res, err := service.Resource(t.Context(), "v1")
	if err != nil {
		t.Fatal(err)
	}
	r.provider, err = tracing.New(t.Context(), tracing.Config{Endpoint: r.collector.URL, Queue: cfg.Telemetry.Traces.Queue,
		Resource: res, Log: slog.Default(), Env: os.Getenv})
	if err != nil {
		t.Fatal(err)
	}
	r.Tree, err = feedtree.Options{TracerProvider: r.provider.TracerProvider(), Version: "v1"}.Start(context.Background(), cfg, types...)
	if err != nil {
		t.Fatal(err)
	}
	r.provider.CountFor(r.Telemetry())
	t.Cleanup(func() { r.end(t) })
	harness.Ready(t, r.Tree)
	return r
}

// end stops the tree and gives what the collector has by trace.
func (r *traced) end(t *testing.T) map[string][]*tracepb.Span {
	t.Helper()
	r.Stop(context.Background())
	harness.Balanced(t, r.Snapshot())
	if err := r.provider.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	out := map[string][]*tracepb.Span{}
	for _, s := range r.collector.Spans() {
		id := fmt.Sprintf("%x", s.TraceId)
		out[id] = append(out[id], s)
	}
	return out
}

func attribute(s *tracepb.Span, key string) string { return in(s.Attributes, key) }

func in(list []*commonpb.KeyValue, key string) string {
	for _, kv := range list {
		if kv.Key == key {
			if i, ok := kv.Value.Value.(*commonpb.AnyValue_IntValue); ok {
				return fmt.Sprint(i.IntValue)
			}
			return kv.Value.GetStringValue()
		}
	}
	return ""
}

// whole holds a path to its form: the stages under the root, one after the other from its
// beginning to its end.
func whole(t *testing.T, spans []*tracepb.Span, stages ...string) (root *tracepb.Span) {
	t.Helper()
	by := map[string]*tracepb.Span{}
	for _, s := range spans {
		if len(s.ParentSpanId) == 0 {
			root = s
		} else {
			by[s.Name] = s
		}
	}
	if root == nil || len(by) != len(stages) || root.Kind != tracepb.Span_SPAN_KIND_CONSUMER {
		t.Fatalf("root %v, stages %v, want %v", root, slices.Sorted(maps.Keys(by)), stages)
	}
	at := root.StartTimeUnixNano
	for _, name := range stages {
		s := by[name]
		if s == nil {
			t.Fatalf("no %q among %v", name, slices.Sorted(maps.Keys(by)))
		}
		if string(s.ParentSpanId) != string(root.SpanId) || s.StartTimeUnixNano != at || s.EndTimeUnixNano < at {
			t.Fatalf("%s begins at %d, not at %d, or is nobody's child", name, s.StartTimeUnixNano, at)
		}
		at = s.EndTimeUnixNano
	}
	if at != root.EndTimeUnixNano {
		t.Fatalf("the stages end at %d, the whole at %d", at, root.EndTimeUnixNano)
	}
	return root
}

func TestAtARatioOfOneEveryPathIsCompleteOrItsLossIsCounted(t *testing.T) {
	var one, two harness.Record
	r := newTraced(t, func(c *sandbox.Config) { c.Silent, c.Rate, c.Symbols = false, 1000, 10 }, func(c *config.Config) {
		c.Symbols = market.DefaultSymbols(10)
		c.Telemetry.Traces.Ratio, c.Telemetry.Traces.Slow = 1, 0
	}, harness.Recording("one", &one, nil), harness.Recording("two", &two, nil))
	harness.Eventually(t, "a thousand events", func() bool { return r.Snapshot().Strategies["one"].Delivered > 1000 })
	traces := r.end(t)

	s := r.Snapshot()
	c, p := s.Traces, r.provider.Counts()
	if c.Chosen != c.Made+c.Lost || p.Spans != p.Exported+p.Failed+p.Dropped || p.Failed+p.Dropped != 0 {
		t.Fatalf("%+v %+v", *c, p)
	}
	if c.Spans != p.Spans || c.Exported != p.Exported || c.Waiting != 0 {
		t.Errorf("the summary says %+v, who sends them %+v", *c, p)
	}
	want := s.Strategies["one"].Delivered + s.Strategies["two"].Delivered + s.Dispatcher.Unmatched
	paths, linked := uint64(0), 0
	for _, spans := range traces {
		root := spans[slices.IndexFunc(spans, func(s *tracepb.Span) bool { return len(s.ParentSpanId) == 0 })]
		if root.Kind != tracepb.Span_SPAN_KIND_CONSUMER {
			continue // a rare deed
		}
		paths++
		linked += len(root.Links)
		if name := attribute(root, names.MessagingConsumerGroup); name == "" {
			whole(t, spans, "receive", "decode", "dispatch")
		} else {
			whole(t, spans, "receive", "decode", "dispatch", "deliver "+name, "process "+name)
		}
	}
	if paths+c.Lost != want {
		t.Errorf("%d paths and %d lost of %d", paths, c.Lost, want)
	}
	if both := s.Strategies["one"].Delivered; c.Lost == 0 && linked != int(both) {
		t.Errorf("%d links between the two paths of %d events", linked, both)
	}
}

func TestACollectorIsToldWhoSpeaksInTheConventionsWordsAndNoSecret(t *testing.T) {
	const account = "9876543210"
	var seen harness.Record
	r := newTraced(t, nil, func(c *config.Config) {
		c.Credentials.EquityAccount = account
		c.Telemetry.Traces.Ratio = 1
		s := config.DefaultStrategy("orders-1", "orders")
		s.Events = []string{"bid_offer", "equity_order"}
		c.Strategies = []config.Strategy{s}
	}, harness.Recording("orders", &seen, func(ctx actor.Context) {
		if e, ok := ctx.Message().(*messages.EquityOrder); ok {
			panic("order of account " + account + " " + e.Symbol())
		}
	}))
	r.x.Publish(topic.BidOffer("AOT"), book("AOT"), 1)
	r.x.Publish(topic.EquityOrder(account), order(account, "AOT"), 1)
	r.x.Publish(topic.EquityOrder(account), []byte{0xff}, 1)
	harness.Eventually(t, "the restart", func() bool {
		return r.Snapshot().Strategies["orders-1"].Restarts == 1 && r.Snapshot().Feed.DecodeErrors["malformed"] == 1
	})
	r.end(t)

	secret := r.x.Environment()["SETTRADE_APP_SECRET"]
	for _, rs := range r.collector.Received() {
		if text := rs.String(); strings.Contains(text, account) || strings.Contains(text, secret) {
			t.Errorf("what must not leave has left: %s", text)
		}
		if a := rs.Resource.Attributes; in(a, "service.name") != "feedtree" || len(in(a, "service.instance.id")) != 36 || in(a, "service.version") != "v1" {
			t.Errorf("resource %v", a)
		}
		for _, ss := range rs.ScopeSpans {
			if ss.Scope.Name != names.Scope || ss.Scope.Version != "v1" || ss.SchemaUrl != names.Conventions {
				t.Errorf("scope %v, schema %s", ss.Scope, ss.SchemaUrl)
			}
		}
	}
	roots := map[string]*tracepb.Span{}
	for _, s := range r.collector.Spans() {
		if len(s.ParentSpanId) == 0 {
			roots[s.Name+" "+attribute(s, names.ErrorType)] = s
		}
	}
	book := roots["process proto/topic/bidofferv3/{symbol} "]
	failed := roots["process proto/ua/_broker/{account}/_front/ordereqv3 panic"]
	bad := roots["process proto/ua/_broker/{account}/_front/ordereqv3 malformed"]
	if book == nil || failed == nil || bad == nil {
		t.Fatalf("%v", slices.Sorted(maps.Keys(roots)))
	}
	for key, want := range map[string]string{
		names.MessagingSystem: "mqtt", names.MessagingOperation: "process", names.MessagingOperationType: "process",
		names.MessagingDestination: "proto/topic/bidofferv3/AOT", names.MessagingTemplate: "proto/topic/bidofferv3/{symbol}",
		names.MessagingConsumerGroup: "orders-1", names.SpanSymbol: "AOT", names.SpanEpoch: "1", names.ServerAddress: "localhost",
	} {
		if got := attribute(book, key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	for _, s := range []*tracepb.Span{failed, bad} {
		if attribute(s, names.MessagingDestination) != "" || s.Status.Code != tracepb.Status_STATUS_CODE_ERROR {
			t.Errorf("%v", s)
		}
	}
	if restart := roots["restart strategies bug"]; restart == nil || len(restart.Links) != 1 || string(restart.Links[0].TraceId) != string(failed.TraceId) {
		t.Errorf("the restart leads to no failure: %v of %v", restart, slices.Sorted(maps.Keys(roots)))
	}
}

func TestTheSlowEventAndTheFailedOneHaveTheirTracesAndNoOther(t *testing.T) {
	var seen harness.Record
	n := 0
	r := newTraced(t, nil, func(c *config.Config) {
		c.Telemetry.Traces.Ratio, c.Telemetry.Traces.Slow = 0, 200*time.Millisecond
	}, harness.Recording("s", &seen, func(ctx actor.Context) {
		if _, ok := ctx.Message().(messages.Event); !ok {
			return
		}
		switch n++; n {
		case 20:
			<-time.After(300 * time.Millisecond)
		case 40:
			panic("forty")
		}
	}))
	for i := range 60 {
		r.x.Publish(topic.BidOffer("AOT"), book("AOT"), 1)
		// One at a time: what waits behind the slow one would be slow, too.
		harness.Eventually(t, "the event", func() bool { s := r.Snapshot().Strategies["s"]; return s.Delivered+s.Failed > uint64(i) })
	}
	found := map[string]*tracepb.Span{}
	for _, spans := range r.end(t) {
		if slices.ContainsFunc(spans, func(s *tracepb.Span) bool { return s.Kind == tracepb.Span_SPAN_KIND_CONSUMER }) {
			root := whole(t, spans, "receive", "decode", "dispatch", "deliver s", "process s")
			found[attribute(root, names.SpanSeq)] = root
			process := spans[slices.IndexFunc(spans, func(s *tracepb.Span) bool { return s.Name == "process s" })]
			if took := time.Duration(process.EndTimeUnixNano - process.StartTimeUnixNano); attribute(root, names.SpanSeq) == "20" && took < 300*time.Millisecond {
				t.Errorf("the slow one took %v", took)
			}
			if attribute(root, names.SpanSeq) == "40" && (len(process.Events) != 1 || !strings.Contains(in(process.Events[0].Attributes, names.ExceptionStacktrace), "traces_test.go")) {
				t.Errorf("the failed one's stack: %v", process.Events)
			}
		}
	}
	if len(found) != 2 || attribute(found["20"], names.SpanChosen) != names.ChosenSlow || attribute(found["40"], names.SpanChosen) != names.ChosenFailed {
		t.Errorf("%v", found)
	}
}

func TestAUsersSpansHangUnderTheEventTheyWereMadeFor(t *testing.T) {
	var seen harness.Record
	r := newTraced(t, nil, func(c *config.Config) { c.Telemetry.Traces.Ratio, c.Telemetry.Traces.Slow = 0, 0 },
		harness.Recording("s", &seen, func(ctx actor.Context) {
			mine := feedtree.Context(ctx)
			if e, ok := ctx.Message().(messages.Event); !ok || e.Symbol() != "PTT" {
				if _, isEvent := ctx.Message().(messages.Event); !isEvent && trace.SpanContextFromContext(mine).IsValid() {
					t.Errorf("%T has a span", ctx.Message())
				}
				return
			}
			_, span := trace.SpanFromContext(mine).TracerProvider().Tracer("mine").Start(mine, "send order")
			span.End()
		}))
	r.x.Publish(topic.BidOffer("PTT"), book("PTT"), 1)
	harness.Eventually(t, "the event", func() bool { return r.Snapshot().Strategies["s"].Delivered == 1 })
	traces := r.end(t)
	var found bool
	for _, spans := range traces {
		by := map[string]*tracepb.Span{}
		for _, s := range spans {
			by[s.Name] = s
		}
		if user := by["send order"]; user != nil {
			found = true
			p := by["process s"]
			if p == nil || string(user.ParentSpanId) != string(p.SpanId) || user.StartTimeUnixNano < p.StartTimeUnixNano || user.EndTimeUnixNano > p.EndTimeUnixNano {
				t.Errorf("%v is not within %v", user, p)
			}
		}
	}
	if !found {
		t.Errorf("no span of the user's in %d traces", len(traces))
	}
}

func TestWhatAFullMailboxDropsHasATraceAndTheStormIsBounded(t *testing.T) {
	var seen harness.Record
	release := make(chan struct{})
	r := newTraced(t, nil, func(c *config.Config) {
		c.Telemetry.Traces.Ratio, c.Telemetry.Traces.Slow, c.Telemetry.Traces.PerSecond = 0, 0, 3
		s := config.DefaultStrategy("s", "s")
		s.Mailbox.Capacity = 10
		c.Strategies = []config.Strategy{s}
	}, harness.Recording("s", &seen, func(ctx actor.Context) {
		if _, ok := ctx.Message().(messages.Event); ok {
			<-release
		}
	}))
	r.x.Publish(topic.BidOffer("AOT"), book("AOT"), 500)
	harness.Eventually(t, "the drops", func() bool { return r.Snapshot().Strategies["s"].Dropped >= 489 })
	close(release)
	dropped := 0
	for _, spans := range r.end(t) {
		if root := spans[len(spans)-1]; attribute(root, names.SpanOutcome) == "dropped" {
			whole(t, spans, "receive", "decode", "dispatch", "deliver s")
			dropped++
		}
	}
	c := r.Snapshot().Traces
	// One more is dropped when all of them came before the strategy had one in hand.
	if dropped < 3 || uint64(dropped)+c.Suppressed != r.Snapshot().Strategies["s"].Dropped {
		t.Errorf("%d traces of drops, %+v", dropped, *c)
	}
	if n := r.Telemetry().Dropped[ledger.Traces].Load(); n != 0 {
		t.Errorf("%d lost", n)
	}
}

func book(symbol string) []byte {
	return codec.Append(nil, messages.NewBidOffer(&messages.BidOfferData{Symbol: symbol, BidFlag: messages.FlagNormal, AskFlag: messages.FlagNormal}))
}

func order(account, symbol string) []byte {
	return codec.Append(nil, messages.NewEquityOrder(&messages.EquityOrderData{AccountNo: account, Symbol: symbol}))
}

func TestWhatTheFeedDoesRarelyIsTracedWhole(t *testing.T) {
	var seen harness.Record
	r := newTraced(t, func(c *sandbox.Config) { c.TokenTTL = 2 * time.Second },
		func(c *config.Config) { c.Telemetry.Traces.Ratio, c.Telemetry.Traces.Slow = 0, 0 }, harness.Recording("s", &seen, nil))
	harness.Eventually(t, "a roll-over", func() bool {
		return r.Snapshot().Connection.Rollovers == 1 && r.Snapshot().Connection.State == "online"
	})
	harness.Break(t, r.x, sandbox.Fault{Kind: "refuse", For: 100_000_000})
	harness.Break(t, r.x, sandbox.Fault{Kind: "cut", How: "close"})
	harness.Eventually(t, "the reconnect", func() bool { return seen.Count("reconnected") == 1 })
	deeds := map[string]map[string]bool{} // the name of each, and those of its parts
	failed := false
	for _, spans := range r.end(t) {
		by := map[string]*tracepb.Span{}
		for _, s := range spans {
			by[string(s.SpanId)] = s
		}
		for _, s := range spans {
			parent := by[string(s.ParentSpanId)]
			if parent == nil {
				if len(s.ParentSpanId) > 0 {
					t.Errorf("%s is an orphan", s.Name)
				}
				failed = failed || s.Name == "connect" && s.Status.Code == tracepb.Status_STATUS_CODE_ERROR && attribute(s, names.ErrorType) == "server"
				if deeds[s.Name] == nil {
					deeds[s.Name] = map[string]bool{}
				}
				continue
			}
			if deeds[parent.Name] == nil {
				deeds[parent.Name] = map[string]bool{}
			}
			deeds[parent.Name][s.Name] = true
			if s.StartTimeUnixNano < parent.StartTimeUnixNano || s.EndTimeUnixNano > parent.EndTimeUnixNano {
				t.Errorf("%s is not within %s", s.Name, parent.Name)
			}
		}
	}
	for name, parts := range map[string][]string{"connect": {"login", "dispatcher", "dial"}, "subscribe": nil, "renew token": {"refresh"},
		"roll over": {"connect", "pass topics", "part"}, "outage": nil} {
		if deeds[name] == nil {
			t.Errorf("no %s", name)
		}
		for _, p := range parts {
			if !deeds[name][p] {
				t.Errorf("%s lacks %s: %v", name, p, deeds[name])
			}
		}
	}
	if !failed {
		t.Error("no attempt failed, or it does not say so")
	}
}
