package config

import (
	"bytes"
	"errors"
	"io"
	"os"
	"reflect"
	"slices"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
	"go.yaml.in/yaml/v3"
)

// Sources is where Load reads from, in the order of their precedence, lowest first.
type Sources struct {
	// Files are YAML files, each over the one before. A list replaces the one below it, keys
	// are merged.
	Files []string
	// EnvFile is a file of variables (.env), beneath Environ; "" for none.
	EnvFile string
	// Environ is the environment as os.Environ gives it; nil for none.
	Environ []string
	// Set are the "key=value" of --set. Lists are separated by commas or written as in YAML.
	Set []string
	// Flags are the flags that were given on the command line, by the key that each sets. A
	// value is of the key's type, or text.
	Flags map[string]any
}

// Loaded is a configuration and where it came from.
type Loaded struct {
	Config Config
	// Notes say what was changed in what the user wrote, as when a symbol was upper-cased: one
	// line each, for standard error.
	Notes   []string
	origins map[string]origin
}

// maxFile bounds a configuration file; one that is larger is some other file.
const maxFile = 1 << 20

var errTooLarge = errors.New("too large")

// Load reads all sources into one checked configuration. Its error joins an *Error for
// everything that is wrong, and there is no configuration then.
func Load(s Sources) (*Loaded, error) {
	var layers []*layer
	for _, name := range s.Files {
		data, l := readFile(name, "file")
		if data != nil {
			l = parseYAML(name, data)
		}
		layers = append(layers, l)
	}
	return build(append(layers, s.above()...))
}

// above is what lies over the files.
func (s Sources) above() (layers []*layer) {
	var vars []variable
	if s.EnvFile != "" {
		data, l := readFile(s.EnvFile, "env file")
		if data != nil {
			vars, l.errs = dotenv(s.EnvFile, string(data))
		}
		layers = append(layers, l)
	}
	layers = append(layers, environ(vars, s.Environ)...)
	layers = append(layers, assignments(s.Set)...)
	return append(layers, flags(s.Flags)...)
}

// build merges the layers over the defaults, decodes the whole once and checks it.
func build(layers []*layer) (*Loaded, error) {
	k, out := koanf.New(delim), &Loaded{origins: map[string]origin{}}
	errs, err := []*Error(nil), k.Load(confmap.Provider(defaults(), delim), nil)
	if err != nil {
		return nil, err
	}
	for _, l := range layers {
		if err := l.onto(k, out.origins); err != nil {
			return nil, err
		}
		errs, out.Notes = append(errs, l.errs...), append(out.Notes, l.notes...)
	}
	// The layers hold known keys with values of their types; that nothing is left unused is
	// asked for all the same, since koanf passes silently what it does not know.
	err = k.UnmarshalWithConf("", &out.Config, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		TagName: "koanf", ErrorUnused: true, ZeroFields: true,
	}})
	if err != nil {
		return nil, err
	}
	out.Config.normalize(func(key, what string) {
		out.Notes = append(out.Notes, note(out.nearestOrigin(key), key, what))
	})
	told := errs
	for _, e := range Errors(out.Config.Validate()) {
		if slices.ContainsFunc(told, func(known *Error) bool { return follows(e.Key, known.Key) }) {
			continue // what could not be read was told, and is checked when it can be
		}
		if len(errs)-len(told) == maxErrors {
			errs = append(errs, &Error{Reason: andMore})
			break
		}
		if o := out.nearestOrigin(e.Key); o.kind != "" {
			o.on(e)
		}
		errs = append(errs, e)
	}
	if len(errs) > 0 {
		return nil, join(errs)
	}
	return out, nil
}

// defaults is Default by the keys in koanf.
func defaults() map[string]any {
	l, def := newLayer(func(int) origin { return origin{} }), Default()
	for _, leaf := range leaves {
		l.put(leaf.key, 0, reflect.ValueOf(def).FieldByIndex(leaf.index))
	}
	return l.values
}

// Check reads and checks one file alone, as `config check FILE` begins: without the
// environment, without credentials.
func Check(file string) error {
	_, err := Load(Sources{Files: []string{file}})
	return err
}

// readFile reads a file of the configuration; data is nil where the layer holds an error.
func readFile(name, kind string) (data []byte, l *layer) {
	l = newLayer(func(line int) origin { return origin{kind: kind, file: name, line: line} })
	data, err := readAtMost(name, maxFile)
	switch {
	case errors.Is(err, errTooLarge):
		l.fail(0, &Error{Reason: "larger than 1 MiB: this is no configuration"})
	case err != nil:
		l.fail(0, &Error{Reason: "this file " + why(err)})
	}
	if err != nil {
		return nil, l
	}
	return append([]byte{}, data...), l
}

func readAtMost(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = errTooLarge
	}
	return data, err
}

// parseYAML reads the one document of a file.
func parseYAML(name string, data []byte) *layer {
	l := newLayer(func(line int) origin { return origin{kind: "file", file: name, line: line} })
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return l
	case err != nil:
		line, reason := syntax(err)
		l.fail(line, &Error{Reason: reason})
		return l
	}
	switch err := d.Decode(&more); {
	case err == nil:
		l.fail(more.Line, &Error{Reason: "a second document (---): one file holds one"})
	case !errors.Is(err, io.EOF):
		line, reason := syntax(err)
		l.fail(line, &Error{Reason: reason})
	}
	l.tree(&doc)
	return l
}
