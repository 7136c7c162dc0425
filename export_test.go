package feedtree

// SendTo gives a message to one of the tree's own actors, for tests that make them fail.
func (t *Tree) SendTo(node string, message any) { t.send(node, message) }
