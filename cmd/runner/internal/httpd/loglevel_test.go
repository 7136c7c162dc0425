package httpd

import (
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/feedtree/feedtree/telemetry/logs"
)

func TestTheLogsLevelIsShownToAllAndChangedWithTheTokenAlone(t *testing.T) {
	l := logs.New(logs.Config{Out: io.Discard})
	t.Cleanup(func() { l.Close(t.Context()) })
	a := &access{turned: unheard()}
	door := mux(LogLevels(l.Levels(), l.Logger(), a.wants("secret")))
	for _, c := range []struct {
		name, method, token, body string
		status                    int
		says                      string
	}{
		{"shown", "GET", "", "", 200, `"level": "info"`},
		{"without a token", "POST", "", `{"level":"debug"}`, 401, "bearer"},
		{"with another", "POST", "other", `{"level":"debug"}`, 401, "bearer"},
		{"changed", "POST", "secret", `{"level":"warn"}`, 200, `"level": "warn"`},
		{"one component", "POST", "secret", `{"component":"session","level":"debug"}`, 200, `"session": "debug"`},
		{"no level", "POST", "secret", `{"level":"loud"}`, 400, "expected debug, info, warn or error"},
		{"no component", "POST", "secret", `{"component":"A B","level":"debug"}`, 400, "runner tree"},
		{"a typo", "POST", "secret", `{"levl":"debug"}`, 400, "expected"},
		{"a component's no more", "POST", "secret", `{"component":"session","level":"default"}`, 200, `"components": {}`},
	} {
		r := httptest.NewRequest(c.method, "/log/level", strings.NewReader(c.body))
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		w := httptest.NewRecorder()
		door.ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %d %s, want %d and %q", c.name, w.Code, w.Body, c.status, c.says)
		}
	}
	if l.Levels().Of("session") != slog.LevelWarn || l.Levels().Of("") != slog.LevelWarn {
		t.Errorf("%v", l.Levels().All())
	}
}
