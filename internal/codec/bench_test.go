package codec

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/feedtree/feedtree/internal/codec/oracle"
	"github.com/feedtree/feedtree/messages"
)

// BenchmarkDecodeBidOffer decodes a book of ten levels. The ratio is paired: each of its
// iterations runs a short stretch of ours and of google's side by side, so that a machine
// that slows down slows both.
func BenchmarkDecodeBidOffer(b *testing.B) {
	tp, payload := book(b)
	ours := func() {
		if _, err := Decode(tp, payload, messages.Meta{}); err != nil {
			b.Fatal(err)
		}
	}
	google := func() {
		var m oracle.BidOfferV3
		if err := proto.Unmarshal(payload, &m); err != nil {
			b.Fatal(err)
		}
	}
	for name, f := range map[string]func(){"ours": ours, "google": google} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		})
	}
	b.Run("ratio", func(b *testing.B) {
		const stretch = 100
		var ourTime, theirTime time.Duration
		timed := func(f func()) time.Duration {
			began := time.Now()
			for range stretch {
				f()
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
	tp, payload := book(b)
	e, _ := Decode(tp, payload, messages.Meta{})
	d := e.(*messages.BidOffer).Data()
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		AppendBidOffer(buf, &d)
	}
}
