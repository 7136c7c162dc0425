package session

import (
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/internal/lane"
	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/supervision"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// The MQTT client notices a dead link by its pings. Should it ever not, as when a handler holds it
// up, the session does: a connection that brings nothing at all, not even the answer to a ping.
func TestALinkThatTheClientTakesForAliveIsNoticedByItsSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		system := supervision.NewSystem()
		defer system.Shutdown()
		var counts ledger.Connection
		var told []string
		s := &Session{root: system.Root, self: system.Root.Spawn(actor.PropsFromFunc(func(actor.Context) {})), state: Online, d: Deps{
			Config: Config{KeepAlive: 10 * time.Second, PingTimeout: 5 * time.Second, Backoff: supervision.DefaultBackoff()},
			Counts: &counts, Wanted: NewWanted(), Status: NewStatus(), Memory: &Memory{}, Log: slog.New(slog.DiscardHandler), Rand: func() float64 { return 0 },
			Push: func(run []raw.Message) {
				if d, ok := run[0].Notice.(*messages.Disconnected); ok {
					told = append(told, d.Reason)
				}
			},
		}}
		gen := raw.NewGeneration(1)
		s.cur = &conn{link: &link{gen: gen, lane: lane.New(near, lane.Config{Gen: gen})}, epoch: 1, subs: newSubs()}
		for range 17 { // keep-alive, ping time-out and a look
			time.Sleep(time.Second)
			s.onTick()
		}
		if s.state != Online || len(told) != 0 {
			t.Fatalf("%s after 17 s: within that time a ping is answered", s.state)
		}
		time.Sleep(time.Second)
		s.onTick()
		if s.state != Waiting || counts.Lost.Load() != 1 || len(told) != 1 || !strings.HasPrefix(told[0], "silence for 18s") {
			t.Errorf("%s, told %q", s.state, told)
		}
		s.stopTimers()
		s.d.Memory.wg.Wait()
	})
}
