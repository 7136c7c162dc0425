package decoder

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/internal/mailbox"
	"github.com/feedtree/feedtree/internal/poison"
	"github.com/feedtree/feedtree/internal/ratelog"
	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/internal/seam"
	"github.com/feedtree/feedtree/internal/seen"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// bench is a decoder on a queue, worked by hand.
type bench struct {
	Deps
	q   *mailbox.Queue[raw.Message]
	gen *raw.Generation
	out []string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{gen: raw.NewGeneration(1)}
	b.gen.Accept(1)
	store, err := poison.New(poison.Limits{Entries: 1000, Bytes: 16 << 20})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	feed := &ledger.Feed{}
	b.Deps = Deps{Topics: topic.NewTable(), Seen: seen.New(), Feed: feed, Seams: &seam.Seams{Feed: feed}, Poison: store, Lines: ratelog.New(log),
		State: NewState(nil, func(run []flow.Item) {
			for _, it := range run {
				switch m := it.Msg.(type) {
				case messages.Event:
					b.out = append(b.out, fmt.Sprintf("%s %d/%d", m.Symbol(), m.Epoch(), m.Seq()))
				case messages.Notice:
					b.out = append(b.out, m.Type())
				}
			}
		})}
	for _, s := range []string{"AOT", "PTT"} {
		tp, err := b.Topics.Intern(topic.BidOffer(s))
		if err != nil {
			t.Fatal(err)
		}
		b.Seen.Want(b.Seen.Symbol(s, tp.Index), true)
	}
	b.q, err = mailbox.New(mailbox.Config[raw.Message]{Name: "raw", Capacity: 1000, IsNotice: func(m *raw.Message) bool { return m.Notice != nil }})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func book(symbol string) []byte {
	d := messages.BidOfferData{Symbol: symbol}
	d.Bids[0] = messages.Level{Price: messages.Baht, Volume: 1}
	return codec.AppendBidOffer(nil, &d)
}

func (b *bench) message(name string, payload []byte) raw.Message {
	now := clock.Now()
	return raw.Message{Topic: []byte(name), Payload: payload, Gen: b.gen, Wall: now.Wall, Mono: now.Mono}
}

// work lets a decoder take what is pushed, and gives what came out of it.
func (b *bench) work(run ...raw.Message) []string {
	b.out = nil
	b.q.Push(run)
	l := b.q.Lease(nil)
	for r := l.Take(100); r != nil; r = l.Take(100) {
		(&Decoder{b.Deps}).onRun(r)
	}
	l.Release()
	return b.out
}

func TestEventsAreNumberedWithinTheirEpochBehindTheNoticeThatTheyLive(t *testing.T) {
	b := newBench(t)
	aot, ptt := topic.BidOffer("AOT"), topic.BidOffer("PTT")
	got := b.work(b.message(aot, book("AOT")), b.message(aot, book("AOT")), b.message(ptt, book("PTT")))
	if want := []string{"feed_live", "symbol_live", "AOT 1/1", "AOT 1/2", "symbol_live", "PTT 1/3"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	old := b.gen
	b.gen = raw.NewGeneration(2)
	b.gen.Accept(2)
	late := b.message(aot, book("AOT"))
	late.Gen = old
	old.Revoke()
	got = b.work(raw.Message{Notice: &messages.Disconnected{}}, raw.Message{Notice: &messages.Gap{}}, late, b.message(aot, book("AOT")))
	if want := []string{"disconnected", "gap", "feed_live", "symbol_live", "AOT 2/1"}; !slices.Equal(got, want) || b.Feed.Stale.Load() != 1 {
		t.Errorf("%v, %d stale", got, b.Feed.Stale.Load())
	}
}

func TestEveryBadMessageIsOneCounterAndItsBytesAreKept(t *testing.T) {
	b := newBench(t)
	aot := topic.BidOffer("AOT")
	got := b.work(
		b.message("no/such/topic", nil), b.message(aot, []byte{0x0f}), b.message(aot, nil), b.message(aot, book("PTT")),
		b.message(aot, make([]byte, codec.MaxPayload+1)), b.message(aot, book("AOT")))
	if want := []string{"feed_live", "symbol_live", "AOT 1/1"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	f := b.Feed
	if f.UnknownTopic.Load() != 1 || f.Oversized.Load() != 1 || f.DecodeErrors[ledger.Malformed].Load() != 1 ||
		f.DecodeErrors[ledger.Missing].Load() != 1 || f.DecodeErrors[ledger.Mismatch].Load() != 1 || f.Decoded.Load() != 1 {
		t.Errorf("%+v", f.Read())
	}
	kept := b.Poison.List()
	if len(kept) != 4 || string(kept[0].Payload) != "\x0f" || kept[0].Class != "malformed" || kept[0].Topic != aot {
		t.Errorf("%+v", kept)
	}
}

func TestAPanicCostsItsMessageAndNothingThatWasGathered(t *testing.T) {
	b := newBench(t)
	aot := topic.BidOffer("AOT")
	whole := b.Seen
	b.q.Push([]raw.Message{b.message(aot, book("AOT")), b.message(aot, book("AOT")), b.message(aot, book("AOT"))})
	l := b.q.Lease(nil)
	r := l.Take(10)
	func() {
		defer func() {
			if recover() == nil {
				t.Fatal("no panic")
			}
			m, ok := l.Fail()
			OnPanic(b.Deps)(m, ok, "boom")
		}()
		d := &Decoder{b.Deps}
		m, _ := r.Next()
		d.onMessage(m, 1)
		d.d.Seen = nil // a fault of the decoder's own
		m, _ = r.Next()
		d.onMessage(m, 1)
	}()
	b.Seen = whole
	got := b.work()
	if want := []string{"feed_live", "symbol_live", "AOT 1/1", "AOT 1/3"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if b.Feed.DecodeErrors[ledger.Panic].Load() != 1 || b.Feed.Decoded.Load() != 2 || len(b.Poison.List()) != 1 {
		t.Errorf("%+v", b.Feed.Read())
	}
}

func TestSilenceIsTakenASecondLookAt(t *testing.T) {
	b := newBench(t)
	b.work(b.message(topic.BidOffer("AOT"), book("AOT")))
	aot, ptt := b.Seen.Find("AOT"), b.Seen.Find("PTT")
	d := &Decoder{b.Deps}
	b.out = nil
	d.onPutStale(&PutStale{Symbol: aot, Threshold: time.Hour}) // it was seen since
	d.onPutStale(&PutStale{Symbol: ptt, Threshold: 0})         // it was never seen
	if len(b.out) != 0 {
		t.Error(b.out)
	}
	d.onPutStale(&PutStale{Symbol: aot, Threshold: 0})
	d.onPutStale(&PutStale{Symbol: aot, Threshold: 0})
	d.onPutFeedDead(&PutFeedDead{Threshold: 0})
	if want := []string{"symbol_stale", "feed_dead"}; !slices.Equal(b.out, want) {
		t.Error(b.out)
	}
	if got := b.work(b.message(topic.BidOffer("AOT"), book("AOT"))); !slices.Equal(got, []string{"feed_live", "symbol_live", "AOT 1/2"}) {
		t.Error(got)
	}
	b.work(raw.Message{Notice: &messages.Disconnected{}})
	b.out = nil
	d.onPutFeedDead(&PutFeedDead{Threshold: 0})
	if len(b.out) != 0 {
		t.Error("the feed is dead, which everyone knows:", b.out)
	}
}

func TestARejectedSymbolStaysSoUntilItIsGrantedOrTheConnectionEnds(t *testing.T) {
	b := newBench(t)
	aot := topic.BidOffer("AOT")
	got := b.work(raw.Message{Notice: &messages.SymbolRejected{Symbol: "AOT"}}, b.message(aot, book("AOT")))
	if want := []string{"symbol_rejected", "feed_live", "AOT 1/1"}; !slices.Equal(got, want) || b.Seen.Find("AOT").State() != seen.Rejected {
		t.Error(got)
	}
	b.Seen.Find("AOT").Unreject()
	if got := b.work(b.message(aot, book("AOT"))); !slices.Equal(got, []string{"symbol_live", "AOT 1/2"}) {
		t.Error(got)
	}
}

func TestAnEventCostsOneAllocation(t *testing.T) {
	b := newBench(t)
	b.State = NewState(nil, func([]flow.Item) {})
	l := b.q.Lease(nil)
	m := []raw.Message{b.message(topic.BidOffer("AOT"), book("AOT"))}
	d := &Decoder{b.Deps}
	work := func() {
		b.q.Push(m)
		d.onRun(l.Take(10))
	}
	work()
	if n := testing.AllocsPerRun(1000, work); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

// shouting is a user's log handler with a fault of its own.
type shouting struct{ slog.Handler }

func (shouting) Enabled(context.Context, slog.Level) bool  { return true }
func (shouting) Handle(context.Context, slog.Record) error { panic("the log is broken") }
func (h shouting) WithAttrs([]slog.Attr) slog.Handler      { return h }
func (h shouting) WithGroup(string) slog.Handler           { return h }

func TestALogHandlerThatPanicsLeavesEachMessageInOneCounter(t *testing.T) {
	for _, m := range []raw.Message{{Topic: []byte("no/such/topic")}, {Topic: []byte(topic.BidOffer("AOT")), Payload: []byte{0x0f}}} {
		b := newBench(t)
		b.Lines = ratelog.New(slog.New(shouting{slog.DiscardHandler}))
		m.Gen = b.gen
		func() {
			defer func() { OnPanic(b.Deps)(m, true, recover()) }()
			(&Decoder{b.Deps}).onMessage(&m, 1)
		}()
		f := b.Feed
		if n := f.UnknownTopic.Load() + f.DecodeErrors[ledger.Malformed].Load() + f.DecodeErrors[ledger.Panic].Load(); n != 1 {
			t.Errorf("%s is counted %d times", m.Topic, n)
		}
	}
}
