package paths

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/internal/mailbox"
	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/telemetry/names"
)

const ms = int64(time.Millisecond)

// lab is a tracer whose spans are kept.
type lab struct {
	*Tracer
	spans  *tracetest.InMemoryExporter
	counts ledger.Paths
	topics *topic.Table
}

func newLab(t testing.TB, change func(*Config)) *lab {
	t.Helper()
	l := &lab{spans: tracetest.NewInMemoryExporter(), topics: topic.NewTable()}
	for _, name := range []string{topic.BidOffer("AOT"), topic.EquityOrder("0123456789")} {
		if _, err := l.topics.Intern(name); err != nil {
			t.Fatal(err)
		}
	}
	cfg := Config{Provider: sdktrace.NewTracerProvider(sdktrace.WithSyncer(l.spans), sdktrace.WithIDGenerator(IDs{})),
		Slow: time.Millisecond, PerSecond: 100, Queue: 1000, Topics: l.topics, Counts: &l.counts,
		Server: func(epoch uint64) (string, int) {
			if epoch == 3 {
				return "feed.example", 8443
			}
			return "", 0
		},
		Plain: strings.NewReplacer("0123456789", "{account}").Replace}
	if change != nil {
		change(&cfg)
	}
	var err error
	if l.Tracer, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(context.Background()) })
	return l
}

// done ends the tracer and gives the spans of it by name; a name must not come twice.
func (l *lab) done(t *testing.T) map[string]tracetest.SpanStub {
	t.Helper()
	l.Close(context.Background())
	out := map[string]tracetest.SpanStub{}
	for _, s := range l.spans.GetSpans() {
		if _, twice := out[s.Name]; twice {
			t.Errorf("two spans %q", s.Name)
		}
		out[s.Name] = s
	}
	return out
}

const wall = int64(1_700_000_000_000_000_000)

// event is one whose stages took 1, 2, 3 and 4 ms, and whose Receive begins at 110 ms.
func event(seq uint64) flow.Item {
	it := flow.Item{Received: 100 * ms, Decoding: 101 * ms, Decoded: 103 * ms, Dispatching: 105 * ms, Dispatched: 106 * ms,
		Msg: messages.NewBidOffer(&messages.BidOfferData{Symbol: "AOT", Meta: messages.Meta{Epoch: 3, Seq: seq, Wall: wall, Mono: 100 * ms}})}
	it.SetSize(357)
	return it
}

func TestAPathIsATraceWhoseTimesAddUp(t *testing.T) {
	l := newLab(t, nil)
	it := event(7)
	l.Delivered(&it, "spread", 110*ms, 115*ms, NotAsked)
	spans := l.done(t)
	whole := spans["process proto/topic/bidofferv3/{symbol}"]
	if len(spans) != 6 || whole.Parent.IsValid() || whole.SpanKind != trace.SpanKindConsumer {
		t.Fatalf("%d spans, root %+v", len(spans), whole)
	}
	at := time.Unix(0, wall)
	if !whole.StartTime.Equal(at) || whole.EndTime.Sub(at) != 15*time.Millisecond {
		t.Errorf("from %v to %v", whole.StartTime, whole.EndTime)
	}
	next := whole.StartTime
	for _, stage := range []struct {
		name string
		ms   int64
	}{{"receive", 1}, {"decode", 2}, {"dispatch", 3}, {"deliver spread", 4}, {"process spread", 5}} {
		s := spans[stage.name]
		if s.Parent.SpanID() != whole.SpanContext.SpanID() || s.SpanContext.TraceID() != whole.SpanContext.TraceID() {
			t.Errorf("%s hangs under %v", stage.name, s.Parent)
		}
		if !s.StartTime.Equal(next) || s.EndTime.Sub(s.StartTime) != time.Duration(stage.ms*ms) {
			t.Errorf("%s: from %v for %v", stage.name, s.StartTime.Sub(at), s.EndTime.Sub(s.StartTime))
		}
		next = s.EndTime
	}
	if !next.Equal(whole.EndTime) {
		t.Error("the stages do not add up to the whole")
	}
	if e := spans["dispatch"].Events; len(e) != 1 || e[0].Time.Sub(at) != 5*time.Millisecond {
		t.Errorf("where the queue ends: %+v", e)
	}
	for key, want := range map[string]string{
		names.MessagingSystem: "mqtt", names.MessagingOperation: "process", names.MessagingOperationType: "process",
		names.MessagingTemplate: "proto/topic/bidofferv3/{symbol}", names.MessagingDestination: "proto/topic/bidofferv3/AOT",
		names.MessagingConsumerGroup: "spread", names.MessagingBodySize: "357", names.SpanSymbol: "AOT", names.SpanKind: "bid_offer",
		names.SpanEpoch: "3", names.SpanSeq: "7", names.SpanChosen: "slow", names.ServerAddress: "feed.example", names.ServerPort: "8443",
	} {
		if got := attr(whole, key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}

func attr(s tracetest.SpanStub, key string) string {
	for _, a := range s.Attributes {
		if string(a.Key) == key {
			return a.Value.String()
		}
	}
	return ""
}

func TestWhatHappenedInTheOtherOrderIsShownInNone(t *testing.T) {
	l := newLab(t, nil)
	it := event(7)
	l.Delivered(&it, "spread", 106*ms-1, 115*ms, NotAsked) // an idle actor's clock was read before the push
	for name, s := range l.done(t) {
		if s.EndTime.Before(s.StartTime) {
			t.Errorf("%s ends before it starts", name)
		}
	}
}

func TestThePathsOfOneEventAreTiedByLinks(t *testing.T) {
	l := newLab(t, nil)
	it, other := event(7), event(8)
	l.Delivered(&it, "one", 110*ms, 115*ms, NotAsked)
	l.Delivered(&it, "two", 111*ms, 112*ms, NotAsked)
	l.Delivered(&other, "one", 111*ms, 112*ms, NotAsked)
	l.Close(context.Background())
	roots := map[string]tracetest.SpanStub{}
	for _, s := range l.spans.GetSpans() {
		if !s.Parent.IsValid() {
			roots[attr(s, names.MessagingConsumerGroup)+attr(s, names.SpanSeq)] = s
		}
	}
	if len(roots) != 3 || len(roots["one7"].Links) != 0 || len(roots["one8"].Links) != 0 || len(roots["two7"].Links) != 1 ||
		!roots["two7"].Links[0].SpanContext.Equal(roots["one7"].SpanContext.WithRemote(false)) {
		t.Errorf("%+v", roots)
	}
}

func TestWhoAsksGetsTheIDsOfTheSpanThatComesLater(t *testing.T) {
	l := newLab(t, func(c *Config) { c.Slow = 0 })
	it := event(7)
	ctx, answer := l.Ask(&it, "spread", NotAsked)
	again, _ := l.Ask(&it, "spread", answer)
	mine := trace.SpanContextFromContext(ctx)
	if answer != Granted || !mine.IsSampled() || !mine.Equal(trace.SpanContextFromContext(again)) {
		t.Fatalf("%v %v", answer, mine)
	}
	_, user := trace.SpanFromContext(ctx).TracerProvider().Tracer("mine").Start(ctx, "order")
	user.End()
	l.Delivered(&it, "spread", 110*ms, 110*ms+5, answer)
	spans := l.done(t)
	process := spans["process spread"]
	if process.SpanContext.SpanID() != mine.SpanID() || process.SpanContext.TraceID() != mine.TraceID() ||
		spans["order"].Parent.SpanID() != mine.SpanID() || spans["order"].SpanContext.TraceID() != mine.TraceID() ||
		spans["order"].SpanContext.SpanID() == mine.SpanID() {
		t.Errorf("promised %v, made %v; the user's under %v", mine, process.SpanContext, spans["order"].Parent)
	}
	if got := attr(spans["process proto/topic/bidofferv3/{symbol}"], names.SpanChosen); got != names.ChosenAsked {
		t.Error(got)
	}
}

// gone lets a queue let go of an event, of which nobody is told.
func gone(strategy string, how mailbox.Fate) func(*lab, flow.Item) trace.SpanContext {
	return func(l *lab, it flow.Item) trace.SpanContext {
		if strategy == "" {
			it.Dispatched = 0
		}
		l.Gone(&it, strategy, how)
		return trace.SpanContext{}
	}
}

func TestAFailureSaysWhatAndWhere(t *testing.T) {
	for _, c := range []struct {
		why    string
		report func(l *lab, it flow.Item) trace.SpanContext // of what says so, where somebody is told
		last   string
		class  string
		stack  bool
	}{
		{"a panic", func(l *lab, it flow.Item) trace.SpanContext {
			return l.Failed(it, "spread", 110*ms, 115*ms, NotAsked, "panic", "of account 0123456789", "main.go:1 0123456789")
		}, "process spread", "panic", true},
		{"stuck", func(l *lab, it flow.Item) trace.SpanContext {
			return l.Failed(it, "spread", 110*ms, 115*ms, NotAsked, "stuck", "5s", "")
		}, "process spread", "stuck", false},
		{"dropped by the strategy's queue", gone("spread", mailbox.Dropped), "deliver spread", "dropped", false},
		{"too old", gone("spread", mailbox.Expired), "deliver spread", "expired", false},
		{"dropped by the dispatcher's queue", gone("", mailbox.Dropped), "dispatch", "dropped", false},
		{"a panic of the dispatcher", func(l *lab, it flow.Item) trace.SpanContext {
			it.Dispatched = 0
			return l.Failed(it, "", 0, 115*ms, NotAsked, "panic", "x", "router.go:1")
		}, "dispatch", "panic", true},
		{"not decoded", func(l *lab, it flow.Item) trace.SpanContext {
			return l.Undecoded(&raw.Message{Topic: []byte(topic.BidOffer("AOT")), Payload: []byte("x"), Wall: wall, Mono: 100 * ms}, 101*ms, "malformed", "cut off")
		}, "decode", "malformed", false},
		{"dropped by the raw queue", func(l *lab, it flow.Item) trace.SpanContext {
			return l.Undecoded(&raw.Message{Topic: []byte(topic.BidOffer("AOT")), Payload: []byte("x"), Wall: wall, Mono: 100 * ms}, 0, "dropped", "dropped")
		}, "receive", "dropped", false},
	} {
		t.Run(c.why, func(t *testing.T) {
			l := newLab(t, nil)
			told := c.report(l, event(7))
			spans := l.done(t)
			if sc := spans[c.last].SpanContext; told.IsValid() && !told.Equal(sc) {
				t.Errorf("told of %v, made %v", told, sc)
			}
			for _, name := range []string{c.last, "process proto/topic/bidofferv3/{symbol}"} {
				s, ok := spans[name]
				if !ok || s.Status.Code != codes.Error || attr(s, names.ErrorType) != c.class || strings.Contains(s.Status.Description, "0123456789") {
					t.Errorf("%s: %v %v", name, ok, s)
				}
			}
			for name, s := range spans {
				if name != c.last && s.Parent.IsValid() && s.Status.Code == codes.Error {
					t.Errorf("%s has failed, too", name)
				}
			}
			e := slices.DeleteFunc(spans[c.last].Events, func(e sdktrace.Event) bool { return e.Name != "exception" })
			if c.stack != (len(e) == 1) {
				t.Errorf("%+v", e)
			}
			for _, a := range append(e, sdktrace.Event{}) {
				for _, kv := range a.Attributes {
					if strings.Contains(kv.Value.String(), "0123456789") {
						t.Errorf("%s holds the account", kv.Key)
					}
				}
			}
		})
	}
}

func TestAnOrdersSpansHoldNoAccount(t *testing.T) {
	l := newLab(t, nil)
	it := event(7)
	it.Topic = 1
	l.Delivered(&it, "orders", 110*ms, 115*ms, NotAsked)
	for name, s := range l.done(t) {
		if strings.Contains(name, "0123456789") {
			t.Error(name)
		}
		for _, a := range s.Attributes {
			if strings.Contains(a.Value.String(), "0123456789") || a.Key == names.MessagingDestination {
				t.Errorf("%s: %s=%s", name, a.Key, a.Value.String())
			}
		}
	}
}

func TestTheRatioIsTheSameForAllWhoAskAndHoldsOnAverage(t *testing.T) {
	for _, share := range []float64{0, 0.0001, 0.01, 0.5, 1} {
		r := ratioOf(share)
		const n = 1_000_000
		chosen := 0
		for seq := range uint64(n) {
			a, b := r.chosen(2, seq), r.chosen(2, seq)
			if a != b {
				t.Fatal("of two minds")
			}
			if a {
				chosen++
			}
		}
		if got := float64(chosen) / n; got < share*0.7 || got > share*1.3 {
			t.Errorf("%v became %v", share, got)
		}
	}
}

func TestWhatIsLetGoOnPurposeIsTracedOnlyIfTheRatioChoseIt(t *testing.T) {
	for _, how := range []mailbox.Fate{mailbox.Conflated, mailbox.Discarded} {
		l := newLab(t, nil)
		it, chosen := event(7), event(8)
		chosen.Traced = true
		l.Gone(&it, "spread", how)
		l.Gone(&chosen, "spread", how)
		spans := l.done(t)
		if s := spans["deliver spread"]; len(spans) != 5 || attr(s, names.SpanOutcome) != string(how) ||
			s.Status.Code == codes.Error || attr(s, names.ErrorType) != "" {
			t.Errorf("%s: %+v", how, s)
		}
	}
}

func TestAnEventThatNobodyWantedEndsAtTheDispatcher(t *testing.T) {
	l := newLab(t, nil)
	it, chosen := event(7), event(8)
	chosen.Traced = true
	l.Unmatched(&it, 106*ms)
	l.Unmatched(&chosen, 106*ms)
	if spans := l.done(t); len(spans) != 4 || spans["dispatch"].Status.Code == codes.Error {
		t.Errorf("%+v", spans)
	}
}

func TestARareDeedIsTracedWholeAndWithinItself(t *testing.T) {
	l := newLab(t, nil)
	failure := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	sc := l.Do(Op{Name: "restart", Start: 100 * ms, End: 200 * ms, Links: []trace.SpanContext{failure}, Class: "panic", Err: "of 0123456789",
		Parts: []Op{{Name: "backoff", Start: 90 * ms, End: 250 * ms}}})
	spans := l.done(t)
	whole, part := spans["restart"], spans["backoff"]
	if part.Parent.SpanID() != whole.SpanContext.SpanID() || part.StartTime.Before(whole.StartTime) || part.EndTime.After(whole.EndTime) {
		t.Errorf("%v in %v", part, whole)
	}
	if !sc.Equal(whole.SpanContext) || part.SpanContext.SpanID() == sc.SpanID() {
		t.Errorf("promised %v, made %v with %v", sc, whole.SpanContext, part.SpanContext)
	}
	if len(whole.Links) != 1 || !whole.Links[0].SpanContext.Equal(failure) || whole.Status.Description != "of {account}" {
		t.Errorf("%+v", whole)
	}
}

func TestAProviderThatMakesIDsOfItsOwnIsRefused(t *testing.T) {
	if _, err := New(Config{Provider: sdktrace.NewTracerProvider()}); !errors.Is(err, ErrProvider) {
		t.Error(err)
	}
	for _, nothing := range []trace.TracerProvider{nil, noop.NewTracerProvider()} {
		if l, err := New(Config{Provider: nothing}); l != nil || err != nil {
			t.Error(l, err)
		}
	}
}
