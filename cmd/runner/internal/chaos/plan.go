package chaos

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// Verbs of an Action.
const (
	Fault    = "fault"    // put a fault of the exchange in force; Name is its kind
	Publish  = "publish"  // publish a payload; Name says which
	Strategy = "strategy" // do something to a strategy; Name is what
	Await    = "await"    // wait until the token is being renewed, so that what follows meets it
)

// Action is one thing that is done to the tree or to the exchange.
type Action struct {
	After time.Duration // since the one before it in its round
	Verb  string
	Name  string
	Args  []Arg
}

// Arg is a parameter of an action: a string, a number or true.
type Arg struct {
	Key   string
	Value any
}

// Round is what happens between two quiet moments: actions, how long they last before
// everything is healed, and how long the tree is left alone once it is whole again.
type Round struct {
	Actions []Action
	Hold    time.Duration
	Calm    time.Duration
}

// String is the action as it is printed: verb, name and parameters.
func (a Action) String() string {
	var b strings.Builder
	b.WriteString(a.Verb + " " + a.Name)
	for _, arg := range a.Args {
		b.WriteString(" " + arg.Key + "=")
		switch v := arg.Value.(type) {
		case string:
			if strings.ContainsAny(v, " \"=\n") || v == "" {
				v = strconv.Quote(v)
			}
			b.WriteString(v)
		case int:
			b.WriteString(strconv.Itoa(v))
		case float64:
			b.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
		case bool:
			b.WriteString(strconv.FormatBool(v))
		}
	}
	return b.String()
}

// Plan draws rounds from a seed, without end. It is pure: the same seed and names give the
// same rounds, whatever becomes of them. It is for one goroutine.
type Plan struct {
	rng   *rand.Rand
	names Names
	tasks []task
}

// Names are what a plan may act on.
type Names struct {
	Symbols    []string // subscribed from the start by every strategy
	Others     []string // that a strategy may take on and let go of
	Topics     []string // topics of Symbols
	Strategies []string // that are there from the start
}

// task is a kind of round and how often it comes, relative to the others.
type task struct {
	weight int
	draw   func(*Plan) []Action
}

// NewPlan makes the plan of a seed.
func NewPlan(seed int64, names Names) *Plan {
	return &Plan{rng: rand.New(rand.NewPCG(uint64(seed), 0xc4a05)), names: names, tasks: []task{
		{10, (*Plan).single},
		{6, (*Plan).pair},
		{1, (*Plan).cutInRollover},
		{1, (*Plan).refreshFails},
		{2, (*Plan).cutInLogin},
		{2, (*Plan).expiryInBackoff},
		{2, (*Plan).flapping},
		{3, (*Plan).publish},
		{4, (*Plan).strategies},
	}}
}

// Next draws the next round.
func (p *Plan) Next() Round {
	total := 0
	for _, t := range p.tasks {
		total += t.weight
	}
	n := p.rng.IntN(total)
	var r Round
	for _, t := range p.tasks {
		if n -= t.weight; n < 0 {
			r.Actions = t.draw(p)
			break
		}
	}
	// Half of the time somebody also sees to a strategy meanwhile.
	if p.rng.IntN(2) == 0 {
		r.Actions = append(r.Actions, p.later(p.strategies(), 500)...)
	}
	r.Hold, r.Calm = p.ms(200, 2500), p.ms(0, 1000)
	return r
}

// ms draws a time of whole milliseconds.
func (p *Plan) ms(least, most int) time.Duration {
	return time.Duration(least+p.rng.IntN(most-least+1)) * time.Millisecond
}

// span draws a time as a parameter.
func (p *Plan) span(least, most int) string { return p.ms(least, most).String() }

// ratio draws one of a few ratios, the mild ones as often as the harsh.
func (p *Plan) ratio() float64 { return pick(p, []float64{0.01, 0.05, 0.2, 0.5, 1}) }

func pick[T any](p *Plan, list []T) T { return list[p.rng.IntN(len(list))] }

// later puts a pause of up to so many milliseconds before the first action.
func (p *Plan) later(actions []Action, most int) []Action {
	if len(actions) > 0 {
		actions[0].After = p.ms(0, most)
	}
	return actions
}

// single is one fault, with the end of a connection where it would go unnoticed without.
func (p *Plan) single() []Action {
	k := pick(p, faults)
	out := []Action{{Verb: Fault, Name: k.name, Args: k.args(p)}}
	if k.connecting {
		out = append(out, p.later(p.ending(), 300)...)
	}
	return out
}

// pair is two faults at once, or nearly.
func (p *Plan) pair() []Action { return append(p.single(), p.later(p.single(), 600)...) }

// ending ends the connection, one way or the other.
func (p *Plan) ending() []Action {
	if p.rng.IntN(3) == 0 {
		return []Action{{Verb: Fault, Name: "expire"}}
	}
	return []Action{p.cut(0)}
}

func (p *Plan) cut(after time.Duration) Action {
	return Action{After: after, Verb: Fault, Name: "cut", Args: []Arg{{"how", pick(p, []string{"close", "rst"})}}}
}

func (p *Plan) cutInRollover() []Action {
	return []Action{{Verb: Await, Name: "renewal"}, p.cut(p.ms(0, 150))}
}

func (p *Plan) refreshFails() []Action {
	out := []Action{{Verb: Fault, Name: "refresh", Args: p.rest()}, {Verb: Await, Name: "renewal"}}
	if p.rng.IntN(2) == 0 {
		out = append(out, p.cut(p.ms(0, 1000)))
	}
	return out
}

func (p *Plan) cutInLogin() []Action {
	return []Action{{Verb: Fault, Name: "login", Args: []Arg{{"delay", p.span(300, 1800)}}},
		{Verb: Fault, Name: "expire"}, p.cut(p.ms(500, 2500))}
}

func (p *Plan) expiryInBackoff() []Action {
	return []Action{{Verb: Fault, Name: "refuse"}, p.cut(0), {After: p.ms(200, 1500), Verb: Fault, Name: "expire"}}
}

// flapping is a broker that accepts and drops, again and again.
func (p *Plan) flapping() []Action {
	if p.rng.IntN(2) == 0 {
		return []Action{{Verb: Fault, Name: "drop", Args: []Arg{{"delay", p.span(1, 400)}}}, p.cut(0)}
	}
	out := []Action{p.cut(0)}
	for range 2 + p.rng.IntN(4) {
		out = append(out, p.cut(p.ms(300, 1500)))
	}
	return out
}

func (p *Plan) publish() (out []Action) {
	for range 1 + p.rng.IntN(3) {
		out = append(out, Action{After: p.ms(0, 100), Verb: Publish, Name: pick(p, payloads),
			Args: []Arg{{"topic", pick(p, p.names.Topics)}, {"count", 1 + p.rng.IntN(50)}}})
	}
	return out
}

func (p *Plan) strategies() []Action {
	a := Action{Verb: Strategy, Name: pick(p, []string{"restart", "restart", "resume", "spawn", "stop", "subscribe", "subscribe", "unsubscribe"})}
	switch a.Name {
	case "restart":
		a.Args = []Arg{{"name", pick(p, p.names.Strategies)}}
	case "resume": // most of the time one that is likely to need it
		a.Args = []Arg{{"name", pick(p, []string{frantic, frantic, pick(p, p.names.Strategies)})}}
	case "spawn", "stop":
		a.Args = []Arg{{"name", guest}}
	default:
		a.Args = []Arg{{"name", wanderer}, {"symbol", pick(p, p.names.Others)}}
	}
	return []Action{a}
}
