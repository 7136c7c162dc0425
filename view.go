package feedtree

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/feedtree/feedtree/actors/session"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/clock"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
	"github.com/feedtree/feedtree/supervision"
)

// SymbolState is what is known of one wanted symbol.
type SymbolState struct {
	Symbol      string `json:"symbol"`
	State       string `json:"state"`  // unknown, live, stale, closed or rejected
	Status      string `json:"status"` // its market status as the exchange names it, "" if unknown
	AgeMS       int64  `json:"age_ms"` // since its last event, -1 if there was none on this connection
	ThresholdMS int64  `json:"threshold_ms"`
	Events      uint64 `json:"events"` // books and price infos since the start
	Bid         string `json:"bid"`    // best prices as decimals, "" for none
	BidVolume   int64  `json:"bid_volume"`
	Ask         string `json:"ask"`
	AskVolume   int64  `json:"ask_volume"`
	Last        string `json:"last"`
	Auction     bool   `json:"auction"` // the best level holds an ATO or ATC volume and no price
}

// Symbols lists the wanted symbols by name.
func (t *Tree) Symbols() []SymbolState {
	now := clock.Mono()
	out := []SymbolState{}
	for _, slot := range t.seen.Symbols() {
		s := SymbolState{Symbol: slot.Name, State: slot.State().String(), AgeMS: -1,
			ThresholdMS: t.symbolGap(slot.Name).Milliseconds()}
		if st := slot.Status(); st != 0 {
			s.Status = st.String()
		}
		if last := slot.Last(); last != 0 {
			s.AgeMS = clock.Since(now, last).Milliseconds()
		}
		if e, n := t.last(topic.BidOffer(slot.Name)); e != nil {
			s.book(e.(*messages.BidOffer))
			s.Events += n
		}
		if e, n := t.last(topic.PriceInfo(slot.Name)); e != nil {
			s.Last = e.(*messages.PriceInfo).Last().String()
			s.Events += n
		}
		out = append(out, s)
	}
	return out
}

func (s *SymbolState) book(b *messages.BidOffer) {
	bid, ask := b.BestBid(), b.BestAsk()
	s.BidVolume, s.AskVolume, s.Auction = bid.Volume, ask.Volume, b.IsAuction()
	if bid.Price != 0 {
		s.Bid = bid.Price.String()
	}
	if ask.Price != 0 {
		s.Ask = ask.Price.String()
	}
}

func (t *Tree) last(name string) (messages.Event, uint64) {
	tp := t.topics.Lookup([]byte(name))
	if tp == nil {
		return nil, 0
	}
	return t.latest.Get(tp.Index)
}

// Ready reports whether the feed is connected, every wanted subscription answered and none of
// its own actors stuck, and if not, why not. The silence of a closed market does not make it unready.
func (t *Tree) Ready() (bool, string) {
	select {
	case <-t.quit:
		return false, "the tree has stopped"
	default:
	}
	if why := t.supervised.stuckPart(); why != "" {
		return false, why
	}
	v := t.Connection()
	return v.Ready()
}

// Connection is a copy of the session's status.
func (t *Tree) Connection() session.View {
	v := t.status.View()
	v.Wanted = t.wanted.Len() // the session may not have looked since it grew
	return v
}

// Node is one actor of the tree as people see it.
type Node struct {
	Name      string `json:"name"`
	State     string `json:"state"`
	Detail    string `json:"detail,omitempty"`
	Restarts  uint64 `json:"restarts"`
	Replaced  uint64 `json:"replaced,omitempty"`
	LastCause string `json:"last_cause,omitempty"`
	// NextRestart is when it is restarted, "" when no restart is waiting.
	NextRestart string `json:"next_restart,omitempty"`
	Queued      int    `json:"queued"`
	Capacity    int    `json:"capacity,omitempty"` // of its mailbox, 0 for one without bound
	Dropped     uint64 `json:"dropped"`
	Handled     uint64 `json:"handled"` // elements of its queue that it is done with
	// What else became of a strategy's events.
	Failed    uint64 `json:"failed,omitempty"`
	Conflated uint64 `json:"conflated,omitempty"`
	Expired   uint64 `json:"expired,omitempty"`
	Discarded uint64 `json:"discarded,omitempty"`
	// Policy is what comes after its failures; for "strategies" what strategies inherit. A
	// symbol's is that of "health", but for the scope, which is one_for_one.
	Policy   *Policy  `json:"policy,omitempty"`
	Notes    []string `json:"notes,omitempty"` // what a person should know, a line each
	Children []Node   `json:"children,omitempty"`
}

// Nodes gives the tree of actors from its root.
func (t *Tree) Nodes() Node {
	v := t.Connection()
	r, q := t.raw.Counts(), t.queue.Counts()
	root := Node{Name: rootNode, State: "running", Policy: policyView(t.supervised.policies[config.NodeStrategies])}
	if ok, why := t.Ready(); !ok {
		root.State, root.Detail = "not ready", why
	}
	sess := t.node(rootNode, config.NodeSession)
	if sess.State == supervision.Running {
		sess.State, sess.Detail = v.State.String(), v.Host
		if v.Since == 0 && v.LastError != "" {
			sess.Detail = v.LastError
		}
		if v.State == session.Waiting {
			sess.Detail += fmt.Sprintf("; next attempt in %v", max(time.Until(v.RetryAt), 0).Round(100*time.Millisecond))
		}
	}
	sess.Notes = sessionNotes(&v)
	dec := t.node(rootNode, config.NodeDecoder)
	dec.Queued, dec.Capacity, dec.Dropped, dec.Handled = r.Queued, r.Capacity, r.Dropped, r.Delivered
	disp := t.node(rootNode, config.NodeDispatcher)
	disp.Queued, disp.Capacity, disp.Dropped, disp.Handled = q.Queued, q.Capacity, q.Dropped, q.Delivered
	watch := t.node(rootNode, config.NodeHealth)
	for _, slot := range t.seen.Symbols() {
		c := t.node(config.NodeHealth, slot.Name)
		c.State = slot.State().String()
		watch.Children = append(watch.Children, c)
	}
	strat := t.node(rootNode, config.NodeStrategies)
	list := t.list()
	slices.SortFunc(list, func(a, b *instance) int { return cmp.Compare(a.Name, b.Name) })
	for _, in := range list {
		c := t.node(config.NodeStrategies, in.Name)
		counts := in.Q.Counts()
		c.State, c.Detail, c.Policy = in.State().String(), in.Type, policyView(in.policy)
		c.Queued, c.Capacity, c.Dropped, c.Handled = counts.Queued, counts.Capacity, counts.Dropped, counts.Delivered
		c.Failed, c.Conflated, c.Expired, c.Discarded = counts.Failed, counts.Conflated, counts.Expired, counts.Discarded
		c.Restarts, c.Replaced = in.Restarts.Load(), in.Replaced.Load()
		strat.Children = append(strat.Children, c)
	}
	strat.Policy = policyView(t.supervised.all)
	root.Children = []Node{sess, dec, watch, disp, strat}
	return root
}

// sessionNotes tells of outages, and of topics that are refused or mute.
func sessionNotes(v *session.View) (out []string) {
	for _, g := range v.Outages {
		out = append(out, fmt.Sprintf("outage from %s to %s, then epoch %d: %s",
			g.From.Format(time.RFC3339Nano), g.To.Format(time.RFC3339Nano), g.Epoch, g.Reason))
	}
	if len(v.Rejected) > 0 {
		out = append(out, "refused: "+v.Rejections())
	}
	if len(v.Mute) > 0 {
		out = append(out, "mute: "+strings.Join(v.Mute, ", "))
	}
	return out
}

func (t *Tree) node(parent, name string) Node {
	n := Node{Name: name}
	if parent == rootNode {
		n.Policy = policyView(t.supervised.policies[name])
	}
	t.supervised.describe(parent, &n)
	return n
}
