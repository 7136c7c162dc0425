package logs

import (
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
)

// Levels say from which level on a line is written, by component; "" is everything that has
// no level of its own. The zero value is info for all. All methods are safe for concurrent
// use.
type Levels struct {
	mu  sync.Mutex                            // held by who changes them
	now atomic.Pointer[map[string]slog.Level] // never written to once published
}

// Set gives a component a level; one given to "" is that of all that have none.
func (l *Levels) Set(node string, level slog.Level) {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := l.All()
	next[node] = level
	l.now.Store(&next)
}

// Reset takes a component's own level away.
func (l *Levels) Reset(node string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := l.All()
	if node != "" {
		delete(next, node)
	}
	l.now.Store(&next)
}

// Of is the level that holds for a component.
func (l *Levels) Of(node string) slog.Level {
	m := l.now.Load()
	if m == nil {
		return slog.LevelInfo
	}
	if level, ok := (*m)[node]; ok {
		return level
	}
	return (*m)[""]
}

// All copies the levels.
func (l *Levels) All() map[string]slog.Level {
	if m := l.now.Load(); m != nil {
		return maps.Clone(*m)
	}
	return map[string]slog.Level{"": slog.LevelInfo}
}

// least is the lowest level of all: what is below it no component wants.
func (l *Levels) least() slog.Level {
	m := l.now.Load()
	if m == nil {
		return slog.LevelInfo
	}
	least := (*m)[""]
	for _, level := range *m {
		least = min(least, level)
	}
	return least
}

// ParseLevel reads debug, info, warn or error.
func ParseLevel(s string) (slog.Level, error) {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if s == strings.ToLower(level.String()) {
			return level, nil
		}
	}
	return 0, fmt.Errorf("level %q: expected debug, info, warn or error", s)
}
