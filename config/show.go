package config

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// row is one line of the effective configuration.
type row struct {
	key    string
	value  any
	origin string
}

// Show writes the effective configuration, one line a key, `key: value  # where from`,
// secrets and account numbers redacted.
func Show(l *Loaded, w io.Writer) error {
	rows := l.rows()
	lines, width := make([]string, len(rows)), 0
	for i, r := range rows {
		lines[i] = r.key + ": " + inline(r.value)
		if n := len(lines[i]); n <= 60 { // a long line does not push all others out
			width = max(width, n)
		}
	}
	for i, r := range rows {
		if _, err := fmt.Fprintf(w, "%-*s  # %s\n", width, lines[i], r.origin); err != nil {
			return err
		}
	}
	return nil
}

// ShowJSON writes the same as one JSON object: by key, the value and its origin.
func ShowJSON(l *Loaded, w io.Writer) error {
	type entry struct {
		Value  any    `json:"value"`
		Origin string `json:"origin"`
	}
	out := map[string]entry{}
	for _, r := range l.rows() {
		out[r.key] = entry{r.value, r.origin}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(out)
}

// rows flattens the configuration into keys and plain values.
func (l *Loaded) rows() (rows []row) {
	c := reflect.ValueOf(l.Config)
	for _, leaf := range leaves {
		v := c.FieldByIndex(leaf.index)
		switch {
		case v.Kind() == reflect.Pointer:
			continue // of an override: nodeRows has them whole
		case v.Type() == policiesType:
			rows = append(rows, l.nodeRows()...)
			for _, name := range slices.Sorted(maps.Keys(l.Config.Supervision.Strategies)) {
				key := strategyPolicies + "." + name
				rows = append(rows, l.policyRows(key, l.Config.Supervision.strategyChain("", Strategy{Name: name}))...)
			}
			if v.Len() == 0 {
				rows = append(rows, row{leaf.key, plain(v), l.Origin(leaf.key)})
			}
		case v.Type() == gapsType && v.Len() > 0:
			gaps := v.Interface().(map[string]time.Duration)
			for _, symbol := range slices.Sorted(maps.Keys(gaps)) {
				key := leaf.key + "." + symbol
				rows = append(rows, row{key, showDuration(gaps[symbol]), l.Origin(key)})
			}
		case leaf.key == strategies && v.Len() > 0:
			for i := range v.Len() {
				key := fmt.Sprintf("%s[%d].", leaf.key, i)
				rows = append(rows, l.object(key, v.Index(i))...)
				own := key + "supervision"
				rows = append(rows, l.policyRows(own, l.Config.Supervision.strategyChain(own, l.Config.Strategies[i]))...)
			}
		default:
			rows = append(rows, row{leaf.key, plain(v), l.Origin(leaf.key)})
		}
	}
	return rows
}

// nodeRows are the policies in force for the feed's children.
func (l *Loaded) nodeRows() (rows []row) {
	for _, n := range nodes {
		rows = append(rows, l.policyRows("supervision.nodes."+n.name, l.Config.Supervision.chain(n))...)
	}
	return rows
}

// policyRows is the policy that a chain comes to, with where each of its keys is said: in own,
// or under a key that it is taken from.
func (l *Loaded) policyRows(own string, chain []step) (rows []row) {
	root := reflect.ValueOf(l.Config.Supervision.root())
	for _, leaf := range overrideLeaves {
		v, origin := root.FieldByIndex(leaf.index), "from supervision."+leaf.key
		for _, link := range chain {
			f := reflect.ValueOf(link.says).FieldByIndex(leaf.index)
			if f.IsNil() {
				continue
			}
			v, origin = f.Elem(), "from "+link.key+"."+leaf.key
			if link.key == own {
				origin = l.Origin(own + "." + leaf.key)
			}
		}
		rows = append(rows, row{own + "." + leaf.key, plain(v), origin})
	}
	return rows
}

func (l *Loaded) object(prefix string, v reflect.Value) (rows []row) {
	for i, name := range fieldNames(v.Type()) {
		key, f := prefix+name, v.Field(i)
		switch {
		case f.Type() == reflect.TypeFor[Override](): // its rows are policyRows'
		case f.Kind() == reflect.Struct:
			rows = append(rows, l.object(key+".", f)...)
		case f.Kind() == reflect.Map && f.Len() > 0:
			params, _ := conceal(f.Interface()).(map[string]any)
			for _, p := range slices.Sorted(maps.Keys(params)) {
				rows = append(rows, row{key + "." + p, params[p], l.Origin(key + "." + p)})
			}
		default:
			rows = append(rows, row{key, plain(f), l.Origin(key)})
		}
	}
	return rows
}

// plain is a value as strings, numbers, lists and maps, as a file would have it.
func plain(v reflect.Value) any {
	switch x := v.Interface().(type) {
	case Secret:
		return x.String()
	case time.Duration:
		return showDuration(x)
	case Bytes, TimeOfDay, Date:
		return fmt.Sprint(x)
	}
	switch v.Kind() {
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plain(v.Index(i))
		}
		return list
	case reflect.Struct:
		m := map[string]any{}
		for i, name := range fieldNames(v.Type()) {
			m[name] = plain(v.Field(i))
		}
		return m
	case reflect.Map: // empty: others have a row for each key
		return map[string]any{}
	}
	return v.Interface()
}

// secretName matches parameters that likely hold a secret, since their types cannot say.
var secretName = regexp.MustCompile(`(?i)secret|token|passw|credential|account|private|api_?key|^pin$|_pin$|^pass$`)

// conceal copies parameters without what likely is secret.
func conceal(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			if out[k] = conceal(item); secretName.MatchString(k) {
				out[k] = redacted
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = conceal(v[i])
		}
		return out
	}
	return v
}

// inline writes a plain value as YAML on one line. JSON is such YAML but for its quotes,
// which bare words go without.
func inline(v any) string {
	switch v := v.(type) {
	case string:
		return word(v)
	case []any:
		items := make([]string, len(v))
		for i := range v {
			items[i] = inline(v[i])
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		var items []string
		keys := slices.Sorted(maps.Keys(v))
		if _, ok := v["open"]; ok { // a session reads the other way round
			slices.Reverse(keys)
		}
		for _, k := range keys {
			items = append(items, word(k)+": "+inline(v[k]))
		}
		return "{" + strings.Join(items, ", ") + "}"
	case nil:
		return "null"
	}
	return fmt.Sprint(v)
}

// bare words need no quotes as long as YAML takes them for strings.
var bare = regexp.MustCompile(`^[A-Za-z0-9_./][A-Za-z0-9_./&:@+-]*$`)

func word(s string) string {
	n := yaml.Node{Kind: yaml.ScalarNode, Value: s}
	if s == redacted || bare.MatchString(s) && !strings.HasSuffix(s, ":") && n.ShortTag() == "!!str" {
		return s
	}
	return strconv.Quote(s)
}

// ShowDuration writes a duration as a file would have it: 5m, not 5m0s.
func ShowDuration(d time.Duration) string { return showDuration(d) }

// showDuration is time.Duration's form without the zeros behind: 5m, not 5m0s.
func showDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
