package config

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestWithoutSourcesTheConfigurationIsTheDefault(t *testing.T) {
	l := load(t, Sources{})
	if !reflect.DeepEqual(l.Config, Default()) {
		t.Errorf("got  %+v\nwant %+v", l.Config, Default())
	}
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
	if len(l.Notes) != 0 {
		t.Errorf("notes: %q", l.Notes)
	}
}

func TestTheReferenceIsTheDefaultKeyByKey(t *testing.T) {
	l := parseYAML("feedtree.yaml", Reference())
	if len(l.errs) > 0 {
		t.Fatal(join(l.errs))
	}
	got, err := build([]*layer{l})
	if err != nil {
		t.Fatal(err)
	}
	def := Default()
	for _, leaf := range leaves {
		if leaf.typ.Kind() == reflect.Pointer {
			if !reflect.ValueOf(got.Config).FieldByIndex(leaf.index).IsNil() {
				t.Errorf("%s: said in the reference, by default it is inherited", leaf.key)
			}
			continue
		}
		if o, ok := l.origins[leaf.key]; !ok || o.line == 0 {
			t.Errorf("%s: not in the reference", leaf.key)
		}
		is := reflect.ValueOf(got.Config).FieldByIndex(leaf.index)
		want := reflect.ValueOf(def).FieldByIndex(leaf.index)
		if is.Kind() == reflect.Slice || is.Kind() == reflect.Map {
			if is.Len() == 0 && want.Len() == 0 {
				continue
			}
		}
		if !reflect.DeepEqual(is.Interface(), want.Interface()) {
			t.Errorf("%s: %v in the reference, %v by default", leaf.key, is, want)
		}
	}
}

// commented walks a document and reports the keys that have no comment above them.
func commented(n *yaml.Node, key string, bare func(key string, line int)) {
	if n.Kind == yaml.SequenceNode && n.Style&yaml.FlowStyle == 0 {
		for _, item := range n.Content {
			if item.Style&yaml.FlowStyle == 0 {
				if len(item.Content) > 0 && item.HeadComment != "" {
					item.Content[0].HeadComment = item.HeadComment
				}
				commented(item, key+"[]", bare)
			}
		}
	}
	if n.Kind != yaml.MappingNode || n.Style&yaml.FlowStyle != 0 {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, full := n.Content[i], strings.TrimPrefix(key+"."+n.Content[i].Value, ".")
		if k.HeadComment == "" {
			bare(full, k.Line)
		}
		commented(n.Content[i+1], full, bare)
	}
}

func TestEveryKeyOfTheReferenceHasAComment(t *testing.T) {
	for name, text := range map[string][]byte{"reference": Reference(), "example of a strategy": example(t)} {
		var doc yaml.Node
		if err := yaml.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		commented(doc.Content[0], "", func(key string, line int) {
			if key != "strategies" {
				t.Errorf("%s: %s on line %d has no comment", name, key, line)
			}
		})
	}
}

func TestEveryDefaultIsSaidInItsComment(t *testing.T) {
	lines := strings.Split(string(Reference()), "\n")
	l := parseYAML("feedtree.yaml", Reference())
	for _, leaf := range leaves {
		if strings.HasPrefix(leaf.key, credentials) || objects(leaf.typ) || leaf.typ.Kind() == reflect.Pointer {
			continue // all empty; lists are told in words; overrides are none
		}
		line := l.origins[leaf.key].line
		var comment []string
		for i := line - 2; i >= 0 && strings.HasPrefix(strings.TrimSpace(lines[i]), "#"); i-- {
			comment = append([]string{strings.TrimSpace(strings.TrimSpace(lines[i])[1:])}, comment...)
		}
		_, value, _ := strings.Cut(lines[line-1], ": ")
		said := "Default " + value
		switch value {
		case `""`:
			said = "Default empty"
		case "[]", "{}":
			said = "Default none"
		}
		if !strings.Contains(strings.Join(comment, " "), said+".") {
			t.Errorf("%s: its comment does not say %q", leaf.key, said)
		}
	}
}

// example is the reference's strategy without its comment marks.
func example(t *testing.T) []byte {
	t.Helper()
	_, rest, ok := strings.Cut(string(Reference()), "\nstrategies: []\n")
	block, _, ok2 := strings.Cut(rest, "\n\n")
	if !ok || !ok2 {
		t.Fatal("the reference has no example of a strategy")
	}
	var b bytes.Buffer
	for _, line := range strings.Split(block, "\n") {
		fmt.Fprintln(&b, strings.TrimPrefix(line, "# "))
	}
	return b.Bytes()
}

func TestTheExampleOfAStrategyHasEveryKeyWithItsDefault(t *testing.T) {
	l := parseYAML("example", example(t))
	got, err := build([]*layer{l})
	if err != nil || len(got.Config.Strategies) != 1 {
		t.Fatal(err, got)
	}
	s := got.Config.Strategies[0]
	s.Symbols, s.Events, s.Params, s.Watch = nil, nil, nil, nil // [] and {} there
	if want := DefaultStrategy("spread-1", "spread"); !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
	for _, r := range got.rows() {
		if strings.HasPrefix(r.key, strategies) && r.origin == "default" {
			t.Errorf("%s is not in the example", r.key)
		}
	}
}

func TestTheReferenceIsACopy(t *testing.T) {
	Reference()[0] = 'x'
	if Reference()[0] != '#' {
		t.Error("a caller can spoil the reference")
	}
}
