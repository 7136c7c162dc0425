package config

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// FuzzYAML: any bytes make an error, told by lines with their reasons, or a configuration
// that is valid and can be shown.
func FuzzYAML(f *testing.F) {
	f.Add(Reference())
	f.Add([]byte("strategies: [{name: a, type: b, params: &p {x: [1, .inf, 2026-01-01, !!binary aaaa]}, symbols: [aot]}]"))
	f.Add([]byte("a: &a [*a]\nhealth: {symbols: {A.B: 1s, a.b: 2s}}\n<<: {}\n"))
	f.Add([]byte("market: {sessions: [{open: 10:00, close: 11:00}], holidays: [2026-01-01]}\n---\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		loaded, err := build([]*layer{parseYAML("f.yaml", data)})
		if err != nil {
			errs := Errors(err)
			for _, e := range errs {
				if e.Reason == "" || strings.ContainsAny(e.Error(), "\n\r") {
					t.Errorf("%q", e.Error())
				}
			}
			if len(errs) == 0 {
				t.Errorf("an error of another kind: %v", err)
			}
			return
		}
		if err := loaded.Config.Validate(); err != nil {
			t.Error(err)
		}
		if err := Show(loaded, &bytes.Buffer{}); err != nil {
			t.Error(err)
		}
		var b bytes.Buffer
		if err := ShowJSON(loaded, &b); err != nil || !json.Valid(b.Bytes()) {
			t.Error(err)
		}
		if again := loaded.Config.Normalize(); len(again) > 0 {
			t.Errorf("not normalised: %q", again)
		}
	})
}

// FuzzText: the same for what stands behind --set, in variables and in their files.
func FuzzText(f *testing.F) {
	f.Add("symbols=[a, b]", "FEEDTREE_HEALTH_SYMBOLS=A=1s", "A='b'\nSETTRADE_APP_ID=5")
	f.Add("strategies=[{name: a, type: b}]", "SETTRADE_APP_SECRET=x", "export FEEDTREE_SYMBOLS=a,b # c")
	f.Add("poison.entries=0", "FEEDTREE_HEALTH_?\xe96\x0f\x0e0\nSYMBOLS=0", "")
	f.Fuzz(func(t *testing.T, set, env, file string) {
		if strings.Contains(env, fileSuffix) || strings.Contains(file, fileSuffix) {
			return // would read files
		}
		vars, errs := dotenv("f", file)
		layers := append(environ(vars, []string{env}), assignments([]string{set})...)
		loaded, err := build(layers)
		if err == nil && loaded == nil || err != nil && len(Errors(err)) == 0 {
			t.Errorf("%v %v", loaded, err)
		}
		for _, e := range append(errs, Errors(err)...) {
			if strings.ContainsAny(e.Error(), "\n\r") {
				t.Errorf("%q", e.Error())
			}
		}
		if !reflect.DeepEqual(load(t, Sources{}).Config, Default()) {
			t.Error("the defaults have changed")
		}
	})
}
