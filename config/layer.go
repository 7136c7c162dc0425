package config

import (
	"reflect"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"

	"github.com/feedtree/feedtree/internal/topic"
)

// maxErrors bounds what one layer reports: behind the hundredth line nobody reads, and a
// file of another kind would be wrong in every line.
const (
	maxErrors = 100
	andMore   = "and more: the first hundred errors are shown"
)

// layer is what one source says: values of the right types by their keys in koanf, and
// where each key was written.
type layer struct {
	values  map[string]any
	origins map[string]origin
	errs    []*Error
	notes   []string
	at      func(line int) origin
	nodes   int // YAML nodes visited, aliases followed
	stopped bool
}

func newLayer(at func(line int) origin) *layer {
	return &layer{values: map[string]any{}, origins: map[string]origin{}, at: at}
}

// fail reports an error at a line.
func (l *layer) fail(line int, e *Error) {
	if l.stopped {
		return
	}
	if hidden(e.Key) {
		e.Value = ""
	}
	l.errs = append(l.errs, l.at(line).on(e))
	if len(l.errs) == maxErrors {
		l.stop(line, andMore)
	}
}

// stop ends the reading of this layer.
func (l *layer) stop(line int, reason string) {
	if !l.stopped {
		l.stopped = true
		l.errs = append(l.errs, l.at(line).on(&Error{Reason: reason}))
	}
}

// put stores the value of a known key. Gaps by symbol are stored one by one: a later layer
// changes those it names and leaves the others.
func (l *layer) put(key string, line int, v reflect.Value) {
	path := strings.ReplaceAll(key, ".", delim)
	if v.Type() == policiesType {
		l.policies(key, path, line, v)
		return
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return // inherited
		}
		v = v.Elem()
	}
	l.origins[key] = l.at(line)
	if v.Type() != gapsType {
		l.values[path] = v.Interface()
		return
	}
	for it := v.MapRange(); it.Next(); {
		l.values[path+delim+it.Key().String()] = it.Value().Interface()
		if _, ok := l.origins[key+"."+it.Key().String()]; !ok {
			l.origins[key+"."+it.Key().String()] = l.at(line)
		}
	}
}

// policies stores what overrides say key by key: a later layer changes those it names.
func (l *layer) policies(key, path string, line int, v reflect.Value) {
	for it := v.MapRange(); it.Next(); {
		name := it.Key().String()
		said(it.Value(), "", func(k string, value reflect.Value) {
			l.values[path+delim+name+delim+strings.ReplaceAll(k, ".", delim)] = value.Interface()
			if full := key + "." + name + "." + k; l.origins[full].kind == "" {
				l.origins[full] = l.at(line)
			}
		})
	}
}

// said calls each with what an override says, by its keys.
func said(v reflect.Value, prefix string, each func(key string, v reflect.Value)) {
	for i, name := range fieldNames(v.Type()) {
		switch f := v.Field(i); {
		case f.Kind() == reflect.Struct:
			said(f, prefix+name+".", each)
		case !f.IsNil():
			each(prefix+name, f.Elem())
		}
	}
}

// text reads a value written on one line: a variable's, a flag's, a YAML scalar's.
func (l *layer) text(key string, line int, s string, dst reflect.Value) bool {
	err := parse(s, dst, func(what string) { l.noteOn(key, line, what) })
	if err != nil {
		l.fail(line, &Error{Key: key, Value: s, Reason: err.Error()})
	}
	return err == nil
}

func (l *layer) noteOn(key string, line int, what string) {
	l.notes = append(l.notes, note(l.at(line), key, what))
}

// note tells what was changed and where it was written.
func note(o origin, key, what string) string {
	return o.String() + ": " + clip(key) + ": " + what
}

// symbolKey normalises a symbol that is a key.
func (l *layer) symbolKey(key string, line int, typed string) (string, bool) {
	symbol, changed, err := topic.NormalizeSymbol(typed)
	if err != nil {
		l.fail(line, &Error{Key: key, Reason: err.Error()})
		return "", false
	}
	if changed {
		l.noteOn(key, line, "symbol \""+clip(typed)+"\" was taken as "+symbol)
	}
	return symbol, true
}

// onto merges the layer over those below it.
func (l *layer) onto(k *koanf.Koanf, origins map[string]origin) error {
	for key := range l.origins {
		if leaf, ok := leafByKey[key]; ok && leaf.typ.Kind() == reflect.Slice {
			for old := range origins { // the elements of the list that this one replaces
				if strings.HasPrefix(old, key+"[") {
					delete(origins, old)
				}
			}
		}
	}
	for key, o := range l.origins {
		origins[key] = o
	}
	return k.Load(confmap.Provider(l.values, delim), nil)
}
