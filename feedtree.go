// Package feedtree runs a live market-data feed as a supervised tree of actors, from the
// exchange's socket to the user's strategies:
//
//	feed ─┬─ session      login, tokens, one connection a generation, subscriptions, epoch
//	      ├─ decoder      bytes → typed, exact events; the only sequencer
//	      ├─ health ──┬─ AOT   one actor a symbol
//	      │           └─ …
//	      ├─ dispatcher   fan-out by topic
//	      └─ strategies ─┬─ user's actor, with a bounded mailbox of its own
//	                     └─ …
//
// A strategy is an ordinary Proto.Actor actor that is registered as a Type and receives
// *messages.BidOffer, *messages.PriceInfo, … one at a time and in order, with notices such
// as *messages.Gap in their place between them. Start puts the tree into a program with a
// main of its own; package cmd/runner/app makes a program of it with every sub-command.
//
// Nothing is lost silently: Tree.Snapshot gives every counter, and Snapshot.Check the
// equations that they satisfy.
package feedtree

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree/actors/dispatcher"
	"github.com/feedtree/feedtree/actors/session"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/dial"
	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/internal/mailbox"
	"github.com/feedtree/feedtree/internal/paths"
	"github.com/feedtree/feedtree/internal/poison"
	"github.com/feedtree/feedtree/internal/ratelog"
	"github.com/feedtree/feedtree/internal/raw"
	"github.com/feedtree/feedtree/internal/seam"
	"github.com/feedtree/feedtree/internal/seen"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/supervision"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// Tree is a running feed. All methods are safe for concurrent use.
type Tree struct {
	cfg   config.Config
	types map[string]StrategyType
	log   *slog.Logger
	lines *ratelog.Logger

	topics *topic.Table
	seen   *seen.Store
	wanted *session.Wanted
	status *session.Status
	memory *session.Memory
	seams  *seam.Seams
	raw    *mailbox.Queue[raw.Message]
	queue  *mailbox.Queue[flow.Item] // the dispatcher's
	latest *dispatcher.Latest
	router *dispatcher.Router
	poison *poison.Store
	paths  *paths.Tracer // nil traces nothing

	failures  failures
	replaying sync.Mutex        // held by Replay
	secrets   *strings.Replacer // takes out of users' texts what no log may hold

	counts struct {
		feed        ledger.Feed
		connection  ledger.Connection
		supervision ledger.Supervision
		telemetry   ledger.Telemetry
		traces      ledger.Paths
	}
	times flow.Times

	system     *actor.ActorSystem
	supervised *supervisors
	root       *actor.PID
	pids       sync.Map // node name → *actor.PID
	rest       interface{ CloseIdle() }

	mu        sync.Mutex
	instances map[string]*instance
	retired   map[string]ledger.Strategy // counters of stopped instances whose name was used again
	symbols   map[string]int             // wanted topics of each symbol
	sealed    bool                       // stopping: nothing is spawned any more

	began    int64         // clock.Mono
	started  chan struct{} // closed when all of Start's work is visible
	stopping sync.Once
	stopped  chan struct{}
	ended    atomic.Int64 // clock.Mono
	final    atomic.Pointer[finalStates]

	quit chan struct{}
	err  atomic.Pointer[error]
}

// Start builds the tree and starts it. It returns at once: reaching nobody is no error, the
// tree says so and keeps trying, unless cfg.Session.FailFast. An error means that the
// configuration cannot work; each part of it is a *config.Error.
//
// types are the strategies that the program knows; cfg.Strategies lists the instances, and
// when it lists none there is one of each type. The tree logs to slog.Default().
//
// The end of ctx stops the tree in order, as Stop does.
func Start(ctx context.Context, cfg config.Config, types ...StrategyType) (*Tree, error) {
	return Options{}.Start(ctx, cfg, types...)
}

// Start is the function Start, with options.
func (o Options) Start(ctx context.Context, cfg config.Config, types ...StrategyType) (*Tree, error) {
	t, list, err := build(cfg, types)
	if err != nil {
		return nil, err
	}
	if t.paths, err = t.tracer(o); err != nil {
		return nil, err
	}
	if err := t.begin(ctx, list); err != nil {
		t.paths.Close(context.Background())
		return nil, err
	}
	return t, nil
}

func (t *Tree) begin(ctx context.Context, list []config.Strategy) error {
	t.router = dispatcher.NewRouter(t.latest, t.paths)
	if err := t.connectable(dial.From(ctx)); err != nil {
		return err
	}
	if err := t.want(feedOwner, t.marketTopics()); err != nil {
		return err
	}
	for _, s := range list {
		if err := t.add(s); err != nil {
			return err
		}
	}
	if err := t.spawn(); err != nil {
		return err
	}
	close(t.started)
	go t.watch()
	context.AfterFunc(ctx, func() { t.Stop(context.Background()) })
	return nil
}

// build checks what can be checked without a network and makes what outlives actors.
func build(cfg config.Config, types []StrategyType) (*Tree, []config.Strategy, error) {
	t := &Tree{
		cfg: cfg, types: map[string]StrategyType{}, log: slog.Default(),
		topics: topic.NewTable(), seen: seen.New(), wanted: session.NewWanted(), status: session.NewStatus(),
		latest: dispatcher.NewLatest(), instances: map[string]*instance{}, retired: map[string]ledger.Strategy{},
		symbols: map[string]int{}, started: make(chan struct{}), stopped: make(chan struct{}), quit: make(chan struct{}), began: clock.Mono(),
	}
	t.lines = ratelog.New(t.log)
	t.memory = &session.Memory{}
	t.seams = &seam.Seams{Feed: &t.counts.feed}
	t.secrets = secretsOf(cfg.Credentials)
	var errs []error
	var order []string
	for _, typ := range types {
		if typ.err != nil {
			errs = append(errs, typ.err)
		}
		if _, twice := t.types[typ.name]; twice {
			errs = append(errs, fmt.Errorf("strategy type %s is registered twice", typ.name))
		}
		t.types[typ.name] = typ
		order = append(order, typ.name)
	}
	cfg.Normalize()
	list, err := instances(cfg, t.types, order)
	// The instances are checked with what their types asked for.
	cfg.Strategies = list
	t.cfg = cfg
	errs = append(errs, err, cfg.Validate(), cfg.CheckCredentials())
	if t.raw, err = mailbox.New(t.rawQueue(cfg)); err != nil {
		errs = append(errs, err)
	}
	if t.queue, err = mailbox.New(t.itemQueue("dispatcher", "", cfg.Dispatcher.Capacity)); err != nil {
		errs = append(errs, err)
	}
	if t.poison, err = poison.New(poison.Limits{Entries: cfg.Poison.Entries, Bytes: int64(cfg.Poison.Bytes)}); err != nil {
		errs = append(errs, err)
	}
	return t, list, errors.Join(errs...)
}

// Stop ends the tree in order: the connection is closed so that all the exchange has
// written is received, the queues run empty, then the actors stop. It takes no longer than
// cfg.Shutdown.Deadline, or less if ctx ends before: a strategy that does not return is then
// abandoned and what its queue holds counted discarded. Stopping twice is safe; it returns
// Err.
func (t *Tree) Stop(ctx context.Context) error {
	t.stopping.Do(func() { go t.shutdown(ctx) })
	<-t.stopped
	return t.Err()
}

// Done is closed when the tree has ended, whether by Stop or by itself.
func (t *Tree) Done() <-chan struct{} { return t.stopped }

// Err tells why the tree ended by itself, nil if it did not.
func (t *Tree) Err() error {
	if e := t.err.Load(); e != nil {
		return *e
	}
	return nil
}

// Wait blocks until the tree has ended, and returns Err, or until ctx has, and returns its error.
func (t *Tree) Wait(ctx context.Context) error {
	select {
	case <-t.stopped:
		return t.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fail ends the tree for a reason; the first one counts. It does not wait.
func (t *Tree) fail(err error) {
	t.err.CompareAndSwap(nil, &err)
	t.stopping.Do(func() { go t.shutdown(context.Background()) })
}

func (t *Tree) shutdown(ctx context.Context) {
	defer close(t.stopped)
	<-t.started // the session may give up before Start has returned
	ctx, cancel := context.WithTimeout(ctx, t.cfg.Shutdown.Deadline)
	defer cancel()
	t.final.Store(t.states())
	t.mu.Lock()
	t.sealed = true
	t.mu.Unlock()
	t.memory.Stopping.Store(true)
	t.send(config.NodeSession, &session.Stop{})
	t.supervised.by[rootNode].Hasten(config.NodeSession) // a session that waits for its restart has nothing to wait for
	select {
	case <-t.status.Done():
	case <-ctx.Done():
	}
	t.drained(ctx)
	close(t.quit)
	t.supervised.close()
	supervision.StopTree(t.system, t.root, t.patience(ctx))
	t.raw.End()
	t.seams.End()
	t.queue.End()
	for _, in := range t.list() {
		in.Q.End()
		in.Abandon() // whoever has not returned by now reaches nobody any more
	}
	t.paths.Close(ctx)
	t.rest.CloseIdle()
	t.lines.Flush(true)
	t.ended.Store(clock.Mono())
}

// patience is how long the actors have to stop: what is left of the time, or half a second
// when one of them is known not to return.
func (t *Tree) patience(ctx context.Context) time.Duration {
	const least = 500 * time.Millisecond
	deadline, _ := ctx.Deadline()
	for _, in := range t.list() {
		if in.Receiving() > time.Second {
			return least
		}
	}
	for _, b := range t.supervised.busy {
		if b.overdue() > 0 {
			return least
		}
	}
	return max(time.Until(deadline), least)
}

// drained waits until the queues are empty, one after the other down the stream, for half
// of the time there is at most: the rest is for the actors to stop in.
func (t *Tree) drained(ctx context.Context) {
	deadline, _ := ctx.Deadline()
	until := time.Now().Add(time.Until(deadline) / 2)
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for !t.empty(until) {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

// empty reports whether the queues hold nothing that somebody reads by then: who waits for a
// restart that is due later does not, and is not waited for.
func (t *Tree) empty(until time.Time) bool {
	reads := func(parent, child string) bool {
		st := t.supervised.by[parent].Status(child)
		return st.State != supervision.Backoff || !st.Next.After(until)
	}
	if (!t.raw.Empty() || t.seams.Held() > 0) && reads(rootNode, config.NodeDecoder) || !t.queue.Empty() && reads(rootNode, config.NodeDispatcher) {
		return false
	}
	for _, in := range t.list() {
		if in.alive() && !in.Q.Empty() && reads(config.NodeStrategies, in.Name) {
			return false
		}
	}
	return true
}

func (t *Tree) list() []*instance {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]*instance, 0, len(t.instances))
	for _, in := range t.instances {
		out = append(out, in)
	}
	return out
}

// send gives a message to one of the tree's own actors, if it is there.
func (t *Tree) send(node string, message any) {
	if pid, ok := t.pids.Load(node); ok {
		supervision.Send(t.system.Root, pid.(*actor.PID), message)
	}
}
