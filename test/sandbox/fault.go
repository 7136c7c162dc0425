package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Fault is a fault as it is asked for: its kind and its parameters, all but kind optional.
type Fault struct {
	Kind      string            `json:"kind"`
	How       string            `json:"how,omitempty"`        // cut: close or rst; hostile: what is sent
	For       duration          `json:"for,omitempty"`        // heals by itself after that time
	Topic     string            `json:"topic,omitempty"`      // mute, reject, suback: that topic; "" for all with suback
	Code      int               `json:"code,omitempty"`       // suback, connack
	Missing   bool              `json:"missing,omitempty"`    // suback: none is sent
	Extra     int               `json:"extra,omitempty"`      // suback: so many codes more than asked
	Status    int               `json:"status,omitempty"`     // login, refresh, dispatcher
	Body      string            `json:"body,omitempty"`       // of that answer
	Headers   map[string]string `json:"headers,omitempty"`    // of that answer, such as Retry-After
	Redirect  string            `json:"redirect,omitempty"`   // that answer sends on to there, with status 307 unless another is given
	Delay     duration          `json:"delay,omitempty"`      // before that answer; delay: before each frame; drop: before the end
	Ratio     float64           `json:"ratio,omitempty"`      // malform, duplicate: 0 to 1
	PerSecond float64           `json:"per_second,omitempty"` // rate
	Hits      uint64            `json:"hits"`                 // how often it struck
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
	"drop":       `accepts new connections and ends each, after "delay"`,
	"expire":     "all tokens end now, and the connections with them",
	"malform":    `damages payloads, counted; "ratio": 0 to 1`,
	"login":      restKind("logins"),
	"refresh":    restKind("refreshes"),
	"dispatcher": restKind("the dispatcher"),
	"reject":     `refuses "topic" on the $sys topic, after a good SUBACK`,
	"suback":     `answers subscriptions with "code" 128, or not at all with "missing", or with "extra" codes; "topic" for that one alone`,
	"connack":    `answers CONNECT with "code" and ends the connection`,
	"mute":       `acknowledges "topic" and never publishes it`,
	"halfopen":   "swallows both directions, the end of a connection too",
	"single":     "a new connection ends the one before; of those that are open the newest stays",
	"duplicate":  `publishes twice; "ratio": 0 to 1`,
	"delay":      `holds each frame back; "delay": a time`,
	"rate":       `publishes so many messages a second; "per_second"`,
	"halt":       "the market says that it is halted",
	"hostile":    `sends every connection now what no broker may; "how": ` + strings.Join(hostileHows, ", "),
}

func restKind(what string) string {
	return "answers " + what + ` with "status", "body" and "headers", or with a "redirect", after "delay"`
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
	case "hostile":
		if !slices.Contains(hostileHows, f.How) {
			return fmt.Errorf("how %q: expected one of %s", f.How, strings.Join(hostileHows, ", "))
		}
	case "login", "refresh", "dispatcher":
		return f.validateREST()
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

func (f *Fault) validateREST() error {
	if f.Redirect != "" {
		if to, err := url.Parse(f.Redirect); err != nil || to.Host == "" {
			return fmt.Errorf("redirect %q: expected a URL with a host", f.Redirect)
		}
		if f.Status == 0 {
			f.Status = http.StatusTemporaryRedirect
		}
		if f.Status/100 != 3 {
			return fmt.Errorf("status %d: expected 300 to 399 with a redirect", f.Status)
		}
	}
	switch {
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("status %d: expected 200 to 599", f.Status)
	case f.Status == 0 && f.Delay == 0:
		return fmt.Errorf("%s: expected a status or a delay", f.Kind)
	case f.Status == 0 && (f.Body != "" || len(f.Headers) > 0):
		return fmt.Errorf("%s: expected a status with a body or headers", f.Kind)
	}
	return nil
}
