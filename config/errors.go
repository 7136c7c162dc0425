package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Error is one thing that is wrong with the configuration. Load, Check and Validate join
// all that they find; Errors takes them apart again.
type Error struct {
	// Key is the configuration's key, "dispatcher.capacity" or "strategies[0].name"; empty
	// where a file as a whole is wrong.
	Key string
	// File and Line are where it was written, if in a file; Line 0 means the file as a whole.
	File string
	Line int
	// From is where it was written otherwise: a variable's name, "--set" or a flag.
	From string
	// Value is what was written; never that of a secret, and empty if that does not matter.
	Value string
	// Reason says what is wrong and what would be right.
	Reason string
	// Nearest is the known name that is nearest to an unknown one, if one is near.
	Nearest string
}

// Error is one line: `config.yaml:12: dispatcher.capacty: unknown key, did you mean
// dispatcher.capacity?`
func (e *Error) Error() string {
	var b strings.Builder
	switch {
	case e.File != "" && e.Line > 0:
		fmt.Fprintf(&b, "%s:%d: ", printable(e.File), e.Line)
	case e.File != "":
		b.WriteString(printable(e.File) + ": ")
	case e.From != "":
		b.WriteString(clip(e.From) + ": ")
	}
	if e.Key != "" && e.Key != e.From {
		b.WriteString(clip(e.Key) + ": ")
	}
	if e.Value != "" {
		b.WriteString(strconv.Quote(clip(e.Value)) + ": ")
	}
	b.WriteString(e.Reason)
	if e.Nearest != "" {
		b.WriteString(", did you mean " + e.Nearest + "?")
	}
	return b.String()
}

// Errors lists the single errors in an error of this package.
func Errors(err error) []*Error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []*Error
		for _, e := range joined.Unwrap() {
			out = append(out, Errors(e)...)
		}
		return out
	}
	var e *Error
	if errors.As(err, &e) {
		return []*Error{e}
	}
	return nil
}

func join(errs []*Error) error {
	all := make([]error, len(errs))
	for i, e := range errs {
		all[i] = e
	}
	return errors.Join(all...)
}

// clip keeps what a user typed on one line of bearable length.
func clip(s string) string {
	const most = 80
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return printable(s)
}

// printable keeps s on its line. Names come from outside, too: a variable's and a file's may
// hold anything.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
