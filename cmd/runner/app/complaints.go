package app

import (
	"log/slog"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"

	"github.com/feedtree/feedtree/internal/ratelog"
	"github.com/feedtree/feedtree/telemetry/logs"
)

// complaints is where OpenTelemetry's own errors and warnings go: it would write them to
// standard error, past the log.
type complaints struct{ lines *ratelog.Logger }

// hearComplaints must come before anything of OpenTelemetry is made: much of what it
// complains of is its configuration.
func hearComplaints(log *logs.Log) {
	c := complaints{log.Limited()}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { c.say(err.Error()) }))
	otel.SetLogger(logr.New(c))
}

func (c complaints) say(what string) {
	c.lines.Log(slog.LevelWarn, "otel", "OpenTelemetry is in trouble", "event", "telemetry_error", "error", what)
}

// Init implements logr.LogSink.
func (complaints) Init(logr.RuntimeInfo) {}

// Enabled implements logr.LogSink: warnings have level 1 there, what is for debugging 4 and more.
func (complaints) Enabled(level int) bool { return level <= 1 }

// Info implements logr.LogSink. The values are left out, here and in Error: the header that
// cannot be read is among them.
func (c complaints) Info(_ int, msg string, _ ...any) { c.say(msg) }

// Error implements logr.LogSink.
func (c complaints) Error(err error, msg string, _ ...any) {
	if err != nil {
		msg += ": " + err.Error()
	}
	c.say(msg)
}

// WithValues implements logr.LogSink.
func (c complaints) WithValues(...any) logr.LogSink { return c }

// WithName implements logr.LogSink.
func (c complaints) WithName(string) logr.LogSink { return c }
