package config

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// write makes a file in a directory of the test's own, which becomes the working one, so
// that messages name the file alone.
func write(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func inTemp(t *testing.T) { t.Chdir(t.TempDir()) }

func load(t *testing.T, s Sources) *Loaded {
	t.Helper()
	l, err := Load(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// wantErrors compares all messages, in any order.
func wantErrors(t *testing.T, err error, want ...string) {
	t.Helper()
	var got []string
	if err != nil {
		got = strings.Split(err.Error(), "\n")
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	if err != nil && len(Errors(err)) != len(got) {
		t.Errorf("%d lines, but %d errors", len(got), len(Errors(err)))
	}
}
