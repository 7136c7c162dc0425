package otelenv

import (
	"maps"
	"testing"
)

func TestHeadersAreDecodedAsTheVariablesAre(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"":                            {},
		"authorization=Basic%20YTpi":  {"authorization": "Basic YTpi"},
		" a = 1 , b=x=y%3D,c":         {"a": "1", "b": "x=y="},
		"a= 100% ,=nothing,plus=1+1,": {"a": "100%", "plus": "1+1"},
	} {
		if got := Headers(text); !maps.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestDisabledInAnyCase(t *testing.T) {
	for value, want := range map[string]bool{"": false, "true": true, "TRUE": true, " True ": true, "1": false, "false": false} {
		if Disabled(func(string) string { return value }) != want {
			t.Errorf("%q", value)
		}
	}
}
