package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// assignments reads the "key=value" of --set, each a layer: the last one wins.
func assignments(set []string) (layers []*layer) {
	for i, arg := range set {
		l := newLayer(func(int) origin { return origin{kind: "--set"} })
		layers = append(layers, l)
		key, value, ok := strings.Cut(arg, "=")
		if !ok { // not quoted: what stands here may be a secret without its key
			l.fail(0, &Error{Reason: fmt.Sprintf("number %d has no '=': expected key=value", i+1)})
			continue
		}
		l.assign(strings.TrimSpace(key), value)
	}
	return layers
}

// assign stores a value that was written as text, or as YAML if it begins so.
func (l *layer) assign(key, value string) {
	if symbol, ok := strings.CutPrefix(key, healthSymbol+"."); ok {
		if symbol, ok = l.symbolKey(key, 0, symbol); ok {
			d := reflect.New(durationType).Elem()
			if l.text(healthSymbol+"."+symbol, 0, value, d) {
				gap := reflect.MakeMap(gapsType)
				gap.SetMapIndex(reflect.ValueOf(symbol), d)
				l.put(healthSymbol, 0, gap)
			}
		}
		return
	}
	if rest, ok := strings.CutPrefix(key, strategyPolicies+"."); ok {
		l.assignPolicy(rest, value)
		return
	}
	leaf, ok := leafByKey[key]
	if !ok {
		l.fail(0, unknownPath(key))
		return
	}
	kind := leaf.typ.Kind()
	yamlish := strings.HasPrefix(strings.TrimSpace(value), "[") || strings.HasPrefix(strings.TrimSpace(value), "{")
	if !(kind == reflect.Slice || kind == reflect.Map) || !yamlish && !objects(leaf.typ) {
		l.set(key, value)
		return
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(value), &doc); err != nil || len(doc.Content) == 0 {
		l.fail(0, &Error{Key: key, Reason: "expected a list, as YAML on one line: [a, b]"})
		return
	}
	dst := reflect.New(leaf.typ).Elem()
	if l.value(doc.Content[0], key, dst, 0) {
		l.put(key, 0, dst)
	}
}

// assignPolicy stores one key of one strategy's policy, NAME.KEY.
func (l *layer) assignPolicy(key, value string) {
	full := strategyPolicies + "." + key
	name, inner, _ := strings.Cut(key, ".")
	leaf, ok := overrideLeaf[inner]
	switch {
	case !strategyName.MatchString(name):
		l.fail(0, &Error{Key: strategyPolicies, Value: name, Reason: "no name of a strategy: " + nameForm})
	case !ok:
		var known []string
		for _, leaf := range overrideLeaves {
			known = append(known, leaf.key)
		}
		e := &Error{Key: full, Reason: "unknown key; known behind the name: " + strings.Join(known, ", ")}
		if near := Nearest(inner, known); near != "" {
			e.Reason, e.Nearest = "unknown key", strategyPolicies+"."+name+"."+near
		}
		l.fail(0, e)
	default:
		o := reflect.New(reflect.TypeFor[Override]()).Elem()
		if l.text(full, 0, value, o.FieldByIndex(leaf.index)) {
			m := reflect.MakeMap(policiesType)
			m.SetMapIndex(reflect.ValueOf(name), o)
			l.put(strategyPolicies, 0, m)
		}
	}
}

// unknownPath is the error for a whole key that is none.
func unknownPath(key string) *Error {
	if strings.HasPrefix(key, strategies+".") || strings.HasPrefix(key, strategies+"[") {
		return &Error{Key: key, Reason: "a strategy's keys are set in a file, or all strategies at once: strategies=[{name: a, type: b}]"}
	}
	for _, s := range sections {
		if s.key == key {
			return &Error{Key: key, Reason: "this is a section; its keys are " + strings.Join(fieldNames(s.typ), ", ")}
		}
	}
	in, name, t := "", key, reflect.TypeFor[Config]()
	for _, s := range sections { // the deepest section that the key is in
		if rest, ok := strings.CutPrefix(key, s.key+"."); ok {
			in, name, t = s.key, rest, s.typ
		}
	}
	e := unknownKey(in, name, t)
	if near := Nearest(key, Keys()); near != "" {
		e.Nearest, e.Reason = near, "unknown key"
	}
	return e
}

// flagNames are the flags that are not called as their keys are.
var flagNames = map[string]string{"http.addr": "--addr", "session.fail_fast": "--fail-fast", httpToken: "--token-file",
	"http.ask.ca_file": "--cacert", "http.ask.cert_file": "--cert", "http.ask.key_file": "--key"}

// flagName is how a flag that sets the key is called: --log-level for log.level.
func flagName(key string) string {
	if name, ok := flagNames[key]; ok {
		return name
	}
	return "--" + strings.NewReplacer(".", "-", "_", "-").Replace(key)
}

// flags reads the values of flags.
func flags(values map[string]any) (layers []*layer) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		l := newLayer(func(int) origin { return origin{kind: "flag", name: flagName(key)} })
		layers = append(layers, l)
		leaf, ok := leafByKey[key]
		v := reflect.ValueOf(values[key])
		switch list, isList := values[key].([]string); {
		case !ok:
			l.fail(0, unknownPath(key))
		case v.IsValid() && v.Type() == leaf.typ:
			l.put(key, 0, v)
		case isList:
			l.assign(key, strings.Join(list, ","))
		default:
			l.assign(key, fmt.Sprint(values[key]))
		}
	}
	return layers
}
