package sandbox

import "strings"

// subscribe takes topics in together with the SUBACK that grants them: nothing of a topic
// precedes it on the wire, and whoever has read it is published to.
func (x *Exchange) subscribe(w *wire, filters []string, suback []byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.appendLocked(suback, 0, 0)
	for _, f := range filters {
		w.filters[f] = true
	}
	x.reroute()
}

func (x *Exchange) unsubscribe(w *wire, filters []string) {
	x.mu.Lock()
	for _, f := range filters {
		delete(w.filters, f)
	}
	x.reroute()
	x.mu.Unlock()
	x.settle()
}

// settle waits until nobody publishes by an older table of routes: what follows, such as an
// UNSUBACK, is then the last of its topic.
func (x *Exchange) settle() {
	x.publishing.Lock()
	//lint:ignore SA2001 waiting is all that is wanted
	x.publishing.Unlock()
}

// reroute makes the table anew; x.mu must be held.
func (x *Exchange) reroute() {
	r := &routes{byName: map[string][]*wire{}}
	wild := map[*wire][]string{}
	for w := range x.wires {
		for f := range w.filters {
			if strings.ContainsAny(f, "+#") {
				wild[w] = append(wild[w], f)
			} else {
				r.byName[f] = append(r.byName[f], w)
			}
		}
	}
	topics := x.market.Topics()
	r.byID = make([][]*wire, len(topics))
	for id, name := range topics {
		r.byID[id] = r.byName[name]
		for w, filters := range wild {
			if !w.filters[name] && matchesAny(filters, name) {
				r.byID[id] = append(r.byID[id][:len(r.byID[id]):len(r.byID[id])], w)
			}
		}
	}
	x.routes.Store(r)
}

func matchesAny(filters []string, topic string) bool {
	for _, f := range filters {
		if matches(strings.Split(f, "/"), strings.Split(topic, "/")) {
			return true
		}
	}
	return false
}

// matches is MQTT 3.1.1, section 4.7; a wildcard first does not match what begins with $.
func matches(filter, topic []string) bool {
	if strings.HasPrefix(topic[0], "$") && (filter[0] == "+" || filter[0] == "#") {
		return false
	}
	for i, f := range filter {
		if f == "#" {
			return true
		}
		if i >= len(topic) || (f != "+" && f != topic[i]) {
			return false
		}
	}
	return len(filter) == len(topic)
}
