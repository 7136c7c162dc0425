package httpd

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/feedtree/feedtree/telemetry/history"
)

// History is the answer of /history, oldest first. The last point is the minute that is not
// over.
type History struct {
	Points []history.Point `json:"points"`
}

// Past shows the last day by the minute, or its last ?minutes=N.
func Past(h *history.History) Handlers {
	return Handlers{"/history": func(w http.ResponseWriter, r *http.Request) {
		n := history.Size
		if text := r.URL.Query().Get("minutes"); text != "" {
			var err error
			if n, err = strconv.Atoi(text); err != nil || n < 1 || n > history.Size {
				Fail(w, http.StatusBadRequest, fmt.Sprintf("minutes: expected 1 to %d", history.Size))
				return
			}
		}
		JSON(w, http.StatusOK, History{h.Points(n)})
	}}
}
