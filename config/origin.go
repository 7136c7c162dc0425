package config

import (
	"fmt"
	"strings"
)

// origin is where a value was written; the zero one is the default.
type origin struct {
	kind string // "file", "env file", "environment", "--set" or "flag"
	file string
	line int
	name string // of a variable or a flag
}

// String is the form that config show prints.
func (o origin) String() string {
	switch {
	case o.kind == "":
		return "default"
	case o.file != "" && o.line > 0:
		return fmt.Sprintf("%s %s:%d", o.kind, o.file, o.line)
	case o.file != "":
		return o.kind + " " + o.file
	case o.name != "":
		return o.kind + " " + o.name
	}
	return o.kind
}

// on puts the origin into an error.
func (o origin) on(e *Error) *Error {
	e.File, e.Line, e.From = o.file, o.line, o.name
	if o.file == "" && o.name == "" {
		e.From = o.kind
	}
	return e
}

// Origin says where a key's value came from: "default", "file x.yaml:12", "env file .env:3",
// "environment FEEDTREE_LOG_LEVEL", "--set" or "flag --symbols".
func (l *Loaded) Origin(key string) string { return l.origins[key].String() }

// nearestOrigin finds where a key was written, or what holds it, as a missing name is
// missing in its strategy.
func (l *Loaded) nearestOrigin(key string) origin {
	for {
		if o, ok := l.origins[key]; ok {
			return o
		}
		i := strings.LastIndexAny(key, ".[")
		if i < 0 {
			return origin{}
		}
		key = key[:i]
	}
}

// follows says that an error at key may come from one told before: at the same key, within
// it, or, in a list's element, above it. What is written wrong elsewhere keeps its default.
func follows(key, told string) bool {
	return key == told || within(key, told) || strings.Contains(told, "[") && within(told, key)
}

// within says that a key holds another.
func within(outer, key string) bool {
	rest, ok := strings.CutPrefix(key, outer)
	return ok && outer != "" && rest != "" && (rest[0] == '.' || rest[0] == '[')
}
