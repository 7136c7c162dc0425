package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/feedtree/feedtree/internal/topic"
)

// adminAPI is how tests and people look at the exchange and break it.
func (x *Exchange) adminAPI() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, x.Stats()) })
	m.HandleFunc("POST /publish", x.adminPublish)
	m.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"kinds": kinds, "active": x.faults.list()})
	})
	m.HandleFunc("POST /faults", x.adminFault)
	m.HandleFunc("DELETE /faults", func(w http.ResponseWriter, _ *http.Request) {
		x.faults.heal()
		answer(w, http.StatusOK, map[string]any{"active": []Fault{}})
	})
	m.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		failure(w, http.StatusNotFound, "NOT_FOUND", "expected GET /stats, POST /publish, or GET, POST or DELETE /faults")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(host); r.Header.Get("Origin") != "" || (host != "localhost" && (ip == nil || !ip.IsLoopback())) {
			failure(w, http.StatusForbidden, "FORBIDDEN", "expected a request of a program on this machine")
			return
		}
		m.ServeHTTP(w, r)
	})
}

// maxAdminBody lets a payload of more than the protocol's limit be published.
const maxAdminBody = 8 << 20

// readAdmin takes one JSON object without unknown keys, or answers what is wrong.
func readAdmin(w http.ResponseWriter, r *http.Request, into any) bool {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAdminBody))
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		if err = d.Decode(into); err == nil && d.More() {
			err = errors.New("something follows the object")
		}
	}
	if err != nil {
		failure(w, http.StatusBadRequest, "BAD_REQUEST", "expected a JSON object: "+err.Error())
		return false
	}
	return true
}

func (x *Exchange) adminPublish(w http.ResponseWriter, r *http.Request) {
	q := struct {
		Topic   string `json:"topic"`
		Payload []byte `json:"payload"`
		Count   *int   `json:"count"`
	}{}
	if !readAdmin(w, r, &q) {
		return
	}
	count := 1
	if q.Count != nil {
		count = *q.Count
	}
	switch {
	case q.Topic == "" || len(q.Topic) > 60_000:
		failure(w, http.StatusBadRequest, "BAD_REQUEST", "topic: expected the name of a topic")
	case count < 1 || count > 1_000_000:
		failure(w, http.StatusBadRequest, "BAD_REQUEST", fmt.Sprintf("count %d: expected 1 to 1000000", count))
	default:
		answer(w, http.StatusOK, map[string]int{"delivered": x.Publish(q.Topic, q.Payload, count)})
	}
}

func (x *Exchange) adminFault(w http.ResponseWriter, r *http.Request) {
	var f Fault
	if !readAdmin(w, r, &f) {
		return
	}
	out, err := x.Break(f)
	if err != nil {
		failure(w, http.StatusBadRequest, "BAD_REQUEST", err.Error())
		return
	}
	answer(w, http.StatusOK, out)
}

// Break puts a fault in force, or carries it out at once, and returns its state. Its error
// names the parameter that cannot be.
func (x *Exchange) Break(f Fault) (Fault, error) {
	if err := f.validate(); err != nil {
		return f, err
	}
	switch f.Kind {
	case "cut":
		f.Hits = uint64(x.cut(f.How == "rst"))
	case "expire":
		x.tokens.expire()
		f.Hits = uint64(x.cut(false))
	case "hostile":
		f.Hits = uint64(x.hostile(f.How))
	case "single":
		x.faults.set(f)
		x.mu.Lock()
		f.Hits = uint64(x.evict())
		x.mu.Unlock()
	case "reject":
		x.faults.set(f)
		f.Hits = uint64(x.rejectNow(f.Topic))
	default:
		x.faults.set(f)
	}
	return f, nil
}

// Faults lists those in force.
func (x *Exchange) Faults() []Fault { return x.faults.list() }

// Heal ends all faults.
func (x *Exchange) Heal() { x.faults.heal() }

// rejectNow takes a topic from those who have it, and tells them.
func (x *Exchange) rejectNow(name string) (n int) {
	var had []*wire
	x.mu.Lock()
	for w := range x.wires {
		if w.filters[name] {
			delete(w.filters, name)
			had = append(had, w)
		}
	}
	x.reroute()
	x.mu.Unlock()
	x.settle() // nothing of the topic follows its rejection
	for _, w := range had {
		w.append(appendPublish(nil, rejections, rejection([]string{name})), 1, 1)
		w.flush()
		n++
	}
	x.cfg.Log.Debug("rejected", "topic", topic.Redact([]byte(name)), "clients", n)
	return n
}
