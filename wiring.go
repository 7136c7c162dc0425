package feedtree

import (
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/actors/branch"
	"github.com/feedtree/feedtree/actors/decoder"
	"github.com/feedtree/feedtree/actors/dispatcher"
	"github.com/feedtree/feedtree/actors/health"
	"github.com/feedtree/feedtree/actors/session"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/dial"
	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/internal/mailbox"
	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/internal/seen"
	"github.com/feedtree/feedtree/internal/settrade"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/supervision"
)

// rawQueue describes the queue between the socket's reader and the decoder.
func (t *Tree) rawQueue(cfg config.Config) mailbox.Config[raw.Message] {
	return mailbox.Config[raw.Message]{
		Name: "raw", Capacity: cfg.Feed.RawQueue.Capacity, MaxBytes: int64(cfg.Feed.RawQueue.MaxBytes),
		Size:     (*raw.Message).Size,
		Stamp:    func(m *raw.Message) int64 { return m.Mono },
		Wall:     func(m *raw.Message) int64 { return m.Wall },
		IsNotice: func(m *raw.Message) bool { return m.Notice != nil },
		Merge: func(older, newer raw.Message) (raw.Message, bool) {
			n, ok := messages.MergeNotices(older.Notice, newer.Notice)
			newer.Notice = n
			return newer, ok
		},
		Overflowed: func(n uint64, from, to int64) (raw.Message, bool) {
			return raw.Message{Notice: overflowed("raw", n, from, to)}, true
		},
		Gone: func(m *raw.Message, how mailbox.Fate) {
			if how == mailbox.Dropped {
				t.paths.Undecoded(m, 0, string(how), "dropped by the raw queue")
			}
		},
	}
}

// itemQueue describes the dispatcher's queue, or that of a strategy.
func (t *Tree) itemQueue(name, strategy string, capacity int) mailbox.Config[flow.Item] {
	return mailbox.Config[flow.Item]{
		Name: name, Capacity: capacity,
		Key: flow.ConflateKey, Stamp: flow.Received, Wall: flow.Wall, IsNotice: flow.IsNotice, Merge: flow.Merge,
		Overflowed: func(n uint64, from, to int64) (flow.Item, bool) {
			return flow.Notice(overflowed(name, n, from, to), clock.Mono()), true
		},
		Gone: func(it *flow.Item, how mailbox.Fate) { t.paths.Gone(it, strategy, how) },
	}
}

func overflowed(where string, n uint64, from, to int64) *messages.Overflowed {
	return &messages.Overflowed{Count: n, From: time.Unix(0, from).UTC(), To: time.Unix(0, to).UTC(), Where: where}
}

// connectable makes the REST client, which checks what only it can: the secret's form, the
// base URL, the certificate authority. network is how connections are made, nil for the usual.
func (t *Tree) connectable(network dial.Func) error {
	trust, caErr := trusted(t.cfg.TLS)
	c := t.cfg.Credentials
	client, err := settrade.New(settrade.Config{
		BaseURL: c.BaseURL, BrokerID: c.BrokerID, AppID: c.AppID, AppCode: c.AppCode,
		AppSecret: settrade.Secret(c.AppSecret.Reveal()), TLS: trust, Timeout: t.cfg.Session.RESTTimeout,
		UserAgent: "feedtree", NetDial: network,
		Private: []settrade.Secret{settrade.Secret(c.EquityAccount.Reveal()), settrade.Secret(c.DerivativesAccount.Reveal())},
	})
	if err = errors.Join(caErr, asConfig(err)); err != nil {
		return err
	}
	t.rest = client
	t.system = supervision.NewSystem()
	t.supervised = newSupervisors(t)
	t.prepare(client, trust, network)
	return nil
}

// asConfig turns the REST client's complaints about its fields into the configuration's.
func asConfig(err error) error {
	if err == nil {
		return nil
	}
	var out []error
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	for _, e := range list {
		var f *settrade.FieldError
		if errors.As(e, &f) {
			out = append(out, &config.Error{Key: f.Key, Value: f.Value, Reason: f.Reason})
		} else {
			out = append(out, e)
		}
	}
	return errors.Join(out...)
}

// trusted is how servers are verified: TLS 1.2 or later, against the system's authorities
// and, if configured, one more.
func trusted(c config.TLS) (*tls.Config, error) {
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	var err error
	out.RootCAs, err = c.Authorities()
	return out, err
}

// prepare makes the props of the root's children.
func (t *Tree) prepare(rest session.REST, trust *tls.Config, network dial.Func) {
	s, unread, d := t.supervised, &t.counts.supervision.Unread, t.decoderDeps()
	s.nodes = []branch.Child{
		{Name: config.NodeSession, Props: s.props(session.Producer(t.sessionDeps(rest, trust, network)), s.timed(config.NodeSession))},
		{Name: config.NodeDecoder, Props: s.props(decoder.Producer(d), actor.WithMailbox(mailbox.Producer(t.raw, mailbox.Options[raw.Message]{
			Runs: true, Failed: decoder.OnPanic(d), Unread: unread, Current: &s.busy[config.NodeDecoder].since})))},
		{Name: config.NodeHealth, Props: s.parent(config.NodeHealth, health.Producer(t.healthDeps()), s.timed(config.NodeHealth))},
		{Name: config.NodeDispatcher, Props: s.props(dispatcher.Producer(t.router), actor.WithMailbox(mailbox.Producer(t.queue, mailbox.Options[flow.Item]{
			Runs: true, Failed: t.dispatchFailed, Unread: unread, Current: &s.busy[config.NodeDispatcher].since})))},
		{Name: config.NodeStrategies, Props: s.parent(config.NodeStrategies, branch.Producer(branch.Deps{
			Children:   t.strategyChildren,
			Spawned:    func(name string, pid *actor.PID) { t.pids.Store(config.NodeStrategies+"/"+name, pid) },
			Ended:      func(name string) { t.pids.Delete(config.NodeStrategies + "/" + name) },
			Restarting: t.renew,
		}))},
	}
}

func (t *Tree) sessionDeps(rest session.REST, trust *tls.Config, network dial.Func) session.Deps {
	s := t.cfg.Session
	return session.Deps{
		Config: session.Config{
			KeepAlive: s.KeepAlive, PingTimeout: s.PingTimeout, ConnectTimeout: s.ConnectTimeout,
			SubscribeTimeout: s.SubscribeTimeout, CloseTimeout: s.CloseTimeout, RenewBefore: s.RenewBefore,
			Batch: s.SubscribeBatch, FastLane: s.FastLane, FailFast: s.FailFast,
			Rollover: s.Rollover, StallAfter: s.StallAfter, Backoff: backoff(s.Backoff, t.cfg.Policy(config.NodeSession).Stable),
		},
		REST: rest, TLS: trust, NetDial: network, Push: t.raw.Push, Feed: &t.counts.feed, Counts: &t.counts.connection,
		Wanted: t.wanted, Status: t.status, Memory: t.memory, Seams: t.seams, Paths: t.paths, Plain: t.plain,
		Log: t.log.With("node", config.NodeSession), Rand: rand.Float64,
		GiveUp: t.fail, Activity: t.activity, Accepted: t.unreject,
	}
}

func (t *Tree) decoderDeps() decoder.Deps {
	return decoder.Deps{
		Topics: t.topics, Seen: t.seen, Feed: &t.counts.feed, Poison: t.poison, Lines: t.lines,
		State: decoder.NewState(&t.times, t.queue.Push), Paths: t.paths, Seams: t.seams, Failed: t.failures.decoderOn,
	}
}

func (t *Tree) healthDeps() health.Deps {
	return health.Deps{
		Store: t.seen, Connected: t.status.Connected, Calendar: calendar(t.cfg.Market),
		FeedGap: t.cfg.Health.FeedGap, SymbolGap: t.symbolGap, Sweep: t.cfg.Health.Sweep,
		Stale: func(slot *seen.Symbol, since int64, threshold time.Duration) {
			t.send(config.NodeDecoder, &decoder.PutStale{Symbol: slot, Since: since, Threshold: threshold})
		},
		Dead: func(since int64, threshold time.Duration) {
			t.send(config.NodeDecoder, &decoder.PutFeedDead{Since: since, Threshold: threshold})
		},
		Child:  func(p actor.Producer) *actor.Props { return t.supervised.props(p) },
		Forget: func(child string) { t.supervised.forget(config.NodeHealth, child) },
	}
}

// spawn starts the actors and returns when each of the root's children is there: what is
// sent to them from now on, a stop for one, is not lost.
func (t *Tree) spawn() error {
	there := make(chan struct{})
	begin := sync.OnceFunc(func() {
		t.send(config.NodeSession, &session.Start{})
		close(there)
	})
	props := t.supervised.parent(rootNode, branch.Producer(branch.Deps{
		Children: func() []branch.Child { return t.supervised.nodes },
		Spawned: func(name string, pid *actor.PID) {
			t.pids.Store(name, pid)
			if last := t.supervised.nodes[len(t.supervised.nodes)-1]; name == last.Name {
				begin()
			}
		},
	}))
	pid, err := t.system.Root.SpawnNamed(props, rootNode)
	if err != nil {
		return fmt.Errorf("spawn the feed's root actor: %w", err)
	}
	t.root = pid
	<-there
	return nil
}

func (t *Tree) symbolGap(symbol string) time.Duration {
	if d, ok := t.cfg.Health.Symbols[symbol]; ok {
		return d
	}
	return t.cfg.Health.SymbolGap
}

func calendar(m config.Market) health.Calendar {
	c := health.Calendar{Zone: m.Location(), Holidays: map[string]bool{}}
	for _, s := range m.Sessions {
		c.Sessions = append(c.Sessions, health.Session{Open: s.Open.Duration(), Close: s.Close.Duration()})
	}
	for _, d := range m.Holidays {
		c.Holidays[d.String()] = true
	}
	return c
}

func backoff(b config.Backoff, stable time.Duration) supervision.BackoffConfig {
	return supervision.BackoffConfig{Min: b.Min, Max: b.Max, Factor: b.Factor, Jitter: b.Jitter, Stable: stable}
}

// watch looks after what only time brings about: summaries of limited log lines, the
// strategies' drop rates, and actors that do not return.
func (t *Tree) watch() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			t.lines.Flush(false)
			t.supervised.flagStuck()
			for _, in := range t.list() {
				in.sample(t.log)
				t.replaceIfStuck(in)
			}
		case <-t.quit:
			return
		}
	}
}
