// Package logs is a slog.Handler for a program that must not wait for its log.
//
// Lines are written by a goroutine of its own, from a bounded queue: a sink that blocks or
// fails costs lines, which are counted and, once it takes lines again, said. Levels can be
// changed while the program runs, for everything or for one component, which is the value
// of a line's "node". A line inside a trace bears its ids. A second handler, such as a
// bridge to OTLP, can be put beside the first while lines are written.
package logs

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"

	"go.opentelemetry.io/otel/trace"

	"github.com/feedtree/feedtree/internal/ratelog"
)

// The keys that this package reads and writes.
const (
	Event   = "event"
	Node    = "node" // the component that a line is of
	TraceID = "trace_id"
	SpanID  = "span_id"
)

// Config describes a log.
type Config struct {
	Out    io.Writer // standard error, usually
	JSON   bool      // else text
	Level  slog.Level
	Levels map[string]slog.Level // of components that have one of their own
}

// Log is a log that does not wait. All methods are safe for concurrent use.
type Log struct {
	levels Levels
	out    *writer
	first  slog.Handler
	second atomic.Pointer[slog.Handler]

	limited *ratelog.Logger
	stop    context.CancelFunc
	stopped chan struct{}
}

// New begins a log, which must be closed.
func New(c Config) *Log {
	l := &Log{}
	l.levels.Set("", c.Level)
	for node, level := range c.Levels {
		l.levels.Set(node, level)
	}
	l.out = newWriter(c.Out, c.handler)
	l.first = c.handler(l.out)
	l.limited, l.stopped = ratelog.New(l.Logger()), make(chan struct{})
	var ctx context.Context
	ctx, l.stop = context.WithCancel(context.Background())
	go func() {
		defer close(l.stopped)
		l.limited.Run(ctx)
	}()
	return l
}

// handler formats lines for w, whatever their level: that was judged before.
func (c Config) handler(w io.Writer) slog.Handler {
	o := &slog.HandlerOptions{Level: slog.Level(-128)}
	if c.JSON {
		return slog.NewJSONHandler(w, o)
	}
	return slog.NewTextHandler(w, o)
}

// Logger gives a logger that writes to the log.
func (l *Log) Logger() *slog.Logger { return slog.New(&handler{log: l, first: l.first}) }

// Limited writes to the log, too, lines that may repeat: of each class the first, then some
// with a count.
func (l *Log) Limited() *ratelog.Logger { return l.limited }

// Lost is how many lines the sink did not take.
func (l *Log) Lost() uint64 { return l.out.lost.Load() }

// Levels are the log's levels, which can be changed.
func (l *Log) Levels() *Levels { return &l.levels }

// Also sends every line to a second handler, too, from now on; nil ends that. It is called
// on the goroutine that logs and must not wait.
func (l *Log) Also(h slog.Handler) {
	if h == nil {
		l.second.Store(nil)
		return
	}
	l.second.Store(&h)
}

// Close writes what waits, for as long as ctx lasts. Lines that come later are lost and counted.
func (l *Log) Close(ctx context.Context) {
	l.stop()
	<-l.stopped // it waits for nobody
	l.out.close(ctx)
}

// handler is the log under the attributes that a logger was given.
type handler struct {
	log    *Log
	first  slog.Handler
	node   string                            // of the logger, "" if it has none
	scopes []func(slog.Handler) slog.Handler // for the second handler
}

// Enabled implements slog.Handler. A line whose component is known only when it comes is
// judged again then.
func (h *handler) Enabled(_ context.Context, level slog.Level) bool {
	if h.node != "" {
		return level >= h.log.levels.Of(h.node)
	}
	return level >= h.log.levels.least()
}

// Handle implements slog.Handler.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	if h.node == "" && r.Level < h.log.levels.Of(nodeOf(r)) {
		return nil
	}
	if second := h.log.second.Load(); second != nil {
		s := *second
		for _, scope := range h.scopes {
			s = scope(s)
		}
		s.Handle(ctx, r.Clone()) // it reads the ids from ctx, if it wants them
	}
	if s := trace.SpanContextFromContext(ctx); s.IsValid() {
		r = r.Clone()
		r.AddAttrs(slog.String(TraceID, s.TraceID().String()), slog.String(SpanID, s.SpanID().String()))
	}
	return h.first.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := h.with(func(s slog.Handler) slog.Handler { return s.WithAttrs(attrs) })
	for _, a := range attrs {
		if a.Key == Node {
			next.node = a.Value.String()
		}
	}
	return next
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	return h.with(func(s slog.Handler) slog.Handler { return s.WithGroup(name) })
}

func (h *handler) with(scope func(slog.Handler) slog.Handler) *handler {
	scopes := append(h.scopes[:len(h.scopes):len(h.scopes)], scope)
	return &handler{log: h.log, first: scope(h.first), node: h.node, scopes: scopes}
}

func nodeOf(r slog.Record) (node string) {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == Node {
			node = a.Value.String()
		}
		return node == ""
	})
	return node
}
