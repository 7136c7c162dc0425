package sandbox

import (
	"crypto/rand"
	"encoding/hex"
	"sync"
	"time"
)

// tokens are those that were given out. An access token can be refreshed once.
type tokens struct {
	mark    string // what each begins with
	mu      sync.Mutex
	ttl     time.Duration
	access  map[string]time.Time
	refresh map[string]bool
	mqtt    map[string]time.Time
}

func newTokens(ttl time.Duration, mark string) *tokens {
	return &tokens{mark: mark, ttl: ttl, access: map[string]time.Time{}, refresh: map[string]bool{}, mqtt: map[string]time.Time{}}
}

func (t *tokens) random() string {
	b := make([]byte, 24)
	rand.Read(b)
	return t.mark + hex.EncodeToString(b)
}

// issue gives out an access token and its refresh token.
func (t *tokens) issue() (access, refresh string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	access, refresh = t.random(), t.random()
	t.access[access] = time.Now().Add(t.ttl)
	t.refresh[refresh] = true
	return access, refresh
}

// redeem uses a refresh token up.
func (t *tokens) redeem(refresh string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	ok := t.refresh[refresh]
	delete(t.refresh, refresh)
	return ok
}

// dispatch gives out a dispatcher token that ends with its access token.
func (t *tokens) dispatch(access string) (token string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	until, ok := t.access[access]
	if !ok || !time.Now().Before(until) {
		return "", false
	}
	token = t.random()
	t.mqtt[token] = until
	return token, true
}

// dispatcher tells until when a dispatcher token is good.
func (t *tokens) dispatcher(token string) (until time.Time, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	until, ok = t.mqtt[token]
	return until, ok && time.Now().Before(until)
}

// expire ends all tokens now.
func (t *tokens) expire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.access)
	clear(t.refresh)
	clear(t.mqtt)
}

// limit is the REST API's: so many calls in a second and in a minute.
type limit struct {
	mu             sync.Mutex
	second, minute int
	calls          []time.Time
}

// take counts a call and tells what is left, or that there is nothing left.
func (l *limit) take(now time.Time) (leftSecond, leftMinute int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.calls) > 0 && now.Sub(l.calls[0]) >= time.Minute {
		l.calls = l.calls[1:]
	}
	recent := 0
	for _, c := range l.calls {
		if now.Sub(c) < time.Second {
			recent++
		}
	}
	leftSecond, leftMinute = l.second-recent, l.minute-len(l.calls)
	if leftSecond <= 0 || leftMinute <= 0 {
		return max(leftSecond, 0), max(leftMinute, 0), false
	}
	l.calls = append(l.calls, now)
	return leftSecond - 1, leftMinute - 1, true
}
