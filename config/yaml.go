package config

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	maxNodes = 100_000 // aliases followed: a few lines of them can stand for billions
	maxDepth = 64
)

// tree reads a document into the layer.
func (l *layer) tree(doc *yaml.Node) {
	if len(doc.Content) == 0 {
		return
	}
	if n := doc.Content[0]; n.ShortTag() != "!!null" { // a file of comments alone is empty
		def := Default()
		l.object(n, "", reflect.ValueOf(&def).Elem(), 0)
	}
}

// visit follows an alias and bounds the work; nil means that nothing is to be read here.
func (l *layer) visit(n *yaml.Node, key string, depth int) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if l.nodes++; l.nodes > maxNodes || depth > maxDepth {
		l.stop(n.Line, "too deep, or more than 100000 values with what aliases (*) repeat")
	}
	if l.stopped {
		return nil
	}
	if tag := n.ShortTag(); n.Style&yaml.TaggedStyle != 0 &&
		!slices.Contains([]string{"!!str", "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq"}, tag) {
		l.fail(n.Line, &Error{Key: key, Reason: "a tag of YAML (!) has no meaning here"})
		return nil
	}
	return n
}

// pairs gives each key of a mapping once with its value.
func (l *layer) pairs(n *yaml.Node, key string, depth int, each func(name string, line int, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		e := &Error{Key: key, Value: n.Value, Reason: "expected keys with values (key: value)"}
		if key == "" {
			e.Value = "" // a file of another kind: its content may be anything
		}
		l.fail(n.Line, e)
		return
	}
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content) && !l.stopped; i += 2 {
		k := l.visit(n.Content[i], key, depth)
		if k == nil {
			continue
		}
		full := k.Value
		if key != "" {
			full = key + "." + full
		}
		switch line, seen := first[k.Value]; {
		case k.ShortTag() == "!!merge":
			l.fail(k.Line, &Error{Key: key, Reason: "<< is not read here: write the keys out"})
		case k.Kind != yaml.ScalarNode || k.ShortTag() == "!!null":
			l.fail(k.Line, &Error{Key: key, Reason: "a key must be a word"})
		case seen:
			l.fail(k.Line, &Error{Key: full, Reason: fmt.Sprintf("written twice, first on line %d", line)})
		default:
			first[k.Value] = k.Line
			each(k.Value, k.Line, n.Content[i+1])
		}
	}
}

// object reads a section, or an element of a list of objects, into its struct.
func (l *layer) object(n *yaml.Node, key string, dst reflect.Value, depth int) {
	if n = l.visit(n, key, depth); n == nil {
		return
	}
	names := fieldNames(dst.Type())
	l.pairs(n, key, depth+1, func(name string, line int, v *yaml.Node) {
		i := slices.Index(names, name)
		if i < 0 {
			l.fail(line, unknownKey(key, name, dst.Type()))
			return
		}
		full, field := name, dst.Field(i)
		if key != "" {
			full = key + "." + name
		}
		if field.Kind() != reflect.Struct || field.Type() == dateType {
			l.origins[full] = l.at(line)
			if _, known := leafByKey[full]; l.value(v, full, field, depth+1) && known {
				l.put(full, line, field)
			} else if known {
				delete(l.origins, full)
			}
		} else if v.ShortTag() != "!!null" { // a section whose keys are commented out
			l.object(v, full, field, depth+1)
		}
	})
}

// value reads anything but a section; false means that there is nothing to store.
func (l *layer) value(n *yaml.Node, key string, dst reflect.Value, depth int) bool {
	if n = l.visit(n, key, depth); n == nil {
		return false
	}
	null := n.ShortTag() == "!!null"
	switch {
	case dst.Kind() == reflect.Slice:
		return !null && l.list(n, key, dst, depth)
	case dst.Type() == gapsType:
		if !null {
			l.gaps(n, key, dst, depth)
		}
		return !null
	case dst.Type() == policiesType:
		if !null {
			l.overrides(n, key, dst, depth)
		}
		return !null
	case dst.Kind() == reflect.Map:
		if null {
			return false
		}
		m, ok := l.any(n, key, depth).(map[string]any)
		if !ok {
			l.fail(n.Line, &Error{Key: key, Reason: "expected keys with values (key: value)"})
			return false
		}
		dst.Set(reflect.ValueOf(m))
		return true
	case n.Kind != yaml.ScalarNode:
		l.fail(n.Line, &Error{Key: key, Reason: "expected one value, not a list or keys"})
		return false
	case null:
		l.fail(n.Line, &Error{Key: key, Reason: `no value: leave the key out for its default, or write "" for nothing`})
		return false
	}
	return l.text(key, n.Line, n.Value, dst)
}

// list replaces a list. What is wrong with an element does not hide the others' errors.
func (l *layer) list(n *yaml.Node, key string, dst reflect.Value, depth int) bool {
	if n.Kind != yaml.SequenceNode {
		l.fail(n.Line, &Error{Key: key, Value: n.Value, Reason: "expected a list, like [a, b]"})
		return false
	}
	out := reflect.MakeSlice(dst.Type(), 0, len(n.Content))
	for i, item := range n.Content {
		v, at := reflect.New(dst.Type().Elem()).Elem(), fmt.Sprintf("%s[%d]", key, i)
		l.origins[at] = l.at(item.Line)
		if !objects(dst.Type()) {
			if l.value(item, at, v, depth+1) {
				out = reflect.Append(out, v)
			}
			continue
		}
		if v.Type() == strategyType {
			v.Set(reflect.ValueOf(DefaultStrategy("", "")))
		}
		l.object(item, at, v, depth+1)
		out = reflect.Append(out, v)
	}
	dst.Set(out)
	return true
}

// gaps reads durations by symbol.
func (l *layer) gaps(n *yaml.Node, key string, dst reflect.Value, depth int) {
	dst.Set(reflect.MakeMap(dst.Type()))
	l.pairs(n, key, depth+1, func(name string, line int, v *yaml.Node) {
		symbol, ok := l.symbolKey(key, line, name)
		if !ok {
			return
		}
		if dst.MapIndex(reflect.ValueOf(symbol)).IsValid() {
			l.fail(line, &Error{Key: key + "." + symbol, Reason: "written twice"})
			return
		}
		d := reflect.New(durationType).Elem()
		if l.value(v, key+"."+symbol, d, depth+1) {
			l.origins[key+"."+symbol] = l.at(line)
			dst.SetMapIndex(reflect.ValueOf(symbol), d)
		}
	})
}

// overrides reads policies by a strategy's name.
func (l *layer) overrides(n *yaml.Node, key string, dst reflect.Value, depth int) {
	dst.Set(reflect.MakeMap(dst.Type()))
	l.pairs(n, key, depth+1, func(name string, line int, v *yaml.Node) {
		if !strategyName.MatchString(name) {
			l.fail(line, &Error{Key: key, Value: name, Reason: "no name of a strategy: " + nameForm})
			return
		}
		o := reflect.New(dst.Type().Elem()).Elem()
		l.origins[key+"."+name] = l.at(line)
		if v.ShortTag() != "!!null" {
			l.object(v, key+"."+name, o, depth+1)
		}
		dst.SetMapIndex(reflect.ValueOf(name), o)
	})
}

// any reads what a strategy's parameters may be: keys, lists, strings, numbers, true, false.
func (l *layer) any(n *yaml.Node, key string, depth int) any {
	if n = l.visit(n, key, depth); n == nil {
		return nil
	}
	l.origins[key] = l.at(n.Line)
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		l.pairs(n, key, depth+1, func(name string, _ int, v *yaml.Node) {
			m[name] = l.any(v, key+"."+name, depth+1)
		})
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			list[i] = l.any(item, fmt.Sprintf("%s[%d]", key, i), depth+1)
		}
		return list
	}
	var v any = n.Value
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!int", "!!float", "!!bool":
		err := n.Decode(&v)
		if f, ok := v.(float64); err != nil || ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
			l.fail(n.Line, &Error{Key: key, Reason: "expected a number, true, false or a string"})
			return nil
		}
	}
	return v
}

// syntax is the reason for a parser's error, without what it quotes of the file.
func syntax(err error) (line int, reason string) {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	if _, e := fmt.Sscanf(msg, "line %d:", &line); e == nil {
		_, msg, _ = strings.Cut(msg, ": ")
	}
	switch {
	case strings.Contains(msg, "unknown anchor"):
		msg = "an alias (*) has no anchor (&)"
	case strings.Contains(msg, "cannot start any token"):
		msg += " (a tab? YAML wants spaces)"
	}
	return line, "not YAML: " + clip(msg)
}
