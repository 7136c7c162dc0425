package virtual

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/feedtree/feedtree/test/sandbox"
)

// outage is one way to lose the connection, and what keeps it from coming back for a while.
type outage struct {
	name   string
	faults []sandbox.Fault // in this order, the last of which ends the connection or lets it wither
	net    int32           // the network meanwhile
	least  time.Duration   // how long it must last to be noticed
	most   time.Duration
}

// outages are the kinds there are.
var outages = []outage{
	{name: "closed", faults: []sandbox.Fault{{Kind: "cut"}}},
	{name: "reset", faults: []sandbox.Fault{{Kind: "cut", How: "rst"}}},
	{name: "refused by the exchange", faults: []sandbox.Fault{{Kind: "refuse"}, {Kind: "cut"}}, most: 40 * time.Second},
	{name: "refused by the network", faults: []sandbox.Fault{{Kind: "cut", How: "rst"}}, net: refusing, most: 40 * time.Second},
	{name: "a network that is silent", faults: []sandbox.Fault{{Kind: "cut", How: "rst"}}, net: silent, most: 40 * time.Second},
	{name: "half open", faults: []sandbox.Fault{{Kind: "halfopen"}}, least: 30 * time.Second, most: 90 * time.Second},
	{name: "accepted and dropped", faults: []sandbox.Fault{{Kind: "drop"}, {Kind: "cut"}}, most: 60 * time.Second},
	{name: "CONNACK refuses", faults: []sandbox.Fault{{Kind: "connack", Code: 3}, {Kind: "cut"}}, most: 30 * time.Second},
	{name: "CONNACK of 9", faults: []sandbox.Fault{{Kind: "connack", Code: 9}, {Kind: "cut"}}, most: 30 * time.Second},
	{name: "SUBACK missing", faults: []sandbox.Fault{{Kind: "suback", Missing: true}, {Kind: "cut"}}, most: 30 * time.Second},
	{name: "SUBACK too long", faults: []sandbox.Fault{{Kind: "suback", Extra: 3}, {Kind: "cut"}}, most: 30 * time.Second},
	{name: "tokens ended", faults: []sandbox.Fault{{Kind: "expire"}}},
	{name: "login answers 500", faults: []sandbox.Fault{{Kind: "login", Status: 500}, {Kind: "expire"}}, most: 40 * time.Second},
	{name: "login answers 401", faults: []sandbox.Fault{{Kind: "login", Status: 401}, {Kind: "expire"}}, most: 40 * time.Second},
	{name: "login answers 429", faults: []sandbox.Fault{{Kind: "login", Status: 429, Headers: map[string]string{"Retry-After": "7"}}, {Kind: "expire"}}, most: 20 * time.Second},
	{name: "login answers nothing", faults: []sandbox.Fault{{Kind: "login", Delay: 30e9}, {Kind: "expire"}}, most: 40 * time.Second},
	{name: "dispatcher answers garbage", faults: []sandbox.Fault{{Kind: "dispatcher", Status: 200, Body: "<html>"}, {Kind: "cut"}}, most: 30 * time.Second},
	{name: "dispatcher answers 503", faults: []sandbox.Fault{{Kind: "dispatcher", Status: 503}, {Kind: "cut"}}, most: 30 * time.Second},
	{name: "a length of 268 MB", faults: []sandbox.Fault{{Kind: "hostile", How: "huge"}}},
	{name: "a SUBACK that nobody asked for", faults: []sandbox.Fault{{Kind: "hostile", How: "suback"}}},
	{name: "a packet cut short", faults: []sandbox.Fault{{Kind: "hostile", How: "publish_cut"}}},
	{name: "a text frame", faults: []sandbox.Fault{{Kind: "hostile", How: "text"}}},
	{name: "a PUBLISH of QoS 1", faults: []sandbox.Fault{{Kind: "hostile", How: "qos1"}}},
	{name: "garbage", faults: []sandbox.Fault{{Kind: "hostile", How: "garbage"}}},
}

// nuisances cost no connection.
var nuisances = []sandbox.Fault{
	{Kind: "malform", Ratio: 0.3},
	{Kind: "duplicate", Ratio: 0.3},
	{Kind: "delay", Delay: 80e6},
	{Kind: "halt"},
}

// planned is an outage with its time.
type planned struct {
	outage
	slot  int
	after time.Duration // since the slot's begin
	lasts time.Duration
	then  sandbox.Fault // a nuisance while it is quiet again
}

func (p planned) String() string {
	return fmt.Sprintf("outage %d: %s for %v", p.slot, p.name, p.lasts.Round(time.Second))
}

// plan draws n outages, one a slot: every kind in turn, in an order and at times that depend
// on the seed.
func plan(rng *rand.Rand, n int) (out []planned) {
	for len(out) < n {
		for _, kind := range rng.Perm(len(outages)) {
			o := planned{outage: outages[kind], slot: len(out), after: time.Duration(rng.Int64N(int64(90 * time.Second))),
				then: nuisances[rng.IntN(len(nuisances))]}
			o.lasts = o.least + time.Duration(rng.Int64N(int64(o.most-o.least)+1))
			if out = append(out, o); len(out) == n {
				break
			}
		}
	}
	return out
}
