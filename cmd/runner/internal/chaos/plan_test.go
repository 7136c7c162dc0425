package chaos

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/test/harness"
)

func names() Names {
	n := Names{Symbols: []string{"AOT", "PTT"}, Others: []string{"BCP", "EA"}, Strategies: []string{recorder, frantic}}
	for _, s := range n.Symbols {
		n.Topics = append(n.Topics, topic.BidOffer(s), topic.PriceInfo(s))
	}
	return n
}

// rounds writes a plan's beginning down.
func rounds(seed int64, n int) (out []string) {
	p := NewPlan(seed, names())
	for range n {
		r := p.Next()
		for _, a := range r.Actions {
			out = append(out, fmt.Sprintf("%v %v", a.After, a))
		}
		out = append(out, fmt.Sprintf("hold %v calm %v", r.Hold, r.Calm))
	}
	return out
}

func TestASeedAlwaysPlansTheSameAndAnotherOneSomethingElse(t *testing.T) {
	one := rounds(7, 500)
	if !slices.Equal(one, rounds(7, 500)) {
		t.Error("the same seed planned something else")
	}
	if again := rounds(7, 50); !slices.Equal(again, one[:len(again)]) {
		t.Error("a longer run is no continuation of a shorter one")
	}
	if slices.Equal(one, rounds(8, 500)) {
		t.Error("another seed planned the same")
	}
}

func TestEverythingThatCanBeDoneIsPlanned(t *testing.T) {
	want := map[string]bool{"await renewal": true}
	for _, k := range faults {
		want[Fault+" "+k.name] = true
	}
	for _, name := range payloads {
		want[Publish+" "+name] = true
	}
	for _, what := range []string{"restart", "resume", "spawn", "stop", "subscribe", "unsubscribe"} {
		want[Strategy+" "+what] = true
	}
	p := NewPlan(1, names())
	for range 2000 {
		r := p.Next()
		if len(r.Actions) == 0 || r.Hold <= 0 {
			t.Fatalf("an empty round: %+v", r)
		}
		for _, a := range r.Actions {
			delete(want, a.Verb+" "+a.Name)
		}
	}
	for what := range want {
		t.Errorf("never planned: %s", what)
	}
}

// What the exchange learns to break must be planned too, and what is planned it must take.
func TestThePlanKnowsEveryFaultOfTheExchangeAndTheExchangeTakesEveryOneOfThePlan(t *testing.T) {
	x := newExchange(harness.Exchange(t, nil).AdminURL())
	defer x.client.CloseIdleConnections()
	var told struct{ Kinds map[string]string }
	if err := x.call(t.Context(), http.MethodGet, "/faults", nil, &told); err != nil {
		t.Fatal(err)
	}
	for _, k := range faults {
		if told.Kinds[k.name] == "" {
			t.Errorf("the exchange knows no %s", k.name)
		}
		delete(told.Kinds, k.name)
	}
	for name := range told.Kinds {
		t.Errorf("the plan knows no %s", name)
	}
	p := NewPlan(3, names())
	for range 300 {
		for _, a := range p.Next().Actions {
			var err error
			switch a.Verb {
			case Fault:
				err = x.fault(t.Context(), a.Name, a.Args...)
			case Publish:
				err = x.publish(t.Context(), a.Name, a.Args)
			}
			if err != nil {
				t.Errorf("%s: %v", a, err)
			}
		}
	}
}

func TestAnActionIsPrintedOnOneLineThatCanBeSplit(t *testing.T) {
	a := Action{Verb: Fault, Name: "login", Args: []Arg{{"status", 200}, {"body", "[1, 2"}, {"ratio", 0.5}, {"missing", true}, {"for", "1.5s"}, {"topic", ""}}}
	if got, want := a.String(), `fault login status=200 body="[1, 2" ratio=0.5 missing=true for=1.5s topic=""`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := json.Marshal(a); err != nil {
		t.Error(err)
	}
}
