package settrade

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter caps what a server may ask for: a mistaken header must not keep the feed
// away for a day, and twelve calls an hour hurt nobody who meant it.
const maxRetryAfter = 5 * time.Minute

// rateLimited is the silence after a 429 that asks for none: the shorter limit's span.
const rateLimited = time.Second

// retryAfter reads the silence that a server asks for, RFC 9110, section 10.2.3: seconds, or
// a date, which is held against the server's own clock where it tells it. What is neither, or
// has passed, is 0.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.ParseUint(v, 10, 64); err == nil {
		return time.Duration(min(n, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	if server, err := http.ParseTime(h.Get("Date")); err == nil {
		now = server
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}

// seconds is a lifetime in an answer: a number, or a text that holds one, as some servers
// write it.
type seconds float64

func (s *seconds) UnmarshalJSON(text []byte) error {
	var n json.Number
	if err := json.Unmarshal(bytes.Trim(text, `"`), &n); err != nil {
		return fmt.Errorf("%.20q, expected a number of seconds", text)
	}
	v, err := n.Float64()
	if err != nil {
		return fmt.Errorf("%.20q, expected a number of seconds", text)
	}
	*s = seconds(v)
	return nil
}

// maxLifetime is beyond what any token lives for: a larger number is no number of seconds.
const maxLifetime = 366 * 24 * time.Hour

// lifetime gives the time, and an error for what can be none.
func (s seconds) lifetime() (time.Duration, error) {
	if math.IsNaN(float64(s)) || s < 1 || float64(s) > maxLifetime.Seconds() {
		return 0, fmt.Errorf("the answer's expires_in is %v, expected a number of seconds, 1 to %.0f", float64(s), maxLifetime.Seconds())
	}
	return time.Duration(float64(s) * float64(time.Second)), nil
}
