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
	const slowest = 150 * time.Millisecond
	for name, f := range map[string]sandbox.Fault{
		"the token is refused":        {Kind: "dispatcher", Status: 401},
		"the credentials are refused": {Kind: "login", Status: 401},
	} {
		t.Run(name, func(t *testing.T) {
			x := exchange(t, nil)
			r := &record{}
			tree := start(t, configured(t, x, func(c *config.Config) {
				c.Session.Backoff = config.Backoff{Min: time.Millisecond, Max: slowest, Factor: 2, Jitter: 1}
			}), recording("r", r, nil))
			ready(t, tree)
			first := asked(t, x)
			mustBreak(t, x, f)
			if f.Kind == "login" {
				mustBreak(t, x, sandbox.Fault{Kind: "expire"}) // or else the token at hand is still good
			}
			mustBreak(t, x, sandbox.Fault{Kind: "cut"})
			began := time.Now()
			failed := func() uint64 { return tree.Snapshot().Connection.Failed["auth"] }
			eventually(t, "six refusals", func() bool { return failed() >= 6 })
			if took := time.Since(began); took < 5*slowest {
				t.Errorf("six refusals within %v, each but the first after %v", took, slowest)
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
