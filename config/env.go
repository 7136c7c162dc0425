package config

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"unicode"
)

const (
	fileSuffix = "_FILE"
	maxSecret  = 64 << 10 // of a file that holds one
)

// environ reads the variables that set keys, from the environment and from the file beneath
// it. An empty variable sets nothing: that is how compose files and shells pass those that
// nobody set. Unknown FEEDTREE_* variables are errors, unknown SETTRADE_* ones are not: they
// belong to the user's other programs, and a PIN among them is never read.
func environ(file []variable, env []string) []*layer {
	real := map[string]variable{}
	for _, pair := range env {
		if name, value, ok := strings.Cut(pair, "="); ok {
			real[name] = variable{name, value, origin{kind: "environment", name: name}}
		}
	}
	vars := map[string]variable{}
	for _, v := range file {
		if known := secretKey(v.name); known != "" {
			// The one form of a secret in the environment beats the other in the file.
			name := EnvName(known)
			if real[name].value != "" || real[name+fileSuffix].value != "" {
				continue
			}
		}
		vars[v.name] = v
	}
	for name, v := range real {
		if v.value != "" || vars[name].value == "" {
			vars[name] = v
		}
	}
	var layers []*layer
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if v := vars[name]; v.value != "" {
			if l := v.layer(vars); l != nil {
				layers = append(layers, l)
			}
		}
	}
	return layers
}

// secretKey is the key that X or X_FILE sets, "" if it is none that both can set.
func secretKey(name string) string {
	key := keyByEnv[name]
	if key == "" {
		key = keyByEnv[strings.TrimSuffix(name, fileSuffix)]
	}
	if !fromFile(key) {
		return ""
	}
	return key
}

// layer is what the variable says, nil if it is none of ours.
func (v variable) layer(vars map[string]variable) *layer {
	l := newLayer(func(int) origin { return v.from })
	key, known := keyByEnv[v.name]
	base, isFile := strings.CutSuffix(v.name, fileSuffix)
	switch {
	case known:
		l.set(key, v.value)
	case isFile && secretKey(v.name) != "":
		key = keyByEnv[base]
		if vars[base].value != "" {
			l.fail(0, &Error{Key: key, Reason: base + " is set too: set one of the two"})
			break
		}
		text, reason := readSecret(v.value)
		if reason != "" {
			l.fail(0, &Error{Key: key, Reason: "the file that it names " + reason})
			break
		}
		l.set(key, text)
	case strings.HasPrefix(v.name, envPrefix) && v.name != EnvConfig:
		e := &Error{Key: v.name, Reason: "unknown variable", Nearest: nearestEnv(v.name)}
		if e.Nearest == "" {
			e.Reason += "; the known ones are FEEDTREE_ with a key's name, as in " + EnvName("dispatcher.capacity")
		}
		l.fail(0, e)
	default:
		return nil
	}
	return l
}

// nearestEnv finds the variable that was meant. Credentials have no FEEDTREE_* names.
func nearestEnv(name string) string {
	if rest, ok := strings.CutPrefix(name, envPrefix+"CREDENTIALS_"); ok {
		name = settrade + rest
	}
	if key := keyByEnv[settrade+strings.TrimPrefix(name, envPrefix)]; key != "" {
		return EnvName(key)
	}
	return Nearest(name, slices.Sorted(maps.Keys(keyByEnv)))
}

// set stores a value that was written as text.
func (l *layer) set(key, text string) {
	dst := reflect.New(leafByKey[key].typ).Elem()
	if l.text(key, 0, text, dst) {
		l.put(key, 0, dst)
	}
}

// ReadSecret reads a file that holds one secret, as the variables do whose names end in
// _FILE. The error has the key that it is for, and never names the file: the secret itself
// may stand there by mistake.
func ReadSecret(key, path string) (Secret, error) {
	text, reason := readSecret(path)
	if reason != "" {
		return "", &Error{Key: key, From: flagName(key), Reason: "the file that it names " + reason}
	}
	return Secret(text), nil
}

// readSecret is ReadSecret with the reason alone.
func readSecret(path string) (text, reason string) {
	data, err := readAtMost(path, maxSecret)
	if err != nil {
		return "", why(err)
	}
	text = strings.TrimSpace(string(data))
	switch {
	case text == "":
		return "", "is empty"
	case strings.ContainsFunc(text, unicode.IsControl):
		return "", "holds more than one line"
	}
	return text, ""
}

// why is what stands against reading a file, without its name.
func why(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "does not exist"
	case errors.Is(err, fs.ErrPermission):
		return "may not be read by this user"
	case errors.Is(err, syscall.EISDIR):
		return "is a directory"
	case errors.Is(err, errTooLarge):
		return "is too large"
	}
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return "cannot be read: " + err.Error()
}
