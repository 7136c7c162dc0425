package config

import (
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/feedtree/feedtree/internal/topic"
)

// parse reads text into a value of any type that has a form on one line. Lists are separated
// by commas, gaps by symbol are AOT=10s,PTT=1m.
func parse(s string, dst reflect.Value, changed func(what string)) error {
	if dst.Kind() == reflect.Pointer {
		v := reflect.New(dst.Type().Elem())
		dst.Set(v)
		return parse(s, v.Elem(), changed)
	}
	switch dst.Type() {
	case durationType:
		d, err := parseDuration(s)
		dst.SetInt(int64(d))
		return err
	case bytesType:
		b, err := ParseBytes(s)
		dst.SetInt(int64(b))
		return err
	case timeType:
		t, err := ParseTimeOfDay(s)
		dst.SetInt(int64(t))
		return err
	case dateType:
		d, err := ParseDate(s)
		dst.Set(reflect.ValueOf(d))
		return err
	case gapsType:
		return parseGaps(s, dst, changed)
	}
	switch dst.Kind() {
	case reflect.String:
		dst.SetString(s)
	case reflect.Int:
		n, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimSpace(s), "_", ""), 10, 64)
		if err != nil {
			return errors.New("expected a whole number")
		}
		dst.SetInt(n)
	case reflect.Float64:
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return errors.New("expected a number")
		}
		dst.SetFloat(f)
	case reflect.Bool:
		switch strings.TrimSpace(s) {
		case "true":
			dst.SetBool(true)
		case "false":
			dst.SetBool(false)
		default:
			return errors.New("expected true or false")
		}
	case reflect.Slice:
		list := reflect.MakeSlice(dst.Type(), 0, 0)
		for _, item := range splitList(s) {
			v := reflect.New(dst.Type().Elem()).Elem()
			if err := parse(item, v, changed); err != nil {
				return err
			}
			list = reflect.Append(list, v)
		}
		dst.Set(list)
	default:
		return errors.New("this has no form on one line: write it in a file")
	}
	return nil
}

func splitList(s string) []string {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	items := strings.Split(s, ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}

// parseDuration refuses bare numbers: whether 5 is seconds or milliseconds nobody knows.
func parseDuration(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return 0, errors.New("a duration needs a unit, like " + clip(s) + "s or " + clip(s) + "ms")
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, errors.New("expected a duration, like 5s, 250ms or 1m30s")
	}
	return d, nil
}

func parseGaps(s string, dst reflect.Value, changed func(what string)) error {
	gaps := map[string]time.Duration{}
	for _, item := range splitList(s) {
		typed, gap, ok := strings.Cut(item, "=")
		if !ok {
			return errors.New("expected symbols and durations, like AOT=10s,PTT=1m")
		}
		symbol, was, err := topic.NormalizeSymbol(typed)
		if err != nil {
			return err
		}
		if was {
			changed("symbol \"" + clip(typed) + "\" was taken as " + symbol)
		}
		if gaps[symbol], err = parseDuration(gap); err != nil {
			return err
		}
	}
	dst.Set(reflect.ValueOf(gaps))
	return nil
}
