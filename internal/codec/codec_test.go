package codec

import (
	"testing"

	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

func TestWhatWasDecodedEncodesToBytesThatDecodeToTheSame(t *testing.T) {
	n := 0
	for _, v := range vectors(t) {
		if v.Error != "" {
			continue
		}
		tp, err := topic.Parse(v.Topic)
		if err != nil {
			t.Fatal(err)
		}
		first, err := Decode(&tp, v.payload(t), messages.Meta{Epoch: 1, Seq: 2, Wall: 3, Mono: 4})
		if err != nil {
			t.Fatal(err)
		}
		second, err := Decode(&tp, Append(nil, first), messages.Meta{Epoch: 1, Seq: 2, Wall: 3, Mono: 4})
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
		} else if !equal(first, second) {
			t.Errorf("%s:\n%s\n%s", v.Name, first.AppendJSON(nil), second.AppendJSON(nil))
		}
		n++
	}
	if n < 270 {
		t.Fatalf("only %d vectors were compared", n)
	}
}

// equal compares the events themselves with ==, as their type promises.
func equal(a, b messages.Event) bool {
	switch a := a.(type) {
	case *messages.BidOffer:
		return *a == *b.(*messages.BidOffer)
	case *messages.PriceInfo:
		return *a == *b.(*messages.PriceInfo)
	case *messages.Candlestick:
		return *a == *b.(*messages.Candlestick)
	case *messages.EquityExchangeInfo:
		return *a == *b.(*messages.EquityExchangeInfo)
	case *messages.DerivativesExchangeInfo:
		return *a == *b.(*messages.DerivativesExchangeInfo)
	case *messages.EquityOrder:
		return *a == *b.(*messages.EquityOrder)
	case *messages.DerivativesOrder:
		return *a == *b.(*messages.DerivativesOrder)
	}
	return false
}

func TestDecodingABookAllocatesTheEventAlone(t *testing.T) {
	tp, payload := book(t)
	if n := testing.AllocsPerRun(200, func() {
		if _, err := Decode(tp, payload, messages.Meta{}); err != nil {
			t.Fatal(err)
		}
	}); n != 1 {
		t.Fatalf("%v allocations, want 1", n)
	}
}

func TestAPayloadOverTheCapIsRefusedUnread(t *testing.T) {
	_, err := DecodeTopic("proto/topic/bidofferv3/AOT", make([]byte, MaxPayload+1), messages.Meta{})
	if got := ClassName(err); got != "oversized" {
		t.Fatalf("%v is of class %q", err, got)
	}
}

func book(t testing.TB) (*topic.Topic, []byte) {
	v := vectors(t)[0]
	tp, err := topic.Parse(v.Topic)
	if err != nil {
		t.Fatal(err)
	}
	return &tp, v.payload(t)
}

func TestErrorsTellTheirClassAndNothingOfThePayload(t *testing.T) {
	for _, c := range []struct {
		topic, payload string
		class          Class
		text           string
	}{
		{"proto/topic/bidofferv3/AOT", "\x0a\x03PTT", ClassMismatch, "decode bid_offer: mismatch: symbol: it is not the topic's"},
		{"proto/topic/bidofferv3/AOT", "", ClassMissing, "decode bid_offer: missing: symbol: it is not there"},
		{"proto/topic/cdlv3/AOT/5m", "\x0a\x03AOT", ClassMissing, "decode candlestick: missing: interval: it is not there"},
		{"proto/topic/cdlv3/AOT/5m", "\x0a\x03AOT\x12\x025m\x52\x10\x10\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x18\x80\x94\xeb\xdc\x03", ClassOutOfRange,
			"decode candlestick: out_of_range: value: it does not fit 64-bit units"},
		{"proto/topic/infov3/AOT", "\x07", ClassMalformed, "decode price_info: malformed: the bytes are no protobuf message of this kind"},
		{"proto/ua/_broker/12345678/_front/ordereqv3", "\x22\x0812345678", ClassMissing, "decode equity_order: missing: symbol: it is not there"},
		{"proto/ua/_broker/12345678/_front/ordereqv3", "\x22\x0887654321", ClassMismatch, "decode equity_order: mismatch: account_no: it is not the topic's"},
		{"proto/topic/nothing/AOT", "", ClassUnknownTopic, `no topic of the feed: "proto/topic/nothing/AOT"`},
		{"proto/ua/_broker/12345678/_front/x", "", ClassUnknownTopic, `no topic of the feed: "proto/ua/_broker/{account}/_front/x"`},
	} {
		_, err := DecodeTopic(c.topic, []byte(c.payload), messages.Meta{})
		if err == nil || ClassName(err) != c.class || err.Error() != c.text {
			t.Errorf("%s %x: class %q, %v", c.topic, c.payload, ClassName(err), err)
		}
	}
}
