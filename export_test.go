package feedtree

import "github.com/feedtree/feedtree/internal/flow"

// SendTo gives a message to one of the tree's own actors, for tests that make them fail.
func (t *Tree) SendTo(node string, message any) { t.send(node, message) }

// Decode makes the type's parameters of what an instance "x" configures, and tells what is wrong.
func (t StrategyType) Decode(raw map[string]any) (any, error) {
	return t.decode("strategies.x.params", raw)
}

// Dispatch gives the dispatcher an event as if the decoder had made it.
func (t *Tree) Dispatch(it flow.Item) {
	t.counts.feed.Received.Inc()
	t.counts.feed.Decoded.Inc()
	t.queue.Push([]flow.Item{it})
}
