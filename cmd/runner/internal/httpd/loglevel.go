package httpd

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"

	"github.com/feedtree/feedtree/telemetry/logs"
)

// LogLevel is the body of POST /log/level. Without a component it is the level of all that
// have none of their own; a component's level "default" takes its own one away.
type LogLevel struct {
	Component string `json:"component,omitempty"`
	Level     string `json:"level"`
}

// Levels is the answer of /log/level.
type Levels struct {
	Level      string            `json:"level"`
	Components map[string]string `json:"components"`
}

// component is the form of a node's name, which ends up in a map for good.
var component = regexp.MustCompile(`^[a-z0-9_.~/-]{1,64}$`)

// LogLevels shows the log's levels to everyone and lets whom guard lets through change them.
// log is told.
func LogLevels(levels *logs.Levels, log *slog.Logger, guard Guard) Handlers {
	show := func(w http.ResponseWriter, _ *http.Request) {
		out := Levels{Components: map[string]string{}}
		for node, level := range levels.All() {
			if name := strings.ToLower(level.String()); node == "" {
				out.Level = name
			} else {
				out.Components[node] = name
			}
		}
		JSON(w, http.StatusOK, out)
	}
	return Handlers{
		"/log/level": show,
		"POST /log/level": guard(func(w http.ResponseWriter, r *http.Request) {
			var body LogLevel
			d := json.NewDecoder(io.LimitReader(r.Body, 4<<10))
			d.DisallowUnknownFields()
			if err := d.Decode(&body); err != nil {
				Fail(w, http.StatusBadRequest, `expected {"level": "debug"}, with "component" for one alone: `+err.Error())
				return
			}
			if err := setLevel(levels, body); err != "" {
				Fail(w, http.StatusBadRequest, err)
				return
			}
			log.Warn("the log's level was changed", "event", "log_level_changed", "component", body.Component, "to", body.Level)
			show(w, r)
		}),
	}
}

func setLevel(levels *logs.Levels, l LogLevel) (wrong string) {
	if l.Component != "" && !component.MatchString(l.Component) {
		return "component: expected a name as in runner tree, like session"
	}
	if l.Component != "" && l.Level == "default" {
		levels.Reset(l.Component)
		return ""
	}
	level, err := logs.ParseLevel(l.Level)
	if err != nil {
		return err.Error()
	}
	levels.Set(l.Component, level)
	return ""
}
