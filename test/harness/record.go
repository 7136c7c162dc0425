package harness

import (
	"fmt"
	"slices"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/messages"
)

// Record is what a strategy saw, in order. The zero value is ready; all methods are safe for
// concurrent use.
type Record struct {
	mu    sync.Mutex
	lines []string
	seen  []any
}

func (r *Record) add(line string, m any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines, r.seen = append(r.lines, line), append(r.seen, m)
}

// Add writes an event down.
func (r *Record) Add(e messages.Event) {
	r.add(fmt.Sprintf("%s %s %d", e.Kind(), e.Symbol(), e.Epoch()), e)
}

// Lines lists what was seen: "KIND SYMBOL EPOCH" of an event, or a notice's type.
func (r *Record) Lines() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}

// Messages lists the events and notices themselves, place by place with Lines.
func (r *Record) Messages() []any {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen)
}

// Count tells how often a line stands in Lines.
func (r *Record) Count(line string) (n int) {
	for _, l := range r.Lines() {
		if l == line {
			n++
		}
	}
	return n
}

// First gives the first notice of a type, nil if there was none.
func (r *Record) First(name string) messages.Notice {
	for _, m := range r.Messages() {
		if n, ok := m.(messages.Notice); ok && n.Type() == name {
			return n
		}
	}
	return nil
}

// Last gives the last notice of a type, nil if there was none.
func (r *Record) Last(name string) (last messages.Notice) {
	for _, m := range r.Messages() {
		if n, ok := m.(messages.Notice); ok && n.Type() == name {
			last = n
		}
	}
	return last
}

// recorder is a strategy that writes down what it sees, then does what its test wants.
type recorder struct {
	*Record
	also func(ctx actor.Context)
}

func (a *recorder) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case messages.Event:
		a.Add(m)
	case messages.Notice:
		a.add(m.Type(), m)
	}
	if a.also != nil {
		a.also(ctx)
	}
}

// Recording registers a strategy type that records into r, then calls also, if there is one,
// with every message.
func Recording(name string, r *Record, also func(actor.Context), options ...feedtree.Option) feedtree.StrategyType {
	return feedtree.Type(name, func(struct{}) (actor.Actor, error) { return &recorder{r, also}, nil }, options...)
}
