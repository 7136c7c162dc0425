package topic

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Table gives topics dense indices, which they keep for good. Lookup takes no lock and
// allocates nothing; Intern copies what readers use, which is as rare as a new
// subscription. All methods are safe for concurrent use.
type Table struct {
	mu   sync.Mutex
	view atomic.Pointer[view]
}

type view struct {
	byName map[string]*Topic
	list   []*Topic
}

// NewTable makes an empty table.
func NewTable() *Table {
	t := &Table{}
	t.view.Store(&view{byName: map[string]*Topic{}})
	return t
}

// Lookup finds an interned topic by the bytes of its name, nil if there is none.
func (t *Table) Lookup(name []byte) *Topic { return t.view.Load().byName[string(name)] }

// At finds a topic by its index, nil if there is none.
func (t *Table) At(i int) *Topic {
	if l := t.view.Load().list; i >= 0 && i < len(l) {
		return l[i]
	}
	return nil
}

// Intern parses a name and adds it, or finds it. Its errors are Parse's.
func (t *Table) Intern(name string) (*Topic, error) {
	if known := t.view.Load().byName[name]; known != nil {
		return known, nil
	}
	list, err := t.InternAll(name)
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// InternAll parses the names and adds those that are new, all in one step; the topics come
// back in the order of the names. If one cannot be parsed, none is added.
func (t *Table) InternAll(names ...string) ([]*Topic, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.view.Load()
	next := &view{byName: maps.Clone(old.byName), list: slices.Clip(old.list)}
	out := make([]*Topic, len(names))
	for i, name := range names {
		if known := next.byName[name]; known != nil {
			out[i] = known
			continue
		}
		p, err := Parse(strings.Clone(name)) // it may be a piece of something large
		if err != nil {
			return nil, err
		}
		p.Index = len(next.list)
		out[i] = &p
		next.byName[p.Name] = &p
		next.list = append(next.list, &p)
	}
	t.view.Store(next)
	return out, nil
}
