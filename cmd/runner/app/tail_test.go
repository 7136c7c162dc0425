package app

import "testing"

func TestATailsNameIsUsedAgainOnceItsReaderHasGone(t *testing.T) {
	tails := newTails()
	open := func() string {
		_, c := tails.open([]string{"AOT"}, false, nil)
		return c.Name
	}
	first, second := open(), open()
	if first == second {
		t.Fatalf("two readers share %s", first)
	}
	tails.forget(first)
	// Or else a day of readers would be as many strategies, with a hundred series each.
	if third := open(); third != first {
		t.Errorf("%s is free and the third reader is %s", first, third)
	}
}
