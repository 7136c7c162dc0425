package sandbox

import (
	"time"

	"github.com/feedtree/feedtree/test/sandbox/market"
)

// The market's messages that are due are published at most once in pumpEvery: often enough
// to add half a millisecond of latency on average, seldom enough to cost little. A slow
// market is looked at when its next message is due, and once in pumpIdle at least, because
// a fault may change its pace.
const (
	pumpEvery = time.Millisecond
	pumpIdle  = 250 * time.Millisecond
)

// pump publishes the market's stream at its rate. When the machine cannot keep up the
// stream becomes slower; it never skips.
func (x *Exchange) pump() {
	tick := time.NewTimer(pumpEvery)
	defer tick.Stop()
	p := pacer{last: time.Now(), rate: x.cfg.Rate}
	var msg market.Message
	var packet, payload []byte
	pending := false
	var damage, again damager
	dirty := map[*wire]bool{}
	began := time.Now()
	for {
		select {
		case <-x.quit:
			return
		case <-tick.C:
		}
		_, halt := x.faults.look("halt", 0)
		x.market.Halt(halt)
		day := x.cfg.Clock == market.ClockDay
		due := p.due(time.Now(), x.faults.rate(x.cfg.Rate))
		next := p.next()
		x.publishing.Lock()
		routes := x.routes.Load()
		for n := 0; ; n++ {
			if !pending {
				x.market.Next(&msg)
				pending = true
			}
			if day {
				// A message of the day is due at its virtual instant.
				if early := msg.At - time.Duration(float64(time.Since(began))*x.cfg.Speed); early > 0 || n > 10_000 {
					next = time.Duration(float64(early) / x.cfg.Speed)
					break
				}
			} else if n >= due {
				break
			}
			pending = false
			x.count.published.Add(1)
			readers := routes.byID[msg.TopicID]
			if len(readers) == 0 || x.faults.mutes(msg.Topic) {
				continue
			}
			payload = msg.Append(payload[:0])
			if ratio := x.faults.ratio("malform"); ratio > 0 && damage.chosen(ratio) {
				payload = damage.spoil(payload)
				x.faults.get("malform")
				x.count.malformed.Add(uint64(len(readers)))
			}
			packet = appendPublish(packet[:0], msg.Topic, payload)
			ratio := x.faults.ratio("duplicate")
			twice := ratio > 0 && again.chosen(ratio)
			if twice {
				x.faults.get("duplicate")
			}
			for _, w := range readers {
				w.append(packet, 1, 0)
				if twice {
					w.append(packet, 1, 0)
				}
				dirty[w] = true
			}
		}
		x.publishing.Unlock()
		for w := range dirty {
			w.flush()
			delete(dirty, w)
		}
		tick.Reset(min(max(next, pumpEvery), pumpIdle))
	}
}

// pacer turns time into whole messages.
type pacer struct {
	last time.Time
	rate float64 // since last
	rest float64
}

// due says how many messages the time since the last call is worth, at the rate that was
// said then; the one said now counts from now on. What is more than a second is forgotten: a
// stream that was held up goes on, it does not burst.
func (p *pacer) due(now time.Time, rate float64) int {
	p.rest += min(now.Sub(p.last).Seconds(), 1) * p.rate
	p.last, p.rate = now, rate
	n := int(p.rest)
	p.rest -= float64(n)
	return n
}

// next is how long it takes until one more message is due, rounded up.
func (p *pacer) next() time.Duration {
	if p.rate <= 0 {
		return pumpIdle
	}
	return time.Duration((1-p.rest)/p.rate*float64(time.Second)) + 1
}

// damager spoils payloads so that no decoder may accept them.
type damager struct {
	n   uint64
	sum float64
}

// chosen picks a ratio of its calls, evenly.
func (d *damager) chosen(ratio float64) bool {
	d.sum += ratio
	if d.sum < 1 {
		return false
	}
	d.sum--
	return true
}

// spoil breaks a payload in one of three ways, each of which is malformed on the wire: a
// field of wire type 7, a length past the end, a varint without an end.
func (d *damager) spoil(p []byte) []byte {
	d.n++
	switch d.n % 3 {
	case 0:
		return append(p, 0x0f)
	case 1:
		return append(p, 0x0a, 0x7f)
	}
	return append(p, 0x08, 0xff)
}
