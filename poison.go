package feedtree

import (
	"github.com/feedtree/feedtree/internal/poison"
)

// PoisonEntry is a message that could not be worked on: a payload that failed to decode, with
// its exact bytes, or an event that a strategy failed on, re-encoded, with the stack. An
// order's topic is redacted, its payload is not.
type PoisonEntry = poison.Entry

// Poison lists what is kept, oldest first, at most what poison.entries and poison.bytes allow.
func (t *Tree) Poison() []PoisonEntry { return t.poison.List() }
