package dispatcher

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/flow"
	"github.com/feedtree/feedtree/internal/paths"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// Outlet is the dispatcher's side of one strategy: where its events are gathered, and how
// many were matched. It outlives the strategy's actor.
type Outlet struct {
	Name    string
	Matched ledger.Counter

	out   *flow.Outbox
	dirty bool

	topics  map[int]bool   // guarded by Router.mu
	symbols map[string]int // symbol → how many of its topics; guarded by Router.mu
}

// NewOutlet makes an outlet in front of push, the strategy's queue.
func NewOutlet(name string, times *flow.Times, push func([]flow.Item)) *Outlet {
	return &Outlet{Name: name, out: flow.NewOutbox(flow.Dispatch, times, push), topics: map[int]bool{}, symbols: map[string]int{}}
}

// Router knows which outlets want which topic. Attach, Detach, Route and Unroute are safe
// from any goroutine and never wait for the dispatcher; a run in progress keeps the routes
// it began with, at most one event further.
type Router struct {
	Matched   ledger.Counter // Σ over events of the outlets each was matched to
	Unmatched ledger.Counter // events that no outlet wanted
	latest    *Latest
	paths     *paths.Tracer

	mu      sync.Mutex
	outlets []*Outlet
	table   atomic.Pointer[[][]*Outlet] // by topic index; a table is never written to once published

	dirty []*Outlet   // outlets with a gathered run; the dispatcher's alone
	ended []flow.Item // of this run, traced and wanted by nobody; likewise
}

// NewRouter makes a router without outlets. latest keeps the newest event of each topic; p,
// which may be nil, makes traces of events that nobody wanted.
func NewRouter(latest *Latest, p *paths.Tracer) *Router {
	r := &Router{latest: latest, paths: p}
	r.table.Store(&[][]*Outlet{})
	return r
}

// Attach lets the outlet have the feed's own notices. Attaching twice is harmless.
func (r *Router) Attach(o *Outlet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.outlets, o) {
		r.outlets = append(slices.Clone(r.outlets), o)
	}
}

// Detach takes the outlet out of every route.
func (r *Router) Detach(o *Outlet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outlets = slices.DeleteFunc(slices.Clone(r.outlets), func(x *Outlet) bool { return x == o })
	topics := make([]int, 0, len(o.topics))
	for t := range o.topics {
		topics = append(topics, t)
	}
	r.change(o, topics, false)
	clear(o.topics)
	clear(o.symbols)
}

// Settle returns when all that was matched to an outlet has been pushed, and nothing comes behind it.
// The outlet must be detached. It waits for the dispatcher's run in progress.
func (r *Router) Settle(o *Outlet) {
	r.latest.begin()
	defer r.latest.end()
	o.out.Flush(clock.Mono()) // of a run that ended in a panic
}

// Topic names a topic by its dense index and the symbol whose notices go with it.
type Topic struct {
	Index  int
	Symbol string
}

// Route adds topics to the outlet's; those it has already stay as they are.
func (r *Router) Route(o *Outlet, topics ...Topic) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var added []int
	for _, t := range topics {
		if !o.topics[t.Index] {
			o.topics[t.Index] = true
			o.symbols[t.Symbol]++
			added = append(added, t.Index)
		}
	}
	r.change(o, added, true)
}

// Unroute takes topics from the outlet; those it does not have are passed over.
func (r *Router) Unroute(o *Outlet, topics ...Topic) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var gone []int
	for _, t := range topics {
		if o.topics[t.Index] {
			delete(o.topics, t.Index)
			if o.symbols[t.Symbol]--; o.symbols[t.Symbol] == 0 {
				delete(o.symbols, t.Symbol)
			}
			gone = append(gone, t.Index)
		}
	}
	r.change(o, gone, false)
}

// change publishes a new table: readers have the old one or the new one, never half of each.
func (r *Router) change(o *Outlet, topics []int, add bool) {
	if len(topics) == 0 {
		return
	}
	next := slices.Clone(*r.table.Load())
	for _, t := range topics {
		if t >= len(next) {
			next = append(next, make([][]*Outlet, t+1-len(next))...)
		}
		row := slices.DeleteFunc(slices.Clone(next[t]), func(x *Outlet) bool { return x == o })
		if add {
			row = append(row, o)
		}
		next[t] = row
	}
	r.table.Store(&next)
}

// event gathers an event for every outlet that wants its topic.
func (r *Router) event(it *flow.Item, e messages.Event) {
	r.latest.put(it.Topic, e)
	table := *r.table.Load()
	if int(it.Topic) >= len(table) || len(table[it.Topic]) == 0 {
		r.Unmatched.Inc()
		if it.Traced {
			r.ended = append(r.ended, *it)
		}
		return
	}
	for _, o := range table[it.Topic] {
		r.Matched.Inc()
		o.Matched.Inc()
		r.gather(o, *it)
	}
}

// notice gathers a notice for everyone it concerns: those who want its symbol, or all.
// Each has a copy of its own, since a notice's fields are open.
func (r *Router) notice(it *flow.Item, n messages.Notice) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.outlets {
		if s := n.Subject(); s != "" && o.symbols[s] == 0 {
			continue
		}
		own := *it
		own.Msg = messages.CopyNotice(n)
		r.gather(o, own)
	}
}

func (r *Router) gather(o *Outlet, it flow.Item) {
	o.out.Add(it)
	if !o.dirty {
		o.dirty = true
		r.dirty = append(r.dirty, o)
	}
}

// flush pushes on what was gathered; now is the clock.Mono of that.
func (r *Router) flush(now int64) {
	for len(r.dirty) > 0 {
		o := r.dirty[len(r.dirty)-1]
		o.out.Flush(now)
		o.dirty = false
		r.dirty = r.dirty[:len(r.dirty)-1]
	}
	for i := range r.ended {
		r.paths.Unmatched(&r.ended[i], now)
	}
	clear(r.ended)
	r.ended = r.ended[:0]
}
