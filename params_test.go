package feedtree_test

import (
	"errors"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/messages"
)

type demoParams struct {
	Ticks  int            `yaml:"ticks"`
	Limit  messages.Price `yaml:"limit"`
	Every  time.Duration  `yaml:"every"`
	Names  []string       `yaml:"names"`
	Inner  struct{ Ratio float64 }
	Secret string
}

func (p demoParams) Validate() error {
	if p.Ticks < 0 {
		return errors.New("ticks must not be negative")
	}
	return nil
}

func TestWhatIsWrongWithParametersIsToldEachOnItsLineWithoutItsValue(t *testing.T) {
	typ := feedtree.Type("demo", func(demoParams) (actor.Actor, error) { return nil, nil })
	for _, c := range []struct {
		name string
		raw  map[string]any
		want string
	}{
		{"all of it fits", map[string]any{"ticks": 2, "every": "5s", "names": []any{"a"}}, ""},
		{"text for a number", map[string]any{"ticks": "s3cret"}, "strategies.x.params.ticks: expected a whole number, not text"},
		{"two misfits", map[string]any{"ticks": "x", "secret": []any{1}},
			"strategies.x.params.ticks: expected a whole number, not text\nstrategies.x.params.Secret: expected text, not a list"},
		{"deep inside", map[string]any{"inner": map[string]any{"ratio": true}}, "strategies.x.params.Inner.Ratio: expected a number, not true or false"},
		{"a section for text", map[string]any{"inner": 5}, "strategies.x.params.Inner: expected a map or struct, got \"int\""},
		{"a duration without a unit", map[string]any{"every": "5"}, "strategies.x.params.every: time: missing unit in duration"},
		{"unknown ones, sorted", map[string]any{"tcks": 1, "evry": 1},
			"strategies.x.params.evry: unknown parameter of strategy type demo, did you mean every?\n" +
				"strategies.x.params.tcks: unknown parameter of strategy type demo, did you mean ticks?"},
		{"what its own check refuses", map[string]any{"ticks": -1}, "strategies.x.params: ticks must not be negative"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := typ.Decode(c.raw)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if err != nil && feedtree.ExitCode(err) != 3 {
				t.Errorf("exit code %d, want 3", feedtree.ExitCode(err))
			}
		})
	}
}
