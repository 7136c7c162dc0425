package supervision

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
)

type speaks func() string

func (s speaks) Error() string { return s() }

func TestWhatAReasonsOwnMethodsDoNeverMeetsTheSupervisor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		never := make(chan struct{})
		defer close(never)
		for name, c := range map[string]struct {
			reason any
			want   string
			class  Class
		}{
			"text":                     {"no good", "no good", Bug},
			"an error":                 {errors.New("no\ngood"), "no good", Bug},
			"nothing":                  {nil, "<nil>", Bug},
			"a runtime error":          {&runtime.PanicNilError{}, "panic called with nil argument", Bug},
			"a number":                 {42, "42", Bug},
			"a class of its own":       {fmt.Errorf("in: %w", As(Configuration, errors.New("x"))), "in: x", Configuration},
			"one that was plain":       {Plain(As(Configuration, errors.New("x")), nil), "x", Configuration},
			"an Error that panics":     {speaks(func() string { panic("in Error") }), "PANIC=Error method: in Error", Bug},
			"an Error that exits":      {speaks(func() string { runtime.Goexit(); return "" }), "cannot say what it is", Bug},
			"an Error that blocks":     {speaks(func() string { <-never; return "" }), "cannot say what it is", Bug},
			"a nil error's method":     {(*speaks)(nil), "<nil>", Bug},
			"a text of sixty megabyte": {strings.Repeat("long ", 12<<20), "long long", Bug},
		} {
			err := Plain(c.reason, nil)
			if text := Cause(err); !strings.Contains(text, c.want) || len(text) > causeLimit {
				t.Errorf("%s: %q, want %q", name, text, c.want)
			}
			if got := ClassOf(err); got != c.class {
				t.Errorf("%s: class %v, want %v", name, got, c.class)
			}
		}
	})
}

func TestAReasonIsCleanedBeforeItIsCut(t *testing.T) {
	hide := strings.NewReplacer("7654321", "{account}").Replace
	text := strings.Repeat("x", causeLimit-3) + "7654321 of an order"
	if got := Plain(text, hide).Error(); strings.Contains(got, "765") {
		t.Errorf("%q", got)
	}
}
