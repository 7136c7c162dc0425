package messages

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

var stamps = Meta{Epoch: 2, Seq: 7, Wall: at(1).UnixNano(), Mono: 99}

func everyEvent() []Event {
	return []Event{
		NewBidOffer(&BidOfferData{Meta: stamps, Symbol: "AOT"}),
		NewPriceInfo(&PriceInfoData{Meta: stamps, Symbol: "AOT"}),
		NewCandlestick(&CandlestickData{Meta: stamps, Symbol: "AOT"}),
		NewEquityExchangeInfo(&EquityExchangeInfoData{Meta: stamps, Market: "AOT"}),
		NewDerivativesExchangeInfo(&DerivativesExchangeInfoData{Meta: stamps, Market: "AOT"}),
		NewEquityOrder(&EquityOrderData{Meta: stamps, Symbol: "AOT"}),
		NewDerivativesOrder(&DerivativesOrderData{Meta: stamps, SeriesID: "AOT"}),
	}
}

func TestEveryEventKnowsItsKindItsSymbolAndItsArrival(t *testing.T) {
	for i, e := range everyEvent() {
		if e.Kind() != Kind(i+1) || e.Symbol() != "AOT" || e.Epoch() != 2 || e.Seq() != 7 ||
			!e.Time().Equal(at(1)) || e.WallNanos() != stamps.Wall || e.MonoNanos() != 99 {
			t.Errorf("%s: %v %v %v %v", e.Kind(), e.Symbol(), e.Epoch(), e.Seq(), e.Time())
		}
		var object struct{ Type string }
		b, err := json.Marshal(e)
		if err != nil || json.Unmarshal(b, &object) != nil || object.Type != e.Kind().String() {
			t.Errorf("%s: %s, %v", e.Kind(), b, err)
		}
		if k, ok := ParseKind(e.Kind().String()); !ok || k != e.Kind() {
			t.Errorf("%s is parsed as %v", e.Kind(), k)
		}
	}
	if _, ok := ParseKind(""); ok || Kind(0).String() != "" || Kind(200).String() != "" {
		t.Error("there is an eighth kind")
	}
}

// A field or a result that holds a pointer, slice, map or channel would let one strategy
// change what another reads.
func TestEventsGiveNothingOutThatCouldBeWrittenTo(t *testing.T) {
	for _, e := range everyEvent() {
		typ := reflect.TypeOf(e)
		if !typ.Elem().Comparable() {
			t.Errorf("%s cannot be compared with ==", typ)
		}
		for i := range typ.Elem().NumField() {
			if f := typ.Elem().Field(i); f.IsExported() {
				t.Errorf("%s.%s is open", typ, f.Name)
			}
		}
		for i := range typ.NumMethod() {
			m := typ.Method(i)
			if m.Name == "AppendJSON" || m.Name == "MarshalJSON" {
				continue // their bytes are the caller's own
			}
			for j := range m.Type.NumOut() {
				if shares(m.Type.Out(j)) {
					t.Errorf("%s.%s gives out %s", typ, m.Name, m.Type.Out(j))
				}
			}
		}
	}
}

func shares(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Chan, reflect.Func, reflect.Interface, reflect.UnsafePointer:
		return true
	case reflect.Array:
		return shares(t.Elem())
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return false
		}
		for i := range t.NumField() {
			if shares(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

func TestAnEventIsACopyOfWhatItWasMadeFrom(t *testing.T) {
	d := BidOfferData{Meta: stamps, Symbol: "AOT", Bids: [Levels]Level{{Price: Baht, Volume: 100}}}
	e, same := NewBidOffer(&d), NewBidOffer(&d)
	if *e != *same {
		t.Error("equal books are not ==")
	}
	d.Bids[0].Volume = 1
	out := e.Data()
	out.Bids[0].Volume = 2
	if e.BestBid().Volume != 100 || *e != *same {
		t.Error("an event was changed from outside")
	}
}

func TestABookTellsItsDepthItsSpreadAndItsAuction(t *testing.T) {
	level := func(p Price, v int64) Level { return Level{Price: p, Volume: v} }
	for _, c := range []struct {
		name       string
		d          BidOfferData
		bids, asks int
		auction    bool
		spread     Price
		ok         bool
	}{
		{"an empty book", BidOfferData{}, 0, 0, false, 0, false},
		{"one side", BidOfferData{Bids: [Levels]Level{level(Baht, 1)}}, 1, 0, false, 0, false},
		{"two sides", BidOfferData{BidFlag: FlagNormal, Bids: [Levels]Level{level(Baht, 1)}, Asks: [Levels]Level{level(3*Baht, 1)}}, 1, 1, false, 2 * Baht, true},
		{"a crossed book", BidOfferData{Bids: [Levels]Level{level(3*Baht, 1)}, Asks: [Levels]Level{level(Baht, 1)}}, 1, 1, false, -2 * Baht, true},
		{"a hole", BidOfferData{Bids: [Levels]Level{level(Baht, 1), {}, level(0, 1)}}, 3, 0, false, 0, false},
		{"a price alone", BidOfferData{Asks: [Levels]Level{9: level(Baht, 0)}}, 0, 10, false, 0, false},
		{"an opening auction", BidOfferData{BidFlag: FlagATO, Bids: [Levels]Level{level(0, 5)}, Asks: [Levels]Level{level(Baht, 1)}}, 1, 1, true, 0, false},
		{"a closing auction", BidOfferData{AskFlag: FlagATC, Bids: [Levels]Level{level(Baht, 5)}, Asks: [Levels]Level{level(0, 1)}}, 1, 1, true, 0, false},
		{"a spread that does not fit", BidOfferData{Bids: [Levels]Level{level(MinPrice, 1)}, Asks: [Levels]Level{level(MaxPrice, 1)}}, 1, 1, false, 0, false},
	} {
		e := NewBidOffer(&c.d)
		spread, ok := e.Spread()
		if e.BidDepth() != c.bids || e.AskDepth() != c.asks || e.Depth() != max(c.bids, c.asks) || e.IsAuction() != c.auction || spread != c.spread || ok != c.ok {
			t.Errorf("%s: %d, %d, %v, %v, %v", c.name, e.BidDepth(), e.AskDepth(), e.IsAuction(), spread, ok)
		}
		if e.Bid(0) != e.BestBid() || e.Ask(0) != e.BestAsk() || e.Bid(-1) != (Level{}) || e.Ask(Levels) != (Level{}) {
			t.Errorf("%s: levels are not where they should be", c.name)
		}
	}
}

func TestTimesAreWrittenAsSentAndAbsentOnesEmpty(t *testing.T) {
	for want, got := range map[string][]byte{
		`""`:                       append(Timestamp{}.appendJSON(nil), ""...),
		`"1970-01-01T00:00:00Z"`:   Timestamp{Set: true}.appendJSON(nil),
		`"2026-08-27T06:58:00.5Z"`: Timestamp{Seconds: 1787813880, Nanos: 500000000, Set: true}.appendJSON(nil),
		`"2026-11-24"`:             Date{2026, 11, 24}.appendJSON(nil),
		`"09:30:00.123"`:           TimeOfDay{9, 30, 0, 123000000, true}.appendJSON(nil),
		`"00:00:00"`:               TimeOfDay{Set: true}.appendJSON(nil),
	} {
		if string(got) != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := string(TimeOfDay{}.appendJSON(Date{}.appendJSON(nil))); got != `""""` {
		t.Errorf("absent ones are %s", got)
	}
	if !(Timestamp{}).Time().IsZero() || !(Timestamp{Seconds: 1, Set: true}).Time().Equal(time.Unix(1, 0)) {
		t.Error("timestamps convert wrongly")
	}
}

func TestAnyStringIsValidJSON(t *testing.T) {
	for _, s := range []string{"", "AOT", "L&E", `"\`, "\x00\n\x7f", "กขค", "\u2028", "\xff"} {
		var back string
		if b := quote(nil, s); json.Unmarshal(b, &back) != nil || (back != s && s != "\xff") {
			t.Errorf("%q is written %s", s, b)
		}
	}
}

// fill gives every number and string in a struct a value of its own.
func fill(v reflect.Value, next *int64) {
	*next++
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), next)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), next)
		}
	case reflect.String:
		v.SetString("text " + Price(*next).String())
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint64:
		v.SetUint(uint64(*next))
	default:
		v.SetInt(*next)
	}
}

func TestEachAccessorGivesItsField(t *testing.T) {
	for _, e := range everyEvent() {
		event := reflect.ValueOf(e)
		data := reflect.New(event.MethodByName("Data").Type().Out(0))
		var next int64
		fill(data.Elem(), &next)
		made := map[Kind]any{KindBidOffer: NewBidOffer, KindPriceInfo: NewPriceInfo, KindCandlestick: NewCandlestick,
			KindEquityExchangeInfo: NewEquityExchangeInfo, KindDerivativesExchangeInfo: NewDerivativesExchangeInfo,
			KindEquityOrder: NewEquityOrder, KindDerivativesOrder: NewDerivativesOrder}[e.Kind()]
		event = reflect.ValueOf(made).Call([]reflect.Value{data})[0]
		if got := event.MethodByName("Data").Call(nil)[0]; !got.Equal(data.Elem()) {
			t.Errorf("%s: Data gives %v", e.Kind(), got)
		}
		for i := range data.Elem().NumField() {
			name := data.Elem().Type().Field(i).Name
			if name == "Meta" || name == "Bids" || name == "Asks" {
				continue // tested above, by what they are made of
			}
			if got := event.MethodByName(name).Call(nil)[0]; !got.Equal(data.Elem().Field(i)) {
				t.Errorf("%s: %s gives %v, want %v", e.Kind(), name, got, data.Elem().Field(i))
			}
		}
	}
}
