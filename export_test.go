package feedtree

// SendTo gives a message to one of the tree's own actors, for tests that make them fail.
func (t *Tree) SendTo(node string, message any) { t.send(node, message) }

// Decode makes the type's parameters of what an instance "x" configures, and tells what is wrong.
func (t StrategyType) Decode(raw map[string]any) (any, error) {
	return t.decode("strategies.x.params", raw)
}
