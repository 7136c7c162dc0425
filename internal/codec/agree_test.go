package codec

import (
	"bytes"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"

	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

// topics has one of each kind; they are what generated messages are said to be about.
var topics = func() (out []*topic.Topic) {
	for _, name := range []string{topic.BidOffer("AOT"), topic.PriceInfo("AOT"), topic.Candlestick("AOT", "5m"),
		topic.EquityExchangeInfo("SET"), topic.DerivativesExchangeInfo("TFEX"), topic.EquityOrder("6117413"), topic.DerivativesOrder("6117413")} {
		tp, err := topic.Parse(name)
		if err != nil {
			panic(err)
		}
		out = append(out, &tp)
	}
	return out
}()

func TestTheOracleAgreesOnEveryVector(t *testing.T) {
	for _, v := range vectors(t) {
		tp, err := topic.Parse(v.Topic)
		if err != nil {
			t.Fatal(err)
		}
		agree(t, &tp, v.payload(t))
	}
}

func TestTheOracleAgreesOnEveryCutOfABook(t *testing.T) {
	s := books(t)[0]
	for n := range s.payload {
		agree(t, s.topic, s.payload[:n])
	}
}

func TestTheOracleAgreesOnEveryFlippedBitOfABook(t *testing.T) {
	s := books(t)[0]
	b := bytes.Clone(s.payload)
	for i := range 8 * len(b) {
		b[i/8] ^= 1 << (i % 8)
		agree(t, s.topic, b)
		b[i/8] ^= 1 << (i % 8)
	}
}

// TestTheOracleAgreesOnMessagesOfAnyForm makes messages from fields of the schema and from
// others, in any order, repeated, with wrong wire types, padded numbers, groups and damage:
// what a fuzzer of bytes would seldom find.
func TestTheOracleAgreesOnMessagesOfAnyForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tp := rapid.SampledFrom(topics).Draw(t, "topic")
		payload := drawMessage(t, oracleMessage(tp.Kind).ProtoReflect().Descriptor(), tp, 0)
		if len(payload) > 0 && rapid.IntRange(0, 9).Draw(t, "damage") == 0 {
			payload[rapid.IntRange(0, len(payload)-1).Draw(t, "where")] ^= rapid.Byte().Draw(t, "flip")
		}
		agree(t, tp, payload)
	})
}

func drawMessage(t *rapid.T, d protoreflect.MessageDescriptor, tp *topic.Topic, depth int) (b []byte) {
	if depth < 2 && rapid.IntRange(0, 9).Draw(t, "named") > 0 {
		for i := range d.Fields().Len() { // so that most are accepted
			if want := identityOf(d.Fields().Get(i), tp); want != "" {
				b = protowire.AppendTag(b, d.Fields().Get(i).Number(), protowire.BytesType)
				b = protowire.AppendString(b, want)
			}
		}
	}
	for range rapid.IntRange(0, 12).Draw(t, "fields") {
		if rapid.IntRange(0, 7).Draw(t, "known") > 0 {
			b = drawField(t, b, d.Fields().Get(rapid.IntRange(0, d.Fields().Len()-1).Draw(t, "field")), tp, depth)
		} else {
			b = drawUnknown(t, b, depth)
		}
	}
	return b
}

func identityOf(f protoreflect.FieldDescriptor, tp *topic.Topic) string {
	switch f.Name() {
	case "symbol", "name", "series_id":
		if tp.Symbol == "" {
			return "S50Z26"
		}
		return tp.Symbol
	case "interval":
		return tp.Interval
	case "account_no":
		return tp.Account
	}
	return ""
}

func drawField(t *rapid.T, b []byte, f protoreflect.FieldDescriptor, tp *topic.Topic, depth int) []byte {
	switch f.Kind() {
	case protoreflect.MessageKind:
		b = protowire.AppendTag(b, f.Number(), protowire.BytesType)
		body := drawMessage(t, f.Message(), tp, depth+1)
		if f.Message().Name() == "Money" && rapid.Bool().Draw(t, "usual") {
			body = drawMoney(t)
		}
		return protowire.AppendBytes(b, body)
	case protoreflect.StringKind:
		b = protowire.AppendTag(b, f.Number(), protowire.BytesType)
		if want := identityOf(f, tp); want != "" && rapid.IntRange(0, 3).Draw(t, "same") > 0 {
			return protowire.AppendString(b, want)
		}
		return protowire.AppendString(b, rapid.OneOf(rapid.SampledFrom([]string{"", "THB", "aot", "ก", "\xff", "A\xc3"}), rapid.String()).Draw(t, "text"))
	}
	b = protowire.AppendTag(b, f.Number(), protowire.VarintType)
	return drawNumber(t, b)
}

// drawMoney writes what the exchange would.
func drawMoney(t *rapid.T) (b []byte) {
	if rapid.IntRange(0, 4).Draw(t, "currency") > 0 {
		b = append(b, "\x0a\x03THB"...)
	}
	if rapid.IntRange(0, 4).Draw(t, "units") > 0 {
		b = drawNumber(t, append(b, moneyUnits))
	}
	if rapid.IntRange(0, 4).Draw(t, "nanos") > 0 {
		b = drawNumber(t, append(b, moneyNanos))
	}
	return b
}

func drawNumber(t *rapid.T, b []byte) []byte {
	v := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 300), rapid.SampledFrom([]uint64{1 << 63, 1<<63 - 1, 1<<64 - 1, 9223372036,
		9223372033, 9223372037, 1<<64 - 9223372036, 1<<64 - 9223372037, 854775807, 854775808, 1<<64 - 854775808, 999999999, 1e9, 1 << 31, 1 << 32,
		253402300799, 253402300800, 1<<64 - 62135596800, 1<<64 - 62135596801, 23, 24, 25, 59, 60, 61, 31, 32, 12, 13, 9999, 10000})).Draw(t, "number")
	b = protowire.AppendVarint(b, v)
	if n := protowire.SizeVarint(v); rapid.IntRange(0, 9).Draw(t, "padded") == 0 {
		b[len(b)-1] |= 0x80
		for range rapid.IntRange(0, 10-n).Draw(t, "zeros") {
			b = append(b, 0x80)
		}
		b = append(b, 0)
	}
	return b
}

func drawUnknown(t *rapid.T, b []byte, depth int) []byte {
	num := protowire.Number(rapid.SampledFrom([]int{1, 2, 3, 7, 18, 22, 43, 44, 100, 1 << 28, 1<<29 - 1, 1 << 29, 0}).Draw(t, "number"))
	typ := protowire.Type(rapid.IntRange(0, 7).Draw(t, "type"))
	b = protowire.AppendVarint(b, uint64(num)<<3|uint64(typ))
	switch typ {
	case protowire.VarintType:
		return drawNumber(t, b)
	case protowire.Fixed32Type:
		return append(b, "1234"...)
	case protowire.Fixed64Type:
		return append(b, "12345678"...)
	case protowire.BytesType:
		return protowire.AppendBytes(b, rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "bytes"))
	case protowire.StartGroupType:
		if depth < 4 {
			b = drawUnknown(t, b, depth+1)
		}
		if rapid.IntRange(0, 4).Draw(t, "closed") > 0 {
			b = protowire.AppendVarint(b, uint64(num)<<3|uint64(protowire.EndGroupType))
		}
	}
	return b
}

func FuzzDecode(f *testing.F) {
	for _, v := range vectors(f) {
		tp, err := topic.Parse(v.Topic)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(tp.Kind-1), v.payload(f))
	}
	f.Fuzz(func(t *testing.T, which uint8, payload []byte) {
		if len(payload) > MaxPayload {
			return
		}
		agree(t, topics[int(which)%len(topics)], payload)
		own := ownTopic(topics[int(which)%len(topics)].Kind, payload)
		if own == nil {
			return
		}
		agree(t, own, payload)
		e, err := Decode(own, payload, messages.Meta{})
		if err != nil {
			return
		}
		again, err := Decode(own, Append(nil, e), messages.Meta{})
		if err != nil || !equal(e, again) {
			t.Errorf("%x: what was decoded encodes to something else: %v", payload, err)
		}
	})
}

// ownTopic is the topic that a payload says it is of, so that fuzzing gets past the symbol.
func ownTopic(k messages.Kind, payload []byte) *topic.Topic {
	m := oracleMessage(k)
	if proto.Unmarshal(payload, m) != nil {
		return nil
	}
	r := m.ProtoReflect()
	get := func(name protoreflect.Name) string { return r.Get(r.Descriptor().Fields().ByName(name)).String() }
	var name string
	switch k {
	case messages.KindBidOffer, messages.KindPriceInfo:
		name = topic.Of(k, get("symbol"))
	case messages.KindCandlestick:
		name = topic.Candlestick(get("symbol"), get("interval"))
	case messages.KindEquityOrder, messages.KindDerivativesOrder:
		name = topic.Order(k, get("account_no"))
	default:
		return nil
	}
	tp, err := topic.Parse(name)
	if err != nil {
		return nil
	}
	return &tp
}

func TestNestedGroupsAreReadToABoundedDepth(t *testing.T) {
	for depth, good := range map[int]bool{1: true, 5000: true, 20000: false} {
		b := append([]byte(nil), "\x0a\x03AOT"...)
		b = append(b, slices.Repeat([]byte{15<<3 | 3}, depth)...)
		b = append(b, slices.Repeat([]byte{15<<3 | 4}, depth)...)
		agree(t, topics[0], b)
		if _, err := Decode(topics[0], b, messages.Meta{}); (err == nil) != good {
			t.Errorf("depth %d: %v", depth, err)
		}
	}
}
