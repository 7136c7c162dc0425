package feedtree

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/ctxext"

	"github.com/feedtree/feedtree/actors/strategies"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/messages"
)

var handleID = ctxext.NextContextExtensionID()

// ErrReplaced is what an actor's handle and context answer once it was replaced, because its
// Receive did not return, or stopped.
var ErrReplaced = strategies.ErrReplaced

// Handle is a strategy's way to the tree. It stays good over the restarts that follow
// failures. All methods are safe for concurrent use and may be called from inside Receive, in
// any state of the connection.
//
// Once the actor was replaced, stopped or restarted by hand, its handle changes nothing any
// more: methods return ErrReplaced or zero, and its successor has one of its own.
type Handle struct {
	tree *Tree
	in   *instance
	mine func() bool
}

// good reports whether the handle still is its instance's, and counts the attempt if not.
func (h *Handle) good() bool {
	if h.mine() {
		return true
	}
	h.in.Ignored.Inc()
	return false
}

// ExtensionID lets the engine keep the handle in the actor's context.
func (h *Handle) ExtensionID() ctxext.ContextExtensionID { return handleID }

// From gives the handle of the strategy whose Receive is running. It panics in an actor
// that is no strategy of a tree, such as a strategy's own child: hand the Handle on.
func From(ctx actor.Context) *Handle {
	h, ok := ctx.Get(handleID).(*Handle)
	if !ok {
		panic("feedtree.From: this actor is no strategy of a tree")
	}
	return h
}

// Name is the instance's name.
func (h *Handle) Name() string { return h.in.Name }

// Subscribe adds symbols to what the strategy receives: for each, the events that the
// instance is configured for. Symbols it has already are passed over. It does not wait for
// the exchange's answer; a refusal comes as messages.SymbolRejected. An error names a symbol of
// impossible form, and nothing is subscribed.
func (h *Handle) Subscribe(symbols ...string) error {
	names, err := h.topics(symbols)
	return h.change(h.tree.subscribe, names, err)
}

// SubscribeTo is Subscribe for one kind of event, whatever the instance is configured for.
// For exchange infos and orders symbols must be empty: they are those of the configured
// markets and accounts. Bars come in the instance's intervals.
func (h *Handle) SubscribeTo(kind messages.Kind, symbols ...string) error {
	names, err := h.topicsOfKind(kind, symbols)
	return h.change(h.tree.subscribe, names, err)
}

// Unsubscribe takes symbols from what the strategy receives, for the events that the instance
// is configured for. Events of theirs that wait in its queue are still delivered. Symbols it
// does not have are passed over.
func (h *Handle) Unsubscribe(symbols ...string) error {
	names, err := h.topics(symbols)
	return h.change(h.tree.unsubscribe, names, err)
}

// UnsubscribeFrom undoes SubscribeTo: it is Unsubscribe for one kind of event.
func (h *Handle) UnsubscribeFrom(kind messages.Kind, symbols ...string) error {
	names, err := h.topicsOfKind(kind, symbols)
	return h.change(h.tree.unsubscribe, names, err)
}

// change hands topics to what is to be done with them, unless they could not be named or the
// actor was replaced.
func (h *Handle) change(do func(*instance, []string) error, names []string, err error) error {
	switch {
	case !h.good():
		return ErrReplaced
	case err != nil:
		return err
	}
	return do(h.in, names)
}

// topics are those of the symbols' events that the instance is configured for.
func (h *Handle) topics(symbols []string) (out []string, err error) {
	for _, event := range h.in.cfg.Events {
		kind, _ := messages.ParseKind(event)
		switch kind {
		case messages.KindBidOffer, messages.KindPriceInfo, messages.KindCandlestick:
			names, err := h.tree.topicsOfKind(kind, symbols, h.in.cfg.Intervals)
			if err != nil {
				return nil, err
			}
			out = append(out, names...)
		}
	}
	if len(out) == 0 && len(symbols) > 0 {
		return nil, fmt.Errorf("strategy %s is configured for no event that belongs to a symbol: %v", h.in.Name, h.in.cfg.Events)
	}
	return out, nil
}

// topicsOfKind are the topics of one kind, bars in the instance's intervals.
func (h *Handle) topicsOfKind(kind messages.Kind, symbols []string) ([]string, error) {
	intervals := h.in.cfg.Intervals
	if len(intervals) == 0 {
		intervals = config.DefaultStrategy("", "").Intervals
	}
	return h.tree.topicsOfKind(kind, symbols, intervals)
}

// Discard throws the strategy's backlog away, counted, and returns how many events went.
// Notices stay.
func (h *Handle) Discard() int {
	if !h.good() {
		return 0
	}
	return h.in.Q.Discard()
}

// Backlog is the number of events that wait, and how many may.
func (h *Handle) Backlog() (queued, capacity int) {
	if !h.mine() {
		return 0, 0
	}
	c := h.in.Q.Counts()
	return c.Queued - c.Current, c.Capacity // the one in hand waits no more
}

// Utilisation is how full the strategy's mailbox is, 0 to 1.
func (h *Handle) Utilisation() float64 {
	queued, capacity := h.Backlog()
	return float64(queued) / float64(max(capacity, 1))
}

// DropRate is the share of the strategy's events that its mailbox dropped, 0 to 1, averaged
// over about the last ten seconds.
func (h *Handle) DropRate() float64 {
	if !h.mine() {
		return 0
	}
	return h.in.dropRate()
}
