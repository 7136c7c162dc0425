package virtual

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/feedtree/feedtree/test/cast"
	"github.com/feedtree/feedtree/test/sandbox"
)

// planned is an outage with its time.
type planned struct {
	cast.Outage
	slot  int
	after time.Duration // since the slot's begin
	lasts time.Duration
	then  sandbox.Fault // a nuisance while it is quiet again
}

func (p planned) String() string {
	return fmt.Sprintf("outage %d: %s for %v", p.slot, p.Name, p.lasts.Round(time.Second))
}

// plan draws n outages, one a slot: every kind in turn, in an order and at times that depend
// on the seed.
func plan(rng *rand.Rand, n int) (out []planned) {
	for len(out) < n {
		for _, kind := range rng.Perm(len(cast.Outages)) {
			o := planned{Outage: cast.Outages[kind], slot: len(out), after: time.Duration(rng.Int64N(int64(90 * time.Second))),
				then: cast.Nuisances[rng.IntN(len(cast.Nuisances))]}
			o.lasts = o.Least + time.Duration(rng.Int64N(int64(o.Most-o.Least)+1))
			if out = append(out, o); len(out) == n {
				break
			}
		}
	}
	return out
}
