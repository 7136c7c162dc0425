//go:build unix

// Package mosquitto runs the tree against a second real broker, Mosquitto, which was not made
// with it in mind: its WebSocket listener over TLS, behind a small front for login and
// dispatcher. Where there is no mosquitto the tests skip; CI installs it.
package mosquitto

import (
	"context"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/messages"
)

// seen is a strategy's record.
type seen struct {
	mu     sync.Mutex
	events int
	books  []int64 // their numbers
	lines  []string
}

func (s *seen) Receive(ctx actor.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch m := ctx.Message().(type) {
	case messages.Event:
		s.events++
		if b, ok := m.(*messages.BidOffer); ok {
			s.books = append(s.books, b.BestBid().Volume)
		}
	case messages.Notice:
		s.lines = append(s.lines, m.Type())
	}
}

func (s *seen) count() int { s.mu.Lock(); defer s.mu.Unlock(); return s.events }

func (s *seen) has(notice string) bool { return s.times(notice) > 0 }

func (s *seen) times(notice string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lines {
		if l == notice {
			n++
		}
	}
	return n
}

// last is the newest book's number.
func (s *seen) last() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.books) == 0 {
		return 0
	}
	return s.books[len(s.books)-1]
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	over := time.After(30 * time.Second)
	for !is() {
		select {
		case <-look.C:
		case <-over:
			t.Fatal("waited in vain for", what)
		}
	}
}

func TestEverythingThatMosquittoWritesIsReceivedToTheOrderlyEnd(t *testing.T) {
	b, s := newBroker(t), &seen{}
	tree := b.tree(s)
	b.publish("AOT", 500)
	tree.Stop(context.Background())
	if got := tree.Snapshot(); got.Feed.Received != 500 || s.count() != 500 || got.Connection.Closed != 1 || got.Connection.Lost != 0 {
		t.Errorf("received %d, delivered %d, %+v", got.Feed.Received, s.count(), got.Connection)
	}
}

func TestABrokerThatIsKilledAndStartedAgainIsFoundAgain(t *testing.T) {
	b, s := newBroker(t), &seen{}
	tree := b.tree(s)
	b.publish("AOT", 10)
	eventually(t, "events", func() bool { return s.count() == 10 })
	b.stop()
	eventually(t, "the disconnection", func() bool { return s.has("disconnected") })
	b.start()
	eventually(t, "the reconnection", func() bool { return s.has("reconnected") })
	b.publish("AOT", 10)
	eventually(t, "events", func() bool { return s.count() == 20 })
	if got := tree.Snapshot(); got.Epoch != 2 || !s.has("gap") {
		t.Errorf("%+v", got.Connection)
	}
}

// stopped is how long a broker is silent: a minute in the long form.
func stopped() time.Duration {
	if os.Getenv("FEEDTREE_LONG") != "" {
		return time.Minute
	}
	return 6 * time.Second
}

func TestABrokerThatFallsSilentIsNoticed(t *testing.T) {
	b, s := newBroker(t), &seen{}
	tree := b.tree(s)
	began := time.Now()
	if err := b.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the disconnection", func() bool { return s.has("disconnected") })
	if took := time.Since(began); took > 5*time.Second { // keep-alive, the wait for the answer, a check, and a second's grace
		t.Errorf("noticed after %v", took)
	}
	<-time.After(time.Until(began.Add(stopped()))) // the silence itself: what is tested is its end
	if ok, _ := tree.Ready(); ok {
		t.Error("ready on a broker that says nothing")
	}
	if err := b.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the reconnection", func() bool { return s.has("reconnected") })
	b.ready(tree)
	b.publish("AOT", 10)
	eventually(t, "events", func() bool { return s.count() == 10 })
	if c := tree.Snapshot().Connection; c.Lost != 1 || c.Connected != 2 || c.Open != 1 {
		t.Errorf("%+v", c)
	}
	if n := s.times("gap"); n != 1 {
		t.Errorf("%d gaps for one outage", n)
	}
}

func TestACertificateThatIsExchangedIsTakenFromTheSameAuthorityAlone(t *testing.T) {
	b, s := newBroker(t), &seen{}
	tree := b.tree(s)
	exchange := func(by authority) {
		t.Helper()
		b.certify(by)
		b.stop()
		b.start()
	}
	exchange(b.ca)
	eventually(t, "a connection with the new certificate", func() bool { return tree.Snapshot().Connection.Connected == 2 })
	b.ready(tree)

	exchange(b.authority())
	eventually(t, "refusals", func() bool { return tree.Snapshot().Connection.Failed["tls"] >= 3 })
	if c := tree.Snapshot().Connection; c.Connected != 2 || c.Open != 0 {
		t.Errorf("connected to a stranger: %+v", c)
	}
	if ok, why := tree.Ready(); ok || !strings.Contains(why, "certificate") {
		t.Errorf("ready %v: %s", ok, why)
	}

	exchange(b.ca)
	eventually(t, "the old authority's next one", func() bool { return tree.Snapshot().Connection.Connected == 3 })
	b.ready(tree)
	b.publish("AOT", 10)
	eventually(t, "events", func() bool { return s.count() == 10 })
}

// Mosquitto lets the new connection stand beside the old one, so a roll-over loses nothing.
func TestTokensThatEndLoseNothingOnMosquitto(t *testing.T) {
	b, s := newBroker(t), &seen{}
	b.ttl.Store(3)
	tree := b.tree(s)
	c := b.publisher()
	for tree.Snapshot().Connection.Rollovers < 3 {
		b.send(c, "AOT")
	}
	eventually(t, "the last one", func() bool { return s.last() == b.sent })
	tree.Stop(context.Background())
	got := tree.Snapshot()
	if got.Connection.Lost != 0 || got.Connection.Closed != got.Connection.Rollovers+1 || s.has("gap") {
		t.Errorf("%+v", got.Connection)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	want := int64(1)
	for _, n := range s.books {
		if n > want || n < want-1 { // the same one twice where equal payloads cannot be told apart
			t.Fatalf("book %d, want %d", n, want)
		}
		if n == want {
			want++
		}
	}
	if want != b.sent+1 {
		t.Errorf("%d of %d books", want-1, b.sent)
	}
}
