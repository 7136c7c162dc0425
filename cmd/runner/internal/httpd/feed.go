package httpd

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/supervision"
)

// Feed gives the answers about a running tree. version is what /version shows; more is
// added to /tree, such as the sandbox exchange's admin address.
func Feed(t *feedtree.Tree, version any, more map[string]string) Handlers {
	return Handlers{
		"/livez": func(w http.ResponseWriter, _ *http.Request) { JSON(w, http.StatusOK, map[string]bool{"live": true}) },
		"/readyz": func(w http.ResponseWriter, _ *http.Request) {
			ok, why := t.Ready()
			status := http.StatusOK
			if !ok {
				status = http.StatusServiceUnavailable
			}
			JSON(w, status, Readiness{Ready: ok, Reason: why, Detail: t.Concerns()})
		},
		"/tree": func(w http.ResponseWriter, _ *http.Request) {
			JSON(w, http.StatusOK, Tree{t.Nodes(), t.SupervisionEvents(), more})
		},
		"/symbols":    func(w http.ResponseWriter, _ *http.Request) { JSON(w, http.StatusOK, t.Symbols()) },
		"/strategies": func(w http.ResponseWriter, _ *http.Request) { JSON(w, http.StatusOK, t.Strategies()) },
		"/summary":    func(w http.ResponseWriter, _ *http.Request) { JSON(w, http.StatusOK, t.Snapshot()) },
		"/version":    func(w http.ResponseWriter, _ *http.Request) { JSON(w, http.StatusOK, version) },
	}
}

// Privileged gives the answers that are not for everybody: what was kept of bad messages, and
// what changes a strategy.
func Privileged(t *feedtree.Tree, guard Guard) Handlers {
	change := func(f func(string) error) func(http.ResponseWriter, *http.Request) {
		return guard(func(w http.ResponseWriter, r *http.Request) {
			if err := f(r.PathValue("name")); err != nil {
				Fail(w, http.StatusConflict, err.Error())
				return
			}
			JSON(w, http.StatusOK, map[string]string{"strategy": r.PathValue("name")})
		})
	}
	return Handlers{
		"/poison":                         guard(func(w http.ResponseWriter, _ *http.Request) { JSON(w, http.StatusOK, t.Poison()) }),
		"POST /strategies/{name}/resume":  change(t.ResumeStrategy),
		"POST /strategies/{name}/restart": change(t.RestartStrategy),
		"POST /poison/{id}/replay":        guard(replay(t)),
	}
}

// replayWait is how long a strategy may take to get to a replay and return from it.
const replayWait = 10 * time.Second

// replay works on a kept message once more; ?to=NAME hands it to that strategy.
func replay(t *feedtree.Tree) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.ParseUint(r.PathValue("id"), 10, 64)
		if err != nil {
			Fail(w, http.StatusBadRequest, "expected the number of a kept message")
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), replayWait)
		defer cancel()
		out, err := t.Replay(ctx, id, r.URL.Query().Get("to"))
		if err != nil {
			Fail(w, http.StatusNotFound, err.Error())
			return
		}
		JSON(w, http.StatusOK, out)
	}
}

// Readiness is the answer of /readyz.
type Readiness struct {
	Ready  bool   `json:"ready"`
	Reason string `json:"reason"`
	// Detail lists what is wrong with single actors, ready or not.
	Detail []string `json:"detail"`
}

// Tree is the answer of /tree.
type Tree struct {
	Root feedtree.Node `json:"root"`
	// Events are the last failures and what was done about them, oldest first.
	Events []supervision.Event `json:"events"`
	More   map[string]string   `json:"more,omitempty"`
}

func list(paths []string) string {
	slices.Sort(paths)
	return strings.Join(paths, ", ")
}
