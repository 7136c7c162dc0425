package paths

import "go.opentelemetry.io/otel/trace"

// family remembers the roots of the last events' paths, so that the paths of one event are
// tied by links whichever of them ends first.
type family struct {
	roots map[place][]trace.SpanContext
	order []place // of the events, a ring
	next  int
}

func newFamily(events int) *family {
	return &family{roots: make(map[place][]trace.SpanContext, events), order: make([]place, events)}
}

// meet notes a path's root and gives links to those of the same event that came before.
func (f *family) meet(k place, sc trace.SpanContext) (links []trace.Link) {
	if k.seq == 0 {
		return nil
	}
	k.strategy = ""
	before, known := f.roots[k]
	for _, other := range before {
		links = append(links, trace.Link{SpanContext: other})
	}
	if !known {
		delete(f.roots, f.order[f.next])
		f.order[f.next] = k
		f.next = (f.next + 1) % len(f.order)
	}
	f.roots[k] = append(before, sc)
	return links
}
