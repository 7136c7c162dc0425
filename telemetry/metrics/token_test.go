package metrics

import (
	"strings"
	"testing"
	"time"

	"github.com/feedtree/feedtree/telemetry/measure"
)

func TestAJumpOfTheWallClockIsNoTokenThatWasNotRenewed(t *testing.T) {
	r := reading()
	r.Session.Token = &measure.Token{Remaining: 40 * time.Minute, Renewal: 5 * time.Minute}
	for _, jump := range []time.Duration{-time.Hour, 0, time.Hour} {
		r.At = time.Unix(0, time.Now().Add(jump).UnixNano())
		text := scrape(t, still{r}, "")
		if !strings.Contains(text, "\nfeedtree_token_remaining_seconds 2400\n") || !strings.Contains(text, "\nfeedtree_token_renewal_seconds 300\n") {
			t.Errorf("by %v: %s", jump, text)
		}
	}
}
