package virtual

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/dial"
	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/sandbox"
)

// hour is a tree on an exchange with the real one's limits, 5 calls a second and 60 a minute
// for GET and for POST.
type hour struct {
	x    *sandbox.Exchange
	tree *feedtree.Tree
	seen *harness.Record // what its strategy saw
}

func newHour(t *testing.T, change func(*config.Config)) *hour {
	t.Helper()
	net := newNetwork()
	x := harness.Exchange(t, func(c *sandbox.Config) {
		c.Listener, c.Admin = net, ""
		c.PerSecond, c.PerMinute, c.TokenTTL = 5, 60, 8*time.Hour
	})
	cfg := harness.Configured(t, x, change)
	seen := &harness.Record{}
	tree, err := feedtree.Start(dial.With(context.Background(), net.dial), cfg, harness.Recording("r", seen, nil))
	if err != nil {
		t.Fatal(err)
	}
	return &hour{x, tree, seen}
}

// stop ends both within the bubble; the ledgers must balance.
func (h *hour) stop(t *testing.T) {
	t.Helper()
	h.tree.Stop(context.Background())
	harness.Balanced(t, h.tree.Snapshot())
	h.x.Close()
}

func (h *hour) online(t *testing.T) {
	t.Helper()
	for range 600 {
		if ok, _ := h.tree.Ready(); ok {
			return
		}
		time.Sleep(time.Second)
	}
	_, why := h.tree.Ready()
	t.Fatal("not ready within ten minutes:", why)
}

// restFault draws what goes wrong next.
func restFault(rng *rand.Rand) (f sandbox.Fault) {
	kinds := []string{"login", "refresh", "dispatcher", "refuse", "drop", "expire", "connack", "cut"}
	f.Kind = kinds[rng.IntN(len(kinds))]
	switch f.Kind {
	case "connack":
		f.Code = []int{1, 3, 5, 9}[rng.IntN(4)]
	case "login", "refresh", "dispatcher":
		switch rng.IntN(5) {
		case 0:
			f.Redirect = "http://elsewhere.example/"
		case 1:
			f.Status, f.Body = 200, "<html>"
		case 2:
			f.Status, f.Headers = 429, map[string]string{"Retry-After": fmt.Sprint(rng.IntN(4) - 1)}
		default:
			f.Status = []int{401, 403, 429, 500, 503}[rng.IntN(5)]
		}
		slow := fmt.Sprint(rng.IntN(1500), "ms")
		if err := f.Delay.UnmarshalText([]byte(slow)); err != nil {
			panic(err)
		}
	}
	return f
}

// Delays that are much too short leave the limits to the limiter: whatever the exchange
// answers, it never has to refuse a call for being one too many.
func TestAnHourOfFailuresPassesNoLimitOfTheAPI(t *testing.T) {
	for n := range uint64(2) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(*seed, n))
			h := newHour(t, func(c *config.Config) {
				c.Session.Backoff = config.Backoff{Min: time.Millisecond, Max: 10 * time.Millisecond, Factor: 1}
			})
			h.online(t)
			for began := time.Now(); time.Since(began) < time.Hour; {
				f := restFault(rng)
				if _, err := h.x.Break(f); err != nil {
					t.Fatal(err)
				}
				if rng.IntN(2) == 0 {
					h.x.Break(sandbox.Fault{Kind: "expire"})
				}
				time.Sleep(time.Duration(rng.Int64N(int64(40 * time.Second))))
				if rng.IntN(3) == 0 {
					h.x.Heal()
				}
			}
			h.x.Heal()
			h.online(t)
			s := h.x.Stats()
			if s.RateLimited != 0 {
				t.Errorf("%d calls were one too many", s.RateLimited)
			}
			t.Logf("%d GETs, %d POSTs, %d attempts", s.Gets, s.Posts, h.tree.Snapshot().Connection.Attempts)
			if s.Gets < 1000 || s.Posts < 200 {
				t.Errorf("%d GETs and %d POSTs in an hour: the limits were not tried", s.Gets, s.Posts)
			}
			h.stop(t)
		})
	}
}

// A broker that accepts and drops: what stands for less than 30 s has its failures
// remembered, so the delays grow to their longest and stay there.
func TestABrokerThatAcceptsAndDropsIsMetEverMoreSeldom(t *testing.T) {
	for _, c := range []struct {
		stands      time.Duration
		least, most uint64 // attempts in an hour, with delays of 1 to 16 s, at first of 1 to 2
	}{
		{0, 370, 480},
		{20 * time.Second, 110, 142},
		{50 * time.Second, 68, 71}, // it stood: each delay is a first one
	} {
		t.Run(fmt.Sprint("after ", c.stands), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHour(t, func(cfg *config.Config) { cfg.Session.Backoff = config.Default().Session.Backoff })
				h.online(t)
				f := sandbox.Fault{Kind: "drop"}
				if err := f.Delay.UnmarshalText([]byte(c.stands.String())); err != nil {
					t.Fatal(err)
				}
				for _, f := range []sandbox.Fault{f, {Kind: "cut"}} {
					if _, err := h.x.Break(f); err != nil {
						t.Fatal(err)
					}
				}
				before := h.tree.Snapshot().Connection.Attempts
				time.Sleep(time.Hour)
				attempts := h.tree.Snapshot().Connection.Attempts - before
				if attempts < c.least || attempts > c.most {
					t.Errorf("%d attempts in an hour, want %d to %d", attempts, c.least, c.most)
				}
				s := h.x.Stats()
				if s.RateLimited != 0 || s.PeakConnections != 1 || s.Logins != 1 {
					t.Errorf("%d limited, %d connections at once, %d logins", s.RateLimited, s.PeakConnections, s.Logins)
				}
				h.x.Heal()
				h.online(t)
				h.stop(t)
			})
		})
	}
}
