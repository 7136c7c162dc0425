package chaos

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/sandbox"
)

func TestMain(m *testing.M) { harness.Main(m) }

// A check that can find nothing proves nothing: here the stream itself goes back in time.
func TestAStreamThatGoesBackIsFound(t *testing.T) {
	x := harness.Exchange(t, func(c *sandbox.Config) { c.Silent, c.Rate, c.Symbols = false, 1000, Symbols })
	lines := make(chan string, 1000)
	ended := make(chan error, 1)
	go func() {
		ended <- Run(t.Context(), Options{Seed: 1, Duration: time.Hour, Config: harness.Configured(t, x, nil), Admin: x.AdminURL(), Rate: 1000,
			Line: func(_ time.Duration, words string) { lines <- words }})
	}()
	for line := range lines {
		if strings.HasPrefix(line, "ready ") {
			break
		}
	}
	old := codec.AppendPriceInfo(nil, &messages.PriceInfoData{Symbol: "AOT", TotalVolume: 1})
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-look.C:
			x.Publish(topic.PriceInfo("AOT"), old, 1)
		case err := <-ended:
			var broken *Error
			if !errors.As(err, &broken) || !strings.Contains(broken.What, "volume fell") || broken.Snapshot == nil {
				t.Errorf("%v", err)
			}
			return
		}
	}
}

func TestAnExchangeThatIsGoneIsNoBrokenPromise(t *testing.T) {
	x := harness.Exchange(t, func(c *sandbox.Config) { c.Silent, c.Rate, c.Symbols = false, 1000, Symbols })
	err := Run(t.Context(), Options{Seed: 1, Duration: time.Hour, Config: harness.Configured(t, x, nil), Admin: x.AdminURL(), Rate: 1000,
		Line: func(_ time.Duration, words string) {
			if strings.HasPrefix(words, "ready ") {
				x.Close()
			}
		}})
	var broken *Error
	if err == nil || errors.As(err, &broken) {
		t.Errorf("%v", err)
	}
}

func TestAnEndBeforeTheStartIsAnOrderlyOne(t *testing.T) {
	x := harness.Exchange(t, func(c *sandbox.Config) { c.Silent, c.Rate, c.Symbols = false, 1000, Symbols })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Run(ctx, Options{Seed: 1, Duration: time.Hour, Config: harness.Configured(t, x, nil), Admin: x.AdminURL(), Rate: 1000,
		Line: func(time.Duration, string) {}}); err != nil {
		t.Error(err)
	}
}
