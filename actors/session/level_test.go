package session

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/internal/seam"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// A broker may answer a subscription long before it brings anything. The old connection is let go
// of when the new one brings what it brings; what is quiet is not waited for long, and nothing
// beyond the half of the time that the old one has.
func TestTheOldConnectionIsKeptUntilTheNewOneBringsWhatItBrings(t *testing.T) {
	var often []time.Duration
	for at := time.Duration(0); at < time.Minute; at += time.Second / 2 {
		often = append(often, at)
	}
	for name, c := range map[string]struct {
		left          time.Duration // of the old connection's token
		old, next     []time.Duration
		before, after time.Duration // not levelled yet, levelled then; counted from the last answer
	}{
		"nothing comes on either":              {time.Hour, nil, nil, -1, 0},
		"both bring it":                        {time.Hour, []time.Duration{0}, []time.Duration{0}, -1, 0},
		"the new one is late":                  {time.Hour, often, []time.Duration{20 * time.Second}, 19 * time.Second, 20 * time.Second},
		"it was brought once, before":          {time.Hour, []time.Duration{0}, nil, settleFor, settleFor + time.Millisecond},
		"the new one never brings it":          {time.Minute, often, nil, 19 * time.Second, 21 * time.Second},
		"the old one has hardly any time left": {time.Second, []time.Duration{0}, nil, 300 * time.Millisecond, 400 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seams := &seam.Seams{Feed: &ledger.Feed{}}
				old, next := raw.NewGeneration(1), raw.NewGeneration(2)
				began := time.Now()
				s := &Session{cur: &conn{expires: began.Add(c.left)}, next: &conn{seam: seams.Open(old, next)}}
				bring := func(gen *raw.Generation, due *[]time.Duration) {
					for len(*due) > 0 && (*due)[0] <= time.Since(began) {
						s.next.seam.Judge(&raw.Message{Topic: []byte("t"), Payload: []byte("p"), Gen: gen, Mono: clock.Mono()})
						*due = (*due)[1:]
					}
				}
				bring(old, &c.old)
				bring(next, &c.next)
				time.Sleep(time.Nanosecond)
				s.next.settled = clock.Mono() // every subscription is answered
				levelled := func(at time.Duration) bool {
					time.Sleep(at - time.Since(began))
					bring(old, &c.old)
					bring(next, &c.next)
					return s.levelled(clock.Since(clock.Mono(), s.next.settled))
				}
				if c.before >= 0 {
					for at := time.Duration(0); at < c.before; at += time.Second / 2 {
						if levelled(at) {
							t.Fatalf("levelled after %v", at)
						}
					}
					if levelled(c.before) {
						t.Errorf("levelled after %v", c.before)
					}
				}
				if !levelled(c.after + time.Nanosecond) {
					t.Errorf("not levelled after %v", c.after)
				}
			})
		})
	}
}
