package feedtree

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/messages"
)

// StrategyType is a kind of strategy that instances can be made of. Make one with Type.
type StrategyType struct {
	name   string
	events []string
	watch  []string
	params reflect.Type
	base   any // the parameters' defaults
	build  func(params any) (actor.Actor, error)
	listed bool // only instances that are listed or spawned, no default one
	err    error
}

// Name is the type's name.
func (t StrategyType) Name() string { return t.name }

// Option is one trait of a strategy type, for Type.
type Option func(*StrategyType)

// Defaults are the parameters of an instance that configures none, of the type that the
// strategy's constructor takes.
func Defaults(params any) Option {
	return func(t *StrategyType) {
		if got := reflect.TypeOf(params); got != t.params {
			t.err = errors.Join(t.err, fmt.Errorf("strategy type %s: defaults are %v, but its constructor takes %v", t.name, got, t.params))
			return
		}
		t.base = params
	}
}

// Events are what an instance is given that configures no events: names as in the
// configuration, such as "candlestick". Without this option they are "bid_offer" and
// "price_info".
func Events(names ...string) Option {
	return func(t *StrategyType) {
		for _, n := range names {
			if _, ok := messages.ParseKind(n); !ok {
				t.err = errors.Join(t.err, fmt.Errorf("strategy type %s: no event is called %q", t.name, n))
			}
		}
		t.events = names
	}
}

// OnDemand keeps a type from having a default instance when the configuration lists none.
func OnDemand() Option { return func(t *StrategyType) { t.listed = true } }

// WatchSupervision lets instances that configure no `watch` be told, by *messages.Supervised, what
// happens to the tree's actors: failures, restarts, replacements, quarantines, escalations.
// Nobody is told of itself. A strategy that fails on such a notice is a failure that the
// others that watch are told of; its own budget ends that.
func WatchSupervision() Option {
	return func(t *StrategyType) { t.watch = []string{config.WatchSupervision} }
}

// Type registers a kind of strategy under a name. new makes the user's actor, anew for each
// incarnation, from parameters of a struct type; their fields are matched by name with the
// instance's params in the configuration, or by a `yaml` tag. An unknown parameter is an
// error. If P has a method Validate() error, it is called before anything starts. A
// strategy without parameters takes struct{}.
//
// new is called on the strategy's own goroutine. An error it returns counts as a failure of
// that start, and supervision decides what comes next.
func Type[P any](name string, new func(P) (actor.Actor, error), options ...Option) StrategyType {
	t := StrategyType{name: name, params: reflect.TypeFor[P]()}
	if t.params.Kind() != reflect.Struct {
		t.err = fmt.Errorf("strategy type %s: its constructor takes %v, expected a struct of parameters (struct{} for none)", name, t.params)
	}
	var zero P
	t.base = zero
	t.build = func(params any) (actor.Actor, error) { return new(params.(P)) }
	for _, o := range options {
		o(&t)
	}
	if strings.TrimSpace(name) == "" {
		t.err = errors.Join(t.err, errors.New("a strategy type has no name"))
	}
	return t
}

// instances completes what is configured: with nothing listed, one default instance of each
// type. Events a type asked for stand in for those an instance does not configure.
func instances(cfg config.Config, types map[string]StrategyType, order []string) ([]config.Strategy, error) {
	list := cfg.Strategies
	if len(list) == 0 {
		for _, name := range order {
			if types[name].listed {
				continue
			}
			list = append(list, config.DefaultStrategy(name, name))
		}
	}
	var errs []error
	out := make([]config.Strategy, 0, len(list))
	for i, s := range list {
		t, ok := types[s.Type]
		if !ok {
			errs = append(errs, &config.Error{Key: fmt.Sprintf("strategies[%d].type", i), Value: s.Type,
				Reason: "this program has no such strategy type", Nearest: config.Nearest(s.Type, order)})
			continue
		}
		out = append(out, withEvents(s, t))
	}
	return out, errors.Join(errs...)
}

func withEvents(s config.Strategy, t StrategyType) config.Strategy {
	if len(s.Watch) == 0 {
		s.Watch = t.watch
	}
	if len(s.Events) > 0 {
		return s
	}
	if s.Events = t.events; len(s.Events) == 0 {
		s.Events = []string{messages.KindBidOffer.String(), messages.KindPriceInfo.String()}
	}
	return s
}
