package cast

import (
	"time"

	"github.com/feedtree/feedtree/test/sandbox"
)

// Outage is one way to lose the connection, and what keeps it from coming back for a while.
type Outage struct {
	Name    string
	Faults  []sandbox.Fault // in this order, the last of which ends the connection or lets it wither
	Network Network         // meanwhile
	Least   time.Duration   // how long it must last to be noticed
	Most    time.Duration
}

// Network is what the network does with a call.
type Network int32

// The networks.
const (
	Whole    Network = iota
	Refusing         // nobody listens
	Silent           // no answer, ever
)

// Outages are the kinds there are.
var Outages = []Outage{
	{Name: "closed", Faults: []sandbox.Fault{{Kind: "cut"}}},
	{Name: "reset", Faults: []sandbox.Fault{{Kind: "cut", How: "rst"}}},
	{Name: "refused by the exchange", Faults: []sandbox.Fault{{Kind: "refuse"}, {Kind: "cut"}}, Most: 40 * time.Second},
	{Name: "refused by the network", Faults: []sandbox.Fault{{Kind: "cut", How: "rst"}}, Network: Refusing, Most: 40 * time.Second},
	{Name: "a network that is silent", Faults: []sandbox.Fault{{Kind: "cut", How: "rst"}}, Network: Silent, Most: 40 * time.Second},
	{Name: "half open", Faults: []sandbox.Fault{{Kind: "halfopen"}}, Least: 30 * time.Second, Most: 90 * time.Second},
	{Name: "accepted and dropped", Faults: []sandbox.Fault{{Kind: "drop"}, {Kind: "cut"}}, Most: 60 * time.Second},
	{Name: "CONNACK refuses", Faults: []sandbox.Fault{{Kind: "connack", Code: 3}, {Kind: "cut"}}, Most: 30 * time.Second},
	{Name: "CONNACK of 9", Faults: []sandbox.Fault{{Kind: "connack", Code: 9}, {Kind: "cut"}}, Most: 30 * time.Second},
	{Name: "SUBACK missing", Faults: []sandbox.Fault{{Kind: "suback", Missing: true}, {Kind: "cut"}}, Most: 30 * time.Second},
	{Name: "SUBACK too long", Faults: []sandbox.Fault{{Kind: "suback", Extra: 3}, {Kind: "cut"}}, Most: 30 * time.Second},
	{Name: "tokens ended", Faults: []sandbox.Fault{{Kind: "expire"}}},
	{Name: "login answers 500", Faults: []sandbox.Fault{{Kind: "login", Status: 500}, {Kind: "expire"}}, Most: 40 * time.Second},
	{Name: "login answers 401", Faults: []sandbox.Fault{{Kind: "login", Status: 401}, {Kind: "expire"}}, Most: 40 * time.Second},
	{Name: "login answers 429", Faults: []sandbox.Fault{{Kind: "login", Status: 429, Headers: map[string]string{"Retry-After": "7"}}, {Kind: "expire"}}, Most: 20 * time.Second},
	{Name: "login answers nothing", Faults: []sandbox.Fault{{Kind: "login", Delay: 30e9}, {Kind: "expire"}}, Most: 40 * time.Second},
	{Name: "dispatcher answers garbage", Faults: []sandbox.Fault{{Kind: "dispatcher", Status: 200, Body: "<html>"}, {Kind: "cut"}}, Most: 30 * time.Second},
	{Name: "dispatcher answers 503", Faults: []sandbox.Fault{{Kind: "dispatcher", Status: 503}, {Kind: "cut"}}, Most: 30 * time.Second},
	{Name: "a length of 268 MB", Faults: []sandbox.Fault{{Kind: "hostile", How: "huge"}}},
	{Name: "a SUBACK that nobody asked for", Faults: []sandbox.Fault{{Kind: "hostile", How: "suback"}}},
	{Name: "a packet cut short", Faults: []sandbox.Fault{{Kind: "hostile", How: "publish_cut"}}},
	{Name: "a text frame", Faults: []sandbox.Fault{{Kind: "hostile", How: "text"}}},
	{Name: "a PUBLISH of QoS 1", Faults: []sandbox.Fault{{Kind: "hostile", How: "qos1"}}},
	{Name: "garbage", Faults: []sandbox.Fault{{Kind: "hostile", How: "garbage"}}},
}

// Nuisances cost no connection.
var Nuisances = []sandbox.Fault{
	{Kind: "malform", Ratio: 0.3},
	{Kind: "duplicate", Ratio: 0.3},
	{Kind: "delay", Delay: 80e6}, // 80 ms
	{Kind: "halt"},
}
