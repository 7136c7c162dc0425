package feedtree

import (
	"fmt"
	"strings"

	"github.com/feedtree/feedtree/actors/dispatcher"
	"github.com/feedtree/feedtree/actors/health"
	"github.com/feedtree/feedtree/actors/session"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/seen"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

// feedOwner wants the exchange infos of the configured markets, whatever strategies want:
// the market's status must not depend on them.
const feedOwner = "feed"

// topicsOf lists the topics an instance is configured for.
func (t *Tree) topicsOf(s config.Strategy) ([]string, error) {
	symbols := s.Symbols
	if len(symbols) == 0 {
		symbols = t.cfg.Symbols
	}
	var out []string
	for _, event := range s.Events {
		kind, ok := messages.ParseKind(event)
		if !ok {
			return nil, &config.Error{Key: "strategies." + s.Name + ".events", Value: event, Reason: "no event has that name"}
		}
		names, err := t.topicsOfKind(kind, symbols, s.Intervals)
		if err != nil {
			return nil, fmt.Errorf("strategy %s: %w", s.Name, err)
		}
		out = append(out, names...)
	}
	return out, nil
}

func (t *Tree) topicsOfKind(kind messages.Kind, symbols, intervals []string) (out []string, err error) {
	switch kind {
	case messages.KindEquityExchangeInfo, messages.KindDerivativesExchangeInfo:
		for _, m := range t.marketTopics() {
			if p, err := topic.Parse(m); err == nil && p.Kind == kind {
				out = append(out, m)
			}
		}
		return out, nil
	case messages.KindEquityOrder:
		return orderTopic(kind, t.cfg.Credentials.EquityAccount, "equity")
	case messages.KindDerivativesOrder:
		return orderTopic(kind, t.cfg.Credentials.DerivativesAccount, "derivatives")
	}
	symbols, _, err = topic.NormalizeSymbols(symbols)
	if err != nil {
		return nil, err
	}
	for _, s := range symbols {
		if kind != messages.KindCandlestick {
			out = append(out, topic.Of(kind, s))
			continue
		}
		for _, i := range intervals {
			out = append(out, topic.Candlestick(s, i))
		}
	}
	return out, nil
}

func orderTopic(kind messages.Kind, account config.Secret, which string) ([]string, error) {
	if account.Reveal() == "" {
		return nil, &config.Error{Key: "credentials." + which + "_account",
			Reason: "following orders needs the account number: set SETTRADE_" + strings.ToUpper(which) + "_ACCOUNT"}
	}
	return []string{topic.Order(kind, account.Reveal())}, nil
}

func (t *Tree) marketTopics() (out []string) {
	for _, m := range t.cfg.Market.Markets {
		out = append(out, topic.EquityExchangeInfo(m))
	}
	for _, m := range t.cfg.Market.Derivatives {
		out = append(out, topic.DerivativesExchangeInfo(m))
	}
	return out
}

// subscribe routes the topics to the instance and wants them. It may be called in any state
// of the connection, again and again.
func (t *Tree) subscribe(in *instance, names []string) error {
	list, err := t.topics.InternAll(names...)
	if err != nil {
		return err
	}
	routes := make([]dispatcher.Topic, len(list))
	t.mu.Lock()
	if in.gone {
		t.mu.Unlock()
		return ErrReplaced // its name, by which topics are wanted, may be another's by now
	}
	for i, tp := range list {
		in.topics[tp.Name] = true
		routes[i] = dispatcher.Topic{Index: tp.Index, Symbol: tp.Symbol}
	}
	t.router.Route(in.outlet, routes...)
	t.wantLocked(in.Name, list, names)
	t.mu.Unlock()
	t.changed()
	return nil
}

// want makes the topics wanted by an owner and tells those whom it concerns.
func (t *Tree) want(owner string, names []string) error {
	list, err := t.topics.InternAll(names...)
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.wantLocked(owner, list, names)
	t.mu.Unlock()
	t.changed()
	return nil
}

// wantLocked is want with Tree.mu held; list are the topics of the names.
func (t *Tree) wantLocked(owner string, list []*topic.Topic, names []string) {
	first := t.wanted.Add(owner, names...)
	for _, tp := range list {
		switch {
		case tp.Market != "":
			t.seen.Market(tp.Market, tp.Kind == messages.KindDerivativesExchangeInfo, tp.Index)
		case tp.Account == "":
			t.seen.Symbol(tp.Symbol, tp.Index)
		}
	}
	for _, name := range first {
		if s := symbolOf(name); s != "" {
			if t.symbols[s]++; t.symbols[s] == 1 {
				t.seen.Want(t.seen.Symbol(s), true)
			}
		}
	}
}

// release is want undone.
func (t *Tree) release(owner string, names []string) {
	t.mu.Lock()
	t.releaseLocked(owner, names)
	t.mu.Unlock()
	t.changed()
}

func (t *Tree) releaseLocked(owner string, names []string) {
	last := t.wanted.Remove(owner, names...)
	for _, name := range last {
		if s := symbolOf(name); s != "" {
			if t.symbols[s]--; t.symbols[s] == 0 {
				delete(t.symbols, s)
				t.seen.Want(t.seen.Symbol(s), false)
			}
		}
	}
}

func (t *Tree) unsubscribe(in *instance, names []string) error {
	t.mu.Lock()
	if in.gone {
		t.mu.Unlock()
		return ErrReplaced
	}
	var routes []dispatcher.Topic
	for _, name := range names {
		delete(in.topics, name)
		if tp := t.topics.Lookup([]byte(name)); tp != nil {
			routes = append(routes, dispatcher.Topic{Index: tp.Index, Symbol: tp.Symbol})
		}
	}
	t.router.Unroute(in.outlet, routes...)
	t.releaseLocked(in.Name, names)
	t.mu.Unlock()
	t.changed()
	return nil
}

func (t *Tree) changed() {
	t.send(config.NodeSession, &session.WantedChanged{})
	t.send(config.NodeHealth, &health.Refresh{})
}

// symbolOf gives the symbol of a market data topic, "" for orders and exchange infos.
func symbolOf(name string) string {
	p, err := topic.Parse(name)
	if err != nil || p.Market != "" || p.Account != "" {
		return ""
	}
	return p.Symbol
}

// activity tells the session how a topic fares. The silence of an exchange info, of bars and of
// orders says nothing: they come when something happens.
func (t *Tree) activity(name string) (a session.Activity) {
	tp := t.topics.Lookup([]byte(name))
	if tp == nil {
		return a
	}
	_, a.Events = t.latest.Get(tp.Index)
	slot := t.seen.At(tp.Index).Symbol
	if slot == nil || tp.Kind == messages.KindCandlestick {
		return a
	}
	switch slot.State() {
	case seen.Live, seen.Stale:
		a.Judged = true
	case seen.Unknown: // of a market that is open, or health would have closed it
		a.Judged = t.seen.Feed.State() == seen.Live
	}
	return a
}

// unreject lets symbols live again whose topics are granted after they had been refused.
func (t *Tree) unreject(names []string) {
	for _, name := range names {
		if slot := t.seen.Find(symbolOf(name)); slot != nil {
			slot.Unreject()
		}
	}
}
