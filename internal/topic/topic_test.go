package topic

import (
	"errors"
	"strings"
	"testing"

	"github.com/feedtree/feedtree/messages"
)

func TestParseReadsEveryFormOfTopic(t *testing.T) {
	for _, want := range []struct {
		Topic
		key, template string
	}{
		{Topic{Name: "proto/topic/bidofferv3/L&E", Kind: messages.KindBidOffer, Symbol: "L&E"}, "", "proto/topic/bidofferv3/{symbol}"},
		{Topic{Name: "proto/topic/infov3/BBL-F", Kind: messages.KindPriceInfo, Symbol: "BBL-F"}, "", "proto/topic/infov3/{symbol}"},
		{Topic{Name: "proto/topic/cdlv3/S50Z26/1M", Kind: messages.KindCandlestick, Symbol: "S50Z26", Interval: "1M"}, "", "proto/topic/cdlv3/{symbol}/{interval}"},
		{Topic{Name: "proto/topic/exchinfoeqv3/mai", Kind: messages.KindEquityExchangeInfo, Symbol: "mai", Market: "mai"}, "", "proto/topic/exchinfoeqv3/{market}"},
		{Topic{Name: "proto/topic/exchinfodvv3/TFEX", Kind: messages.KindDerivativesExchangeInfo, Symbol: "TFEX", Market: "TFEX"}, "", "proto/topic/exchinfodvv3/{market}"},
		{Topic{Name: "proto/ua/_broker/6117413/_front/ordereqv3", Kind: messages.KindEquityOrder, Account: "6117413"},
			"proto/ua/_broker/{account}/_front/ordereqv3", "proto/ua/_broker/{account}/_front/ordereqv3"},
		{Topic{Name: "proto/ua/_broker/X-1/_front/orderdvv3", Kind: messages.KindDerivativesOrder, Account: "X-1"},
			"proto/ua/_broker/{account}/_front/orderdvv3", "proto/ua/_broker/{account}/_front/orderdvv3"},
	} {
		got, err := Parse(want.Name)
		if err != nil || got != want.Topic {
			t.Errorf("%s: %+v, %v", want.Name, got, err)
		}
		if want.key == "" {
			want.key = want.Name
		}
		if got.Key() != want.key || got.Template() != want.template {
			t.Errorf("%s: key %s, template %s", want.Name, got.Key(), got.Template())
		}
	}
}

func TestParseRefusesWhatIsNoTopicOfTheFeed(t *testing.T) {
	for _, name := range []string{
		"", "/", "proto", "proto/topic/", "proto/topic/bidofferv3", "proto/topic/bidofferv3/", "proto/topic/bidofferv3/AOT/",
		"proto/topic/bidofferv3/AOT/1m", "proto/topic/bidofferv3/+", "proto/topic/bidofferv3/#", "proto/topic/bidofferv3/A B",
		"proto/topic/bidofferv3/A\x00", "proto/topic/bidofferv2/AOT", "proto/topic//AOT", "Proto/topic/bidofferv3/AOT",
		"proto/topic/cdlv3/AOT", "proto/topic/cdlv3/AOT/", "proto/topic/cdlv3/AOT/2m", "proto/topic/cdlv3/AOT/1m/x",
		"proto/topic/ordereqv3/123", "proto/ua/_broker//_front/ordereqv3", "proto/ua/_broker/1/2/_front/ordereqv3",
		"proto/ua/_broker/12345678/_front/bidofferv3", "proto/ua/_broker/12345678/_front/ordereqv3/x",
		"proto/ua/_broker/12345678", "proto/ua/_broker/+/_front/ordereqv3", "$sys/u/_broker/_uref/error/subscribe",
	} {
		if got, err := Parse(name); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q was taken as %+v, %v", name, got, err)
		} else if strings.Contains(err.Error(), "12345678") {
			t.Errorf("the error shows an account: %v", err)
		}
	}
}

func TestBuildersWriteWhatParseReads(t *testing.T) {
	for name, want := range map[string]Topic{
		BidOffer("AOT"):                 {Kind: messages.KindBidOffer, Symbol: "AOT"},
		PriceInfo("AOT"):                {Kind: messages.KindPriceInfo, Symbol: "AOT"},
		Candlestick("AOT", "5m"):        {Kind: messages.KindCandlestick, Symbol: "AOT", Interval: "5m"},
		EquityExchangeInfo("SET"):       {Kind: messages.KindEquityExchangeInfo, Symbol: "SET", Market: "SET"},
		DerivativesExchangeInfo("TFEX"): {Kind: messages.KindDerivativesExchangeInfo, Symbol: "TFEX", Market: "TFEX"},
		EquityOrder("42"):               {Kind: messages.KindEquityOrder, Account: "42"},
		DerivativesOrder("42"):          {Kind: messages.KindDerivativesOrder, Account: "42"},
	} {
		want.Name = name
		if got, err := Parse(name); err != nil || got != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestRedactShowsNoAccountWhateverTheName(t *testing.T) {
	for name, want := range map[string]string{
		"proto/topic/bidofferv3/S50Z26":                      "proto/topic/bidofferv3/S50Z26",
		"proto/topic/bidofferv3/A\xff\n":                     "proto/topic/bidofferv3/A??",
		"proto/ua/_broker/12345678/_front/ordereqv3":         "proto/ua/_broker/{account}/_front/ordereqv*",
		"proto/ua/_broker/12345678":                          "proto/ua/_broker/{account}/",
		"proto/ua/_broker/1/12345678":                        "proto/ua/_broker/{account}/********",
		"PROTO/ua/_broker/12345678/x":                        "PROTO/ua/_broker/********/x",
		"$sys/u/_broker/_uref/error/subscribe":               "$sys/u/_broker/_uref/error/subscribe",
		"proto/topic/bidofferv3/" + strings.Repeat("A", 500): "proto/topic/bidofferv3/" + strings.Repeat("A", 97),
	} {
		if got := Redact([]byte(name)); got != want {
			t.Errorf("%q is shown as %q, want %q", name, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"proto/topic/bidofferv3/AOT", "proto/topic/cdlv3/AOT/1m", "proto/ua/_broker/77/_front/ordereqv3", "$sys/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		p, err := Parse(name)
		if err != nil {
			return
		}
		var built string
		switch p.Kind {
		case messages.KindCandlestick:
			built = Candlestick(p.Symbol, p.Interval)
		case messages.KindEquityOrder, messages.KindDerivativesOrder:
			built = Order(p.Kind, p.Account)
			if k := p.Key(); k != Order(p.Kind, "{account}") {
				t.Errorf("%q is shown as %q", name, k)
			}
		default:
			built = Of(p.Kind, p.Symbol)
		}
		if built != name {
			t.Errorf("%q was read as %+v, which is written %q", name, p, built)
		}
	})
}
