package lane

import (
	"testing"

	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// books is a stream of n messages of the size of a ten-level book.
func books(n int) (stream []byte) {
	book := publish("proto/topic/bidofferv3/AOT", make([]byte, 357))
	for range n {
		stream = append(stream, book...)
	}
	return stream
}

// counting is a lane that was greeted and counts into n.
func counting(n *int, fast bool) *Conn {
	c := New(nil, Config{Gen: raw.NewGeneration(1), Feed: &ledger.Feed{}, Fast: fast, Push: func(run []raw.Message) { *n += len(run) }})
	c.greeted = true
	return c
}

// drain lets the lane read a stream to its end.
func drain(c *Conn, stream, buf []byte) {
	c.Conn, c.err = &wire{pieces: [][]byte{stream}}, nil
	for {
		if _, err := c.Read(buf); err != nil {
			return
		}
	}
}

func TestTheLaneAllocatesFarLessThanOnceAMessage(t *testing.T) {
	const messages = 2000
	stream, buf := books(messages), make([]byte, 4096)
	for _, fast := range []bool{true, false} {
		n := 0
		c := counting(&n, fast)
		if allocs := testing.AllocsPerRun(20, func() { drain(c, stream, buf) }) / messages; allocs > 0.05 {
			t.Errorf("%v allocations a message, fast %v", allocs, fast)
		}
		if n != 21*messages {
			t.Errorf("%d messages, fast %v", n, fast)
		}
	}
}

func BenchmarkLane(b *testing.B) {
	stream, buf := books(2000), make([]byte, 4096)
	for name, fast := range map[string]bool{"runs": true, "runs of one": false} {
		b.Run(name, func(b *testing.B) {
			n := 0
			c := counting(&n, fast)
			b.ReportAllocs()
			b.SetBytes(int64(len(stream)))
			for b.Loop() {
				drain(c, stream, buf)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "msgs/s")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/message")
		})
	}
}
