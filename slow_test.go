package feedtree

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/feedtree/feedtree/actors/strategies"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/messages"
)

func TestASlowStrategyIsWarnedOfOnceAndOnceOfItsRecovery(t *testing.T) {
	for _, limit := range []float64{0.01, 0, 0.5} {
		in := &instance{cfg: config.DefaultStrategy("x", "t")}
		in.cfg.Mailbox.DropWarning = limit
		var err error
		if in.Instance, err = strategies.New(strategies.Config{Name: "x", Queue: (&Tree{}).itemQueue("x", "x", 10)}); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, nil))
		run := make([]flow.Item, 100)
		for i := range run {
			run[i] = flow.Item{Msg: messages.NewBidOffer(&messages.BidOfferData{Symbol: "A"})}
		}
		lines := func() string {
			return strings.ReplaceAll(strings.Join(events(out.String()), " "), "strategy_", "")
		}
		for range 60 { // a minute in which it loses nine events of ten
			in.Q.Push(run)
			in.sample(log)
		}
		if got := lines(); got != "slow" {
			t.Errorf("limit %v: %s", limit, got)
		}
		if in.dropRate() < 0.8 || in.dropRate() > 1 {
			t.Errorf("a drop rate of %v", in.dropRate())
		}
		for range 600 {
			in.sample(log)
		}
		if got := lines(); got != "slow recovered" {
			t.Errorf("limit %v: %s", limit, got)
		}
	}
}

// events lists what log lines are about.
func events(text string) (out []string) {
	for line := range strings.Lines(text) {
		_, rest, _ := strings.Cut(line, "event=")
		event, _, _ := strings.Cut(rest, " ")
		out = append(out, event)
	}
	return out
}
