package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Fault is a fault as it is asked for: its kind and its parameters, all but kind optional.
type Fault struct {
	Kind      string   `json:"kind"`
	How       string   `json:"how,omitempty"`        // cut: close or rst
	For       duration `json:"for,omitempty"`        // heals by itself after that time
	Topic     string   `json:"topic,omitempty"`      // mute, reject, suback: that topic; "" for all with suback
	Code      int      `json:"code,omitempty"`       // suback, connack
	Missing   bool     `json:"missing,omitempty"`    // suback: none is sent
	Extra     int      `json:"extra,omitempty"`      // suback: so many codes more than asked
	Status    int      `json:"status,omitempty"`     // login, refresh, dispatcher
	Body      string   `json:"body,omitempty"`       // of that answer
	Delay     duration `json:"delay,omitempty"`      // before that answer; delay: before each frame
	Ratio     float64  `json:"ratio,omitempty"`      // malform, duplicate: 0 to 1
	PerSecond float64  `json:"per_second,omitempty"` // rate
	Hits      uint64   `json:"hits"`                 // how often it struck
}

// duration is a time.Duration that reads and writes "5s".
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err == nil && v < 0 {
		err = fmt.Errorf("%q is negative", text)
	}
	*d = duration(v)
	return err
}

func (d duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// kinds are the faults there are, and what each does with its parameters.
var kinds = map[string]string{
	"cut":        `ends every connection now; "how": close or rst`,
	"refuse":     `answers new connections 503; "for": a time`,
	"expire":     "all tokens end now, and the connections with them",
	"malform":    `damages payloads, counted; "ratio": 0 to 1`,
	"login":      `answers logins with "status", "body", after "delay"`,
	"refresh":    `answers refreshes with "status", "body", after "delay"`,
	"dispatcher": `answers the dispatcher with "status", "body", after "delay"`,
	"reject":     `refuses "topic" on the $sys topic, after a good SUBACK`,
	"suback":     `answers subscriptions with "code" 128, or not at all with "missing", or with "extra" codes; "topic" for that one alone`,
	"connack":    `answers CONNECT with "code"`,
	"mute":       `acknowledges "topic" and never publishes it`,
	"halfopen":   "swallows both directions",
	"single":     "a new connection ends the one before",
	"duplicate":  `publishes twice; "ratio": 0 to 1`,
	"delay":      `holds each frame back; "delay": a time`,
	"rate":       `publishes so many messages a second; "per_second"`,
	"halt":       "the market says that it is halted",
}

// faults are those in force, by kind and, for kinds that name one, topic. What the hot path
// asks is answered by one atomic load while there are none.
type faults struct {
	any    atomic.Bool
	mu     sync.Mutex
	active map[string]*Fault
	timers map[string]*time.Timer
}

func newFaults() *faults {
	return &faults{active: map[string]*Fault{}, timers: map[string]*time.Timer{}}
}

func (f *Fault) key() string {
	if f.Topic != "" {
		return f.Kind + " " + f.Topic
	}
	return f.Kind
}

func (f *Fault) validate() error {
	if _, ok := kinds[f.Kind]; !ok {
		return fmt.Errorf("kind %q: expected one of %s", f.Kind, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
	}
	switch f.Kind {
	case "cut":
		if f.How != "" && f.How != "close" && f.How != "rst" {
			return fmt.Errorf("how %q: expected close or rst", f.How)
		}
	case "malform", "duplicate":
		if !(f.Ratio > 0 && f.Ratio <= 1) {
			return fmt.Errorf("ratio %v: expected more than 0 and at most 1", f.Ratio)
		}
	case "login", "refresh", "dispatcher":
		if f.Status != 0 && (f.Status < 200 || f.Status > 599) {
			return fmt.Errorf("status %d: expected 200 to 599", f.Status)
		}
		if f.Status == 0 && f.Delay == 0 {
			return fmt.Errorf("%s: expected a status or a delay", f.Kind)
		}
	case "reject", "mute":
		if f.Topic == "" {
			return fmt.Errorf("%s: expected a topic", f.Kind)
		}
	case "suback":
		if f.Code < 0 || f.Code > 255 || f.Extra < 0 || f.Extra > 100 {
			return fmt.Errorf("suback: expected a code of 0 to 255 and at most 100 extra ones")
		}
		if f.Code == 0 && !f.Missing && f.Extra == 0 {
			f.Code = 128
		}
	case "connack":
		if f.Code < 1 || f.Code > 255 {
			return fmt.Errorf("code %d: expected 1 to 255", f.Code)
		}
	case "rate":
		if !(f.PerSecond >= 0 && f.PerSecond <= 100_000) {
			return fmt.Errorf("per_second %v: expected 0 to 100000", f.PerSecond)
		}
	case "delay":
		if f.Delay <= 0 {
			return fmt.Errorf("delay: expected a time such as 20ms")
		}
	}
	return nil
}

// set puts a fault in force.
func (f *faults) set(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := fault.key()
	if t := f.timers[k]; t != nil {
		t.Stop()
		delete(f.timers, k)
	}
	own := &fault
	f.active[k] = own
	f.any.Store(true)
	if fault.For > 0 {
		f.timers[k] = time.AfterFunc(time.Duration(fault.For), func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			if f.active[k] == own {
				delete(f.active, k)
				delete(f.timers, k)
				f.any.Store(len(f.active) > 0)
			}
		})
	}
}

// heal ends all faults.
func (f *faults) heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.timers {
		t.Stop()
	}
	clear(f.timers)
	clear(f.active)
	f.any.Store(false)
}

func (f *faults) list() (out []Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range slices.Sorted(maps.Keys(f.active)) {
		out = append(out, *f.active[k])
	}
	return out
}

// get finds a fault in force and counts that it strikes.
func (f *faults) get(key string) (Fault, bool) { return f.look(key, 1) }

// look finds a fault in force and adds to how often it struck.
func (f *faults) look(key string, hits uint64) (Fault, bool) {
	if !f.any.Load() {
		return Fault{}, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.active[key]
	if a == nil {
		return Fault{}, false
	}
	a.Hits += hits
	return *a, true
}

func (f *faults) on(kind string) bool {
	_, ok := f.get(kind)
	return ok
}

func (f *faults) ratio(kind string) float64 {
	a, _ := f.look(kind, 0)
	return a.Ratio
}

func (f *faults) delay() time.Duration {
	a, _ := f.get("delay")
	return time.Duration(a.Delay)
}

func (f *faults) rate(normal float64) float64 {
	if a, ok := f.look("rate", 0); ok {
		return a.PerSecond
	}
	return normal
}

func (f *faults) mutes(topic string) bool   { return f.any.Load() && f.on("mute "+topic) }
func (f *faults) rejects(topic string) bool { return f.any.Load() && f.on("reject "+topic) }

func (f *faults) connack() (byte, bool) {
	a, ok := f.get("connack")
	return byte(a.Code), ok
}

func (f *faults) suback(topic string) (code byte, missing bool) {
	if topic == rejections {
		return 0, false
	}
	a, ok := f.get("suback " + topic)
	if !ok {
		a, _ = f.get("suback")
	}
	return byte(a.Code), a.Missing
}

func (f *faults) extraCodes() int {
	a, _ := f.get("suback")
	return a.Extra
}

// pause waits, and reports false if it was ended before its time.
func pause(d time.Duration, end <-chan struct{}) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-end:
		return false
	}
}

// answers plays a REST fault and reports whether it has answered.
func (f *faults) answers(kind string, w http.ResponseWriter, quit <-chan struct{}) bool {
	a, ok := f.get(kind)
	if !ok {
		return false
	}
	if a.Delay > 0 && !pause(time.Duration(a.Delay), quit) {
		return true
	}
	if a.Status == 0 {
		return false
	}
	w.WriteHeader(a.Status)
	w.Write([]byte(a.Body))
	return true
}
