package config

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

const nested = `supervision:
  scope: rest_for_one
  budget: {restarts: 7}
  nodes:
    decoder:
      backoff: {max: 2s, jitter: 0}
      budget: {window: 1m}
    strategies: {receive_deadline: 1s}
  strategies:
    two: {after: stop, budget: {restarts: 3}}
strategies:
- {name: one, type: x, supervision: {budget: {restarts: 1}, receive_deadline: 0s}}
- {name: two, type: x, supervision: {budget: {restarts: 2}, stable: 9s}}
`

func TestAPolicyIsInheritedKeyByKey(t *testing.T) {
	inTemp(t)
	l := load(t, Sources{Files: []string{write(t, "c.yaml", nested)}, Environ: []string{"FEEDTREE_SUPERVISION_NODES_SESSION_STABLE=40s"},
		Set: []string{"supervision.strategies.one.backoff.min=1s", "supervision.nodes.health.receive_deadline=0s", "supervision.strategies={two: {stable: 8s}}"}})
	c := l.Config
	root := Policy{RestForOne, Backoff{200 * time.Millisecond, 30 * time.Second, 2, 1}, Budget{7, 5 * time.Minute}, Escalate, 30 * time.Second, 5 * time.Second}
	session, decoder, health, all := root, root, root, root
	session.Stable = 40 * time.Second
	decoder.Backoff.Max, decoder.Backoff.Jitter, decoder.Budget.Window = 2*time.Second, 0, time.Minute
	health.ReceiveDeadline = 0
	all.Scope, all.After, all.ReceiveDeadline = OneForOne, Quarantine, time.Second
	one, two := all, all
	one.Budget.Restarts, one.ReceiveDeadline, one.Backoff.Min = 1, 0, time.Second
	two.Budget.Restarts, two.Stable, two.After = 3, 8*time.Second, Stop
	for what, p := range map[string][2]Policy{
		"session": {c.Policy("session"), session}, "decoder": {c.Policy("decoder"), decoder}, "health": {c.Policy("health"), health},
		"dispatcher": {c.Policy("dispatcher"), root}, "the branch": {c.Policy("feed"), root}, "all strategies": {c.Policy("strategies"), all},
		"one": {c.StrategyPolicy(c.Strategies[0]), one}, "two": {c.StrategyPolicy(c.Strategies[1]), two},
		"one that is listed nowhere": {c.StrategyPolicy(DefaultStrategy("three", "x")), all},
	} {
		if p[0] != p[1] {
			t.Errorf("%s: %+v, want %+v", what, p[0], p[1])
		}
	}

	var b bytes.Buffer
	if err := Show(l, &b); err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	for _, line := range strings.Split(b.String(), "\n") {
		key, rest, _ := strings.Cut(line, ":")
		shown[key] = strings.Join(strings.Fields(rest), " ")
	}
	for key, want := range map[string]string{
		"supervision.budget.restarts":                   "7 # file c.yaml:3",
		"supervision.nodes.decoder.scope":               "rest_for_one # from supervision.scope",
		"supervision.nodes.decoder.backoff.max":         "2s # file c.yaml:6",
		"supervision.nodes.decoder.budget.restarts":     "7 # from supervision.budget.restarts",
		"supervision.nodes.session.stable":              "40s # environment FEEDTREE_SUPERVISION_NODES_SESSION_STABLE",
		"supervision.nodes.health.receive_deadline":     "0s # --set",
		"supervision.nodes.strategies.after":            "quarantine # default",
		"supervision.nodes.strategies.scope":            "one_for_one # default",
		"supervision.nodes.strategies.receive_deadline": "1s # file c.yaml:8",
		"supervision.strategies.two.after":              "stop # file c.yaml:10",
		"supervision.strategies.two.stable":             "8s # --set",
		"strategies[0].supervision.budget.restarts":     "1 # file c.yaml:12",
		"strategies[0].supervision.after":               "quarantine # from supervision.nodes.strategies.after",
		"strategies[0].supervision.backoff.min":         "1s # from supervision.strategies.one.backoff.min",
		"strategies[0].supervision.backoff.factor":      "2 # from supervision.backoff.factor",
		"strategies[1].supervision.budget.restarts":     "3 # from supervision.strategies.two.budget.restarts",
		"strategies[1].supervision.receive_deadline":    "1s # from supervision.nodes.strategies.receive_deadline",
		"supervision.strategies.one.receive_deadline":   "1s # from supervision.nodes.strategies.receive_deadline",
		"supervision.nodes.dispatcher.backoff.jitter":   "1 # from supervision.backoff.jitter",
		"supervision.nodes.strategies.backoff.min":      "200ms # from supervision.backoff.min",
		"supervision.nodes.dispatcher.receive_deadline": "5s # from supervision.receive_deadline",
		"supervision.nodes.dispatcher.budget.window":    "5m # from supervision.budget.window",
		"supervision.nodes.dispatcher.after":            "escalate # from supervision.after",
		"supervision.nodes.dispatcher.budget.restarts":  "7 # from supervision.budget.restarts",
		"supervision.nodes.dispatcher.backoff.min":      "200ms # from supervision.backoff.min",
		"supervision.nodes.dispatcher.backoff.factor":   "2 # from supervision.backoff.factor",
		"supervision.nodes.dispatcher.stable":           "30s # from supervision.stable",
	} {
		if shown[key] != want {
			t.Errorf("%s: %s, want %s", key, shown[key], want)
		}
	}
}

func TestANonsensicalPolicyIsRefusedWithItsKey(t *testing.T) {
	inTemp(t)
	const listed = "strategies: [{name: spread-1, type: x}]\n"
	for text, want := range map[string]string{
		"supervision: {scope: one_for_two}":                                         `c.yaml:1: supervision.scope: "one_for_two": expected one_for_one, one_for_all or rest_for_one, did you mean one_for_one?`,
		"supervision: {after: quarantine}":                                          `c.yaml:1: supervision.after: "quarantine": the feed cannot go on without this part: only escalate can hold; for strategies set supervision.nodes.strategies.after`,
		"supervision: {after: give_up}":                                             `c.yaml:1: supervision.after: "give_up": expected escalate`,
		"supervision: {backoff: {jitter: 1.5}}":                                     `c.yaml:1: supervision.backoff.jitter: "1.5": expected 0 to 1`,
		"supervision: {receive_deadline: -1s}":                                      `c.yaml:1: supervision.receive_deadline: "-1s": expected a duration of at most a year, or 0s for none`,
		"supervision: {nodes: {sesion: {}}}":                                        `c.yaml:1: supervision.nodes.sesion: unknown key, did you mean supervision.nodes.session?`,
		"supervision: {nodes: {decoder: {after: stop}}}":                            `c.yaml:1: supervision.nodes.decoder.after: "stop": the feed cannot go on without this part: only escalate can hold; for strategies set supervision.nodes.strategies.after`,
		"supervision: {nodes: {strategies: {scope: one_for_all}}}":                  `c.yaml:1: supervision.nodes.strategies.scope: "one_for_all": strategies have no order and must not hurt each other: only one_for_one can hold`,
		"supervision: {nodes: {health: {budget: {restarts: 0}}}}":                   `c.yaml:1: supervision.nodes.health.budget.restarts: "0": expected 1 to 1000000`,
		"supervision: {nodes: {health: {budget: {restart: 1}}}}":                    `c.yaml:1: supervision.nodes.health.budget.restart: unknown key, did you mean supervision.nodes.health.budget.restarts?`,
		"supervision: {nodes: {health: {backoff: {max: 100ms}}}}":                   `c.yaml:1: supervision.nodes.health.backoff.max: "100ms": less than the min that goes with it, which is 200ms`,
		"supervision: {nodes: {health: {backoff: {min: 1m}}}}":                      `c.yaml:1: supervision.nodes.health.backoff.min: "1m": more than the max that goes with it, which is 30s`,
		"supervision: {nodes: {health: {stable: }}}":                                `c.yaml:1: supervision.nodes.health.stable: no value: leave the key out for its default, or write "" for nothing`,
		"supervision: {nodes: {health: {stable: soon}}}":                            `c.yaml:1: supervision.nodes.health.stable: "soon": expected a duration, like 5s, 250ms or 1m30s`,
		listed + "supervision: {strategies: {spred-1: {after: stop}}}":              `c.yaml:2: supervision.strategies.spred-1: no strategy has that name; there are spread-1, did you mean spread-1?`,
		"supervision: {strategies: {Spread: {after: stop}}}":                        `c.yaml:1: supervision.strategies: "Spread": no name of a strategy: expected 1 to 64 of a-z, 0-9, '_' and '-'`,
		"supervision: {strategies: {spread-1: {budget: {window: 0s}}}}":             `c.yaml:1: supervision.strategies.spread-1.budget.window: "0s": expected a duration above 0 and at most a year`,
		"supervision: {strategies: {spread-1: {backof: {min: 1s}}}}":                `c.yaml:1: supervision.strategies.spread-1.backof: unknown key, did you mean supervision.strategies.spread-1.backoff?`,
		"strategies: [{name: a, type: x, supervision: {scope: rest_for_one}}]":      `c.yaml:1: strategies[0].supervision.scope: "rest_for_one": strategies have no order and must not hurt each other: only one_for_one can hold`,
		"strategies: [{name: a, type: x, supervision: {after: restart}}]":           `c.yaml:1: strategies[0].supervision.after: "restart": expected quarantine, escalate or stop`,
		"strategies: [{name: a, type: x, supervision: {backoff: {factor: 0}}}]":     `c.yaml:1: strategies[0].supervision.backoff.factor: "0": expected 1 to 100`,
		"strategies: [{name: a, type: x, watch: [supervison]}]":                     `c.yaml:1: strategies[0].watch[0]: "supervison": expected supervision, did you mean supervision?`,
		listed + "supervision: {strategies: {spread-1: {backoff: {max: 1ms}}}}":     `c.yaml:2: supervision.strategies.spread-1.backoff.max: "1ms": less than the min that goes with it, which is 200ms`,
		"supervision: {nodes: {strategies: {after: escalate, scope: one_for_one}}}": "",
		"supervision: {strategies: {anything: {after: stop}}}":                      "",
	} {
		err := Check(write(t, "c.yaml", text))
		if want == "" {
			wantErrors(t, err)
		} else {
			wantErrors(t, err, want)
		}
	}
	_, err := Load(Sources{Set: []string{"supervision.strategies.a.bugdet.restarts=1", "supervision.strategies.A.after=stop", "supervision.strategies.a.after", "supervision.nodes=5",
		"supervision.strategies.a=5", "supervision.strategies.a.budget.restarts=many"}})
	wantErrors(t, err,
		"--set: supervision.strategies.a.bugdet.restarts: unknown key, did you mean supervision.strategies.a.budget.restarts?",
		`--set: supervision.strategies: "A": no name of a strategy: expected 1 to 64 of a-z, 0-9, '_' and '-'`,
		"--set: number 3 has no '=': expected key=value",
		"--set: supervision.nodes: this is a section; its keys are session, decoder, health, dispatcher, strategies",
		"--set: supervision.strategies.a: unknown key; known behind the name: scope, backoff.min, backoff.max, backoff.factor, backoff.jitter, budget.restarts, budget.window, after, stable, receive_deadline",
		`--set: supervision.strategies.a.budget.restarts: "many": expected a whole number`,
	)
}

func TestAnOverrideMadeInCodeIsChecked(t *testing.T) {
	c := Default()
	c.Supervision.Nodes.Decoder.Budget.Restarts = new(0)
	c.Supervision.Strategies = map[string]Override{"x": {After: new("never")}}
	wantErrors(t, c.Validate(), `supervision.nodes.decoder.budget.restarts: "0": expected 1 to 1000000`,
		`supervision.strategies.x.after: "never": expected quarantine, escalate or stop`)
}
