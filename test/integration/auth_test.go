package integration

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/test/sandbox"
)

// asked counts the logins that the exchange was asked for, those that a fault answered too.
func asked(t *testing.T, x *sandbox.Exchange) uint64 {
	t.Helper()
	res, err := http.Get(x.AdminURL() + "/faults")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	var faults struct{ Active []sandbox.Fault }
	if err := json.NewDecoder(res.Body).Decode(&faults); err != nil {
		t.Fatal(err)
	}
	s := x.Stats()
	n := s.Logins + s.RejectedLogins
	for _, f := range faults.Active {
		if f.Kind == "login" {
			n += f.Hits
		}
	}
	return n
}

// A token that the exchange refuses is worth one new login; from then on each attempt is one
// login after the longest delay, however long it lasts. Too many of them lock accounts.
func TestRefusedTokensAndCredentialsMakeNoStormOfLogins(t *testing.T) {
	const slowest = 400 * time.Millisecond
	for name, f := range map[string]sandbox.Fault{
		"the token is refused":        {Kind: "dispatcher", Status: 401},
		"the credentials are refused": {Kind: "login", Status: 401},
		"the connection is refused":   {Kind: "connack", Code: 5},
	} {
		t.Run(name, func(t *testing.T) {
			x := exchange(t, nil)
			r := &record{}
			tree := start(t, configured(t, x, func(c *config.Config) {
				// By itself it never gets beyond a millisecond.
				c.Session.Backoff = config.Backoff{Min: time.Millisecond, Max: slowest, Factor: 1}
			}), recording("r", r, nil))
			ready(t, tree)
			first := asked(t, x)
			mustBreak(t, x, f)
			if f.Kind == "login" {
				mustBreak(t, x, sandbox.Fault{Kind: "expire"}) // or else the token at hand is still good
			}
			mustBreak(t, x, sandbox.Fault{Kind: "cut"})
			failed := func() uint64 { return tree.Snapshot().Connection.Failed["auth"] }
			for n := uint64(1); n <= 4; n++ {
				eventually(t, "a refusal", func() bool { return failed() >= n })
				eventually(t, "the longest delay after it", func() bool { return time.Until(tree.Connection().RetryAt) > slowest/2 })
			}
			// An attempt may be under way between the two looks.
			if n, logins := failed(), asked(t, x)-first; logins < n-1 || logins > n+1 {
				t.Errorf("%d logins for %d refusals, want one each", logins, n)
			}
			x.Heal()
			ready(t, tree)
			if s := tree.Snapshot(); s.Supervision.Failures != 0 || s.Connection.Reconnects == 0 {
				t.Errorf("%+v %+v", s.Supervision, s.Connection)
			}
		})
	}
}
