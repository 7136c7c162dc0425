package chaos

import "time"

// kind is a fault of the exchange as a plan uses it.
type kind struct {
	name       string
	connecting bool // it strikes only where a connection is made
	// lag is how long after it was healed it may hold the tree up, over the reconnect itself.
	lag  time.Duration
	args func(*Plan) []Arg
}

// How long after its end a fault may still be felt. A call that hangs is given up after its
// time-out, and an attempt makes up to three of them; a link that has gone half open is
// noticed by its keep-alive; a SUBACK that never came is asked for again after five seconds.
const (
	lagOfREST   = 3*restTimeout + 3*time.Second // the longest Retry-After
	lagOfLink   = keepAlive + pingTimeout + 3*time.Second + connectTimeout
	lagOfSUBACK = subscribeTimeout + 6*time.Second
)

// faults are all that the exchange can do; a test holds them equal to what it says it can.
var faults = []kind{
	{"cut", false, 0, func(p *Plan) []Arg { return p.cut(0).Args }},
	{"refuse", true, connectTimeout, func(p *Plan) []Arg { return []Arg{{"for", p.span(200, 4000)}} }},
	{"drop", true, 0, func(p *Plan) []Arg { return []Arg{{"delay", p.span(1, 800)}} }},
	{"expire", false, 0, none},
	{"malform", false, 0, func(p *Plan) []Arg { return []Arg{{"ratio", p.ratio()}} }},
	{"login", true, lagOfREST, (*Plan).rest},
	{"refresh", true, lagOfREST, (*Plan).rest},
	{"dispatcher", true, lagOfREST, (*Plan).rest},
	{"reject", false, 0, func(p *Plan) []Arg { return []Arg{{"topic", pick(p, p.names.Topics)}} }},
	{"suback", true, lagOfSUBACK, (*Plan).suback},
	{"connack", true, 0, func(p *Plan) []Arg { return []Arg{{"code", 1 + p.rng.IntN(9)}} }},
	{"mute", false, 0, func(p *Plan) []Arg { return []Arg{{"topic", pick(p, p.names.Topics)}} }},
	{"halfopen", false, lagOfLink + lagOfSUBACK, none},
	{"single", false, 0, none},
	{"duplicate", false, 0, func(p *Plan) []Arg { return []Arg{{"ratio", p.ratio()}} }},
	{"delay", false, lagOfSUBACK, func(p *Plan) []Arg { return []Arg{{"delay", p.span(1, 120)}} }},
	{"rate", false, 0, func(p *Plan) []Arg { return []Arg{{"per_second", float64(500 * (1 + p.rng.IntN(40)))}} }},
	{"halt", false, 0, none},
	{"hostile", false, 0, func(p *Plan) []Arg {
		return []Arg{{"how", pick(p, []string{"huge", "suback", "publish_cut", "text", "oversized", "qos1", "garbage", "unasked"})}}
	}},
}

// retryAfter is an argument of REST faults: seconds, which become that header.
const retryAfter = "retry_after"

func none(*Plan) []Arg { return nil }

// lagOf is how long a fault may be felt after its end.
func lagOf(name string) time.Duration {
	for _, k := range faults {
		if k.name == name {
			return k.lag
		}
	}
	return 0
}

// rest is how a REST call goes wrong: a status, a body that is no answer, or time.
func (p *Plan) rest() []Arg {
	switch p.rng.IntN(5) {
	case 0:
		return []Arg{{"delay", p.span(100, 5000)}}
	case 1:
		return []Arg{{"status", 429}, {retryAfter, 1 + p.rng.IntN(3)}}
	case 2:
		return []Arg{{"status", 200}, {"body", pick(p, []string{"<html>", "{}", "[1,2", `{"access_token":5}`})}}
	default:
		return []Arg{{"status", pick(p, []int{400, 401, 403, 404, 429, 500, 502, 503})}}
	}
}

func (p *Plan) suback() []Arg {
	switch p.rng.IntN(4) {
	case 0:
		return []Arg{{"missing", true}}
	case 1:
		return []Arg{{"extra", 1 + p.rng.IntN(20)}}
	case 2:
		return []Arg{{"code", 128}}
	}
	return []Arg{{"code", 128}, {"topic", pick(p, p.names.Topics)}}
}

// payloads are what is published by hand; payload makes them.
var payloads = []string{"garbage", "empty", "unfinished", "foreign", "oversized", "huge"}

// payload makes what is published under a name. Only huge, which is longer than a packet may
// be, may cost the connection.
func payload(name string) []byte {
	switch name {
	case "garbage":
		return []byte{0xff, 0xff, 0xff, 0xff, 0x0f, 0x07, 0x13}
	case "unfinished":
		return []byte{0x0a, 0x7f, 'A'}
	case "foreign": // field 1 names another symbol than the topic does
		return append([]byte{0x0a, 9}, "SOMETHING"...)
	case "oversized":
		return make([]byte, 64<<10+1)
	case "huge":
		return make([]byte, 2<<20)
	}
	return nil
}
