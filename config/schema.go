package config

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// The known keys and variables follow from Config's fields and tags alone, so that nothing
// can be known to one and not to the other.

// delim parts the keys inside koanf. It is no dot, for a symbol may hold one, as in
// health.symbols.A.B.
const delim = "/"

// EnvConfig names the variable that a program may read its file's name from. It sets no
// key; of the FEEDTREE_* variables that set none it alone is no error.
const EnvConfig = "FEEDTREE_CONFIG"

const (
	envPrefix    = "FEEDTREE_"
	settrade     = "SETTRADE_"
	credentials  = "credentials."
	strategies   = "strategies"
	healthSymbol = "health.symbols"
	otlpHeaders  = "telemetry.otlp.headers"
	httpToken    = "http.token"
)

var (
	durationType = reflect.TypeFor[time.Duration]()
	secretType   = reflect.TypeFor[Secret]()
	bytesType    = reflect.TypeFor[Bytes]()
	timeType     = reflect.TypeFor[TimeOfDay]()
	dateType     = reflect.TypeFor[Date]()
	strategyType = reflect.TypeFor[Strategy]()
	gapsType     = reflect.TypeFor[map[string]time.Duration]()
	policiesType = reflect.TypeFor[map[string]Override]()
)

// leaf is a key that has a value.
type leaf struct {
	key   string
	typ   reflect.Type
	index []int // of the field in Config
}

type section struct {
	key string
	typ reflect.Type
}

var (
	leaves, sections = schema(reflect.TypeFor[Config](), "", nil)
	leafByKey        = func() map[string]leaf {
		m := map[string]leaf{}
		for _, l := range leaves {
			m[l.key] = l
		}
		return m
	}()
	// The keys of a policy, the same in an Override and in a Policy.
	overrideLeaves, _ = schema(reflect.TypeFor[Override](), "", nil)
	overrideLeaf      = func() map[string]leaf {
		m := map[string]leaf{}
		for _, l := range overrideLeaves {
			m[l.key] = l
		}
		return m
	}()
	keyByEnv = func() map[string]string {
		m := map[string]string{}
		for _, l := range leaves {
			if name := EnvName(l.key); name != "" {
				m[name] = l.key
			}
		}
		return m
	}()
)

func schema(t reflect.Type, prefix string, index []int) (ls []leaf, ss []section) {
	for i := range t.NumField() {
		f := t.Field(i)
		key, at := prefix+f.Tag.Get("koanf"), append(append([]int{}, index...), i)
		if f.Type.Kind() == reflect.Struct {
			ss = append(ss, section{key, f.Type})
			l, s := schema(f.Type, key+".", at)
			ls, ss = append(ls, l...), append(ss, s...)
			continue
		}
		ls = append(ls, leaf{key, f.Type, at})
	}
	return ls, ss
}

// Keys lists the known keys in the order of the reference. Those of a strategy are not
// among them: they are of the form strategies[0].name.
func Keys() []string {
	keys := make([]string, len(leaves))
	for i, l := range leaves {
		keys[i] = l.key
	}
	return keys
}

// EnvName is the variable that sets a key: SETTRADE_* for credentials, FEEDTREE_* for all
// else, "" for keys that hold lists of objects and for unknown ones.
func EnvName(key string) string {
	l, ok := leafByKey[key]
	if !ok || objects(l.typ) {
		return ""
	}
	if name, ok := strings.CutPrefix(key, credentials); ok {
		return settrade + strings.ToUpper(name)
	}
	return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// objects says that t holds objects, which have no form on one line but YAML's.
func objects(t reflect.Type) bool {
	return t == policiesType || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct && t.Elem() != dateType
}

// fieldNames are the keys that a section or an object knows.
func fieldNames(t reflect.Type) []string {
	names := make([]string, t.NumField())
	for i := range names {
		names[i] = t.Field(i).Tag.Get("koanf")
	}
	return names
}

// hidden says that a key's values are not shown in errors: all credentials, every secret and
// the section that it is in, for what is wrong there may be a secret in the wrong place, a
// collector's address, which may hold its password, and parameters, which may hold anything.
func hidden(key string) bool {
	return strings.HasPrefix(key, credentials) || strings.Contains(key, ".params") || key == "telemetry.otlp.endpoint" || secretKeys[key]
}

// secretKeys are the keys of type Secret and the sections that hold one.
var secretKeys = func() map[string]bool {
	m := map[string]bool{}
	for _, l := range leaves {
		if l.typ == secretType {
			m[l.key], m[l.key[:strings.LastIndexByte(l.key, '.')]] = true, true
		}
	}
	return m
}()

// fromFile says that a key has a second variable, with _FILE behind its name, that names a
// file which holds the value: all credentials, and every other secret.
func fromFile(key string) bool {
	return strings.HasPrefix(key, credentials) || leafByKey[key].typ == secretType
}

// unknownKey is the error for a name that section `in` of type t does not know.
func unknownKey(in, name string, t reflect.Type) *Error {
	prefix := in
	if in != "" {
		prefix += "."
	}
	names := fieldNames(t)
	e := &Error{Key: prefix + name, Reason: "unknown key"}
	if near := Nearest(name, names); near != "" {
		e.Nearest = prefix + near
	} else if near := Nearest(prefix+name, Keys()); near != "" {
		e.Nearest = near
	} else {
		for _, key := range Keys() { // the right name in the wrong section
			if key[strings.LastIndexByte(key, '.')+1:] == name {
				e.Nearest = key
				return e
			}
		}
		e.Reason = fmt.Sprintf("unknown key; known here: %s", strings.Join(names, ", "))
	}
	return e
}
