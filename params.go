package feedtree

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/supervision"
)

// decode makes an instance's parameters: the defaults, with what is configured over them. A
// panic in the user's Validate, or in an UnmarshalText, is an error of the configuration.
func (t StrategyType) decode(key string, raw map[string]any) (params any, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			params, err = nil, &config.Error{Key: key, Reason: fmt.Sprintf("checking the parameters of strategy type %s panicked: %s", t.name, supervision.Plain(reason, nil))}
		}
	}()
	p := reflect.New(t.params)
	p.Elem().Set(reflect.ValueOf(t.base))
	var meta mapstructure.Metadata
	d, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		Result: p.Interface(), TagName: "yaml", Metadata: &meta,
		DecodeHook: mapstructure.ComposeDecodeHookFunc(mapstructure.StringToTimeDurationHookFunc(), mapstructure.TextUnmarshallerHookFunc()),
	})
	if err != nil {
		return nil, err
	}
	if err := d.Decode(raw); err != nil {
		return nil, errors.Join(t.misfits(key, err)...)
	}
	if len(meta.Unused) > 0 {
		slices.Sort(meta.Unused)
		var errs []error
		for _, unknown := range meta.Unused {
			errs = append(errs, &config.Error{Key: key + "." + unknown, Reason: "unknown parameter of strategy type " + t.name,
				Nearest: config.Nearest(unknown, t.fields())})
		}
		return nil, errors.Join(errs...)
	}
	v := p.Elem().Interface()
	if c, ok := p.Interface().(interface{ Validate() error }); ok {
		if err := c.Validate(); err != nil {
			return nil, &config.Error{Key: key, Reason: err.Error()}
		}
	}
	return v, nil
}

// misfits makes an error of the configuration of each parameter that does not fit its field.
// The values are left out: only the strategy knows which of them are secrets.
func (t StrategyType) misfits(key string, err error) []error {
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		var out []error
		for _, one := range e.Unwrap() {
			out = append(out, t.misfits(key, one)...)
		}
		return out
	case *mapstructure.DecodeError:
		return []error{misfit(key, e)}
	case interface{ Unwrap() error }:
		return t.misfits(key, e.Unwrap())
	}
	return []error{&config.Error{Key: key, Reason: fmt.Sprintf("parameters of strategy type %s: %v", t.name, err)}}
}

func misfit(key string, field *mapstructure.DecodeError) *config.Error {
	if name := field.Name(); name != "" {
		key += "." + name
	}
	reason := field.Unwrap().Error()
	var kind *mapstructure.UnconvertibleTypeError
	if errors.As(field, &kind) {
		reason = fmt.Sprintf("expected %s, not %s", inWords(kind.Expected.Type()), inWords(reflect.TypeOf(kind.Value)))
	}
	return &config.Error{Key: key, Reason: reason}
}

// inWords says what is written in a configuration for a Go type.
func inWords(t reflect.Type) string {
	if t == reflect.TypeFor[time.Duration]() {
		return "a duration, such as 250ms"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.String:
		return "text"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "keys with values"
	}
	return "a Go " + t.String()
}

func (t StrategyType) fields() (names []string) {
	for i := range t.params.NumField() {
		f := t.params.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		names = append(names, name)
	}
	return names
}
