package config

import (
	"regexp"
	"strings"
)

// variable is one of the environment or of a file of variables.
type variable struct {
	name, value string
	from        origin
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// dotenv reads a file of variables: NAME=value on a line each, with or without `export`,
// '#' comments, values bare, in single quotes as they are, or in double quotes with \n, \",
// \\ and \$. Nothing is expanded: a '$' in a secret is a '$'. Errors never quote the file,
// which is where secrets are.
func dotenv(file, text string) (vars []variable, errs []*Error) {
	text = strings.TrimPrefix(text, "\ufeff")
	for i, line := range strings.Split(text, "\n") {
		at := origin{kind: "env file", file: file, line: i + 1}
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if rest, ok := strings.CutPrefix(line, "export"); ok && rest != strings.TrimLeft(rest, " \t") {
			line = strings.TrimSpace(rest)
		}
		name, value, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if !ok || !variableName.MatchString(name) {
			errs = append(errs, at.on(&Error{Reason: "expected NAME=value"}))
			continue
		}
		value, ok = unquote(strings.TrimSpace(value))
		if !ok {
			errs = append(errs, at.on(&Error{Key: name, Reason: "a quote is not closed on its line, or something follows it"}))
			continue
		}
		vars = append(vars, variable{name, value, at})
	}
	return vars, errs
}

func unquote(s string) (string, bool) {
	if s == "" || s[0] != '"' && s[0] != '\'' {
		if s != "" && s[0] == '#' {
			return "", true
		}
		for i := 1; i < len(s); i++ { // a comment begins behind a blank: a#b is a value
			if s[i] == '#' && (s[i-1] == ' ' || s[i-1] == '\t') {
				s = s[:i]
			}
		}
		return strings.TrimSpace(s), true
	}
	quote, escapes := s[0], map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', '"': '"', '\\': '\\', '$': '$'}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == quote:
			rest := strings.TrimSpace(s[i+1:])
			return b.String(), rest == "" || rest[0] == '#'
		case c == '\\' && quote == '"' && i+1 < len(s) && escapes[s[i+1]] != 0:
			i++
			b.WriteByte(escapes[s[i]])
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}
