package codec

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/feedtree/feedtree/internal/codec/oracle"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

type sample struct {
	topic   *topic.Topic
	payload []byte
}

// books are the vectors of ten levels a side. There are several, because one payload
// decoded again and again teaches the processor every branch of it, which no feed does.
func books(t testing.TB) (out []sample) {
	for _, v := range vectors(t) {
		if strings.HasPrefix(v.Name, "bid_offer full depth") {
			tp, err := topic.Parse(v.Topic)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, sample{&tp, v.payload(t)})
		}
	}
	if len(out) < 10 {
		t.Fatalf("%d books, want 10", len(out))
	}
	return out
}

// BenchmarkDecodeBidOffer decodes books of ten levels. The ratio is paired: each of its
// iterations runs a short stretch of ours and of google's side by side, so that a machine
// that slows down slows both. The target is 0.3.
func BenchmarkDecodeBidOffer(b *testing.B) {
	all := books(b)
	ours := func(s sample) {
		if _, err := Decode(s.topic, s.payload, messages.Meta{}); err != nil {
			b.Fatal(err)
		}
	}
	google := func(s sample) {
		var m oracle.BidOfferV3
		if err := proto.Unmarshal(s.payload, &m); err != nil {
			b.Fatal(err)
		}
	}
	for _, decoder := range []struct {
		name string
		f    func(sample)
	}{{"ours", ours}, {"google", google}} {
		b.Run(decoder.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				decoder.f(all[i%len(all)])
			}
		})
	}
	b.Run("ratio", func(b *testing.B) {
		var ourTime, theirTime time.Duration
		timed := func(f func(sample)) time.Duration {
			began := time.Now()
			for range 10 {
				for _, s := range all {
					f(s)
				}
			}
			return time.Since(began)
		}
		for b.Loop() {
			ourTime += timed(ours)
			theirTime += timed(google)
		}
		b.ReportMetric(float64(ourTime)/float64(theirTime), "ours/google")
	})
}

func BenchmarkEncodeBidOffer(b *testing.B) {
	s := books(b)[0]
	e, err := Decode(s.topic, s.payload, messages.Meta{})
	if err != nil {
		b.Fatal(err)
	}
	d := e.(*messages.BidOffer).Data()
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		AppendBidOffer(buf, &d)
	}
}
