package sandbox

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/feedtree/feedtree/internal/settrade"
)

// piped starts an exchange that listens on a pipe, for tests in virtual time.
func piped(t *testing.T, change func(*Config)) (*Exchange, *Pipe) {
	t.Helper()
	p := NewPipe()
	return startTest(t, func(c *Config) {
		c.Listener, c.Admin, c.Dir = p, "", ""
		if change != nil {
			change(c)
		}
	}), p
}

func TestAnExchangeOnAPipeLivesInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, p := piped(t, func(c *Config) { c.TokenTTL = 8 * time.Hour })
		rest := restClient(t, x, func(c *settrade.Config) { c.NetDial = p.Dial })
		token, err := rest.Login(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(7 * time.Hour) // virtual
		if _, err := rest.Dispatcher(t.Context(), token); err != nil {
			t.Error("after 7 h:", err)
		}
		time.Sleep(time.Hour)
		if _, err := rest.Dispatcher(t.Context(), token); settrade.ClassOf(err).String() != "auth" {
			t.Error("after its end:", err)
		}
		rest.CloseIdle()
		x.Close()
	})
}

func TestAPipeThatIsClosedRefuses(t *testing.T) {
	p := NewPipe()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Dial(ctx, "tcp", "x"); err != context.Canceled {
		t.Error(err)
	}
	p.Close()
	p.Close()
	if _, err := p.Dial(t.Context(), "tcp", "x"); err == nil {
		t.Error("dialled a closed pipe")
	}
}

func TestAClientHasOneAndAHalfTimesItsKeepAlive(t *testing.T) {
	for keepAlive, least := range map[uint16]time.Duration{1: 1500 * time.Millisecond, 2: 3 * time.Second, 3: 4500 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			x, p := piped(t, nil)
			c, _ := upgrade(t, x, p)
			c.connect(t, keepAlive)
			c.next(t)
			began := time.Now()
			if _, err := c.end(); err == nil || time.Since(began) < least || time.Since(began) > least+time.Second/2 {
				t.Errorf("%d s: ended after %v, want %v", keepAlive, time.Since(began), least)
			}
		})
	}
}
