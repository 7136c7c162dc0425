// Package jaeger looks at a running feed the way its operator does: the runner sends traces
// to a real Jaeger, and the tests ask Jaeger's API for them. It is a module of its own, so
// that nobody else builds Jaeger; `make jaeger` builds both and says where they are.
package jaeger

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The strategy sleeps on its tenth event and panics on its fifteenth. One symbol's books at a
// low rate, so that nothing waits behind the one that sleeps; and a quick restart, so that
// nothing waits for that: then these two and no other event are slow or failed.
const (
	sleepFor = 200 * time.Millisecond
	conf     = `
strategies:
  - {name: sleepy, type: demo, symbols: [AOT], events: [bid_offer], params: {sleep_every: 10, sleep_for: 200ms, panic_every: 15}}
supervision: {backoff: {min: 1ms, max: 1ms}}
telemetry: {traces: {slow: 195ms, ratio: 0}}
`
)

type span struct {
	ID         string `json:"spanID"`
	Name       string `json:"operationName"`
	References []reference
	Start      int64 `json:"startTime"` // µs
	Duration   int64
	Tags       []field
	Logs       []struct {
		Timestamp int64
		Fields    []field
	}
}

type reference struct{ RefType, TraceID, SpanID string }

type field struct {
	Key   string
	Value any
}

type trace struct {
	ID        string `json:"traceID"`
	Spans     []span
	Processes map[string]struct {
		ServiceName string
		Tags        []field
	}
}

func value(list []field, key string) string {
	for _, f := range list {
		if f.Key == key {
			return fmt.Sprint(f.Value)
		}
	}
	return ""
}

// addresses chooses free ports of loopback for the listeners of those names.
func addresses(t *testing.T, names ...string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, name := range names {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // each is held until all are chosen
		out[name] = l.Addr().String()
	}
	return out
}

// service starts a real Jaeger and gives the addresses of its OTLP receiver and its API.
func service(t *testing.T, binary string) (otlp, api string) {
	t.Helper()
	addr := addresses(t, "collector.otlp.grpc", "collector.otlp.http", "query.http-server", "query.grpc-server",
		"collector.http-server", "collector.grpc-server", "admin.http")
	c := exec.Command(binary)
	for name, at := range addr {
		c.Args = append(c.Args, "--"+name+".host-port="+at)
	}
	log := &strings.Builder{}
	c.Env = append(os.Environ(), "OTEL_TRACES_SAMPLER=always_off") // of its own doings
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(syscall.SIGTERM)
		c.Wait()
		if text := log.String(); t.Failed() {
			t.Logf("Jaeger said: %s", text[max(0, len(text)-4000):])
		}
	})
	api = "http://" + addr["query.http-server"]
	eventually(t, "Jaeger to answer", func() bool { return get(api+"/api/services", nil) == nil })
	return "http://" + addr["collector.otlp.grpc"], api
}

func get(address string, into any) error {
	r, err := http.Get(address)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", address, r.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(r.Body).Decode(into)
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	look, over := time.NewTicker(20*time.Millisecond), time.NewTimer(20*time.Second)
	defer look.Stop()
	defer over.Stop()
	for !is() {
		select {
		case <-look.C:
		case <-over.C:
			t.Fatal("waited in vain for " + what)
		}
	}
}

type counts map[string]struct{ Delivered, Failed int }

// run lets the runner work on its sandbox and gives the strategies' counters.
func run(t *testing.T, binary, otlp, file string, flags ...string) counts {
	t.Helper()
	c := exec.Command(binary, append([]string{"run", "--sandbox", "--config", file, "--addr", "127.0.0.1:0", "--summary", "json"}, flags...)...)
	c.Env = append(os.Environ(), "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="+otlp) // as docs/telemetry.md says
	log := &strings.Builder{}
	c.Stderr = log
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, log)
	}
	var s struct {
		Strategies counts
		Traces     struct{ Chosen, Lost, Suppressed, Spans, Exported int }
	}
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if s.Traces.Exported != s.Traces.Spans || s.Traces.Lost > 0 {
		t.Errorf("not every span got through: %+v", s.Traces)
	}
	return s.Strategies
}

func binaries(t *testing.T) (jaeger, runner string) {
	jaeger, runner = os.Getenv("JAEGER"), os.Getenv("RUNNER")
	if jaeger == "" || runner == "" {
		t.Skip("JAEGER and RUNNER do not say where they are: make jaeger does")
	}
	return jaeger, runner
}

// traces asks Jaeger as its page does.
func traces(t *testing.T, api string, q url.Values) []trace {
	t.Helper()
	q.Set("service", "feedtree")
	q.Set("limit", "100")
	q.Set("lookback", "1h")
	var found struct{ Data []trace }
	if err := get(api+"/api/traces?"+q.Encode(), &found); err != nil {
		t.Fatal(err)
	}
	return found.Data
}

func TestTheQuickStartShowsWhatItPromises(t *testing.T) {
	jaeger, runner := binaries(t)
	otlp, api := service(t, jaeger)
	run(t, runner, otlp, "../../deploy/demo.yaml", "--rate", "6000", "--duration", "11s") // forty seconds' events
	for what, q := range map[string]url.Values{
		"the event on which it slept":    {"operation": {"process demo"}, "minDuration": {"40ms"}},
		"the events that came meanwhile": {"operation": {"deliver demo"}, "minDuration": {"10ms"}},
		"the event on which it panicked": {"tags": {`{"error":"true"}`}},
		"the restart":                    {"operation": {"restart strategies"}},
	} {
		eventually(t, what, func() bool { return len(traces(t, api, q)) > 0 })
	}
}

func TestJaegerShowsTheSlowEventAndTheFailedOneAndNoOther(t *testing.T) {
	jaeger, runner := binaries(t)
	otlp, api := service(t, jaeger)
	file := filepath.Join(t.TempDir(), "feedtree.yaml")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	n := run(t, runner, otlp, file, "--sandbox-symbols", "10", "--rate", "33", "--duration", "8s")["sleepy"]
	delivered, failed := n.Delivered, n.Failed
	if failed != 1 || delivered < 15 || delivered >= 24 { // the successor sleeps at its tenth
		t.Fatalf("%d delivered and %d failed: the market is another one than this test is made for", delivered, failed)
	}
	paths := map[string]trace{}
	eventually(t, "both traces", func() bool {
		for _, tr := range traces(t, api, url.Values{"operation": {"process proto/topic/bidofferv3/{symbol}"}}) {
			paths[tr.ID] = tr
		}
		return len(paths) >= 2
	})
	if len(paths) != 2 {
		t.Fatalf("%d paths, and two events had a reason", len(paths))
	}
	why := map[string]trace{}
	for _, tr := range paths {
		root := whole(t, tr)
		why[value(root.Tags, "feedtree.chosen")] = tr
		if value(root.Tags, "span.kind") != "consumer" || value(root.Tags, "feedtree.symbol") != "AOT" ||
			value(root.Tags, "messaging.consumer.group.name") != "sleepy" {
			t.Errorf("%+v", root.Tags)
		}
		for _, p := range tr.Processes {
			if p.ServiceName != "feedtree" || value(p.Tags, "service.instance.id") == "" {
				t.Errorf("%+v", p)
			}
		}
	}
	slept, broke := why["slow"], why["failed"]
	if p := named(slept, "process sleepy"); time.Duration(p.Duration)*time.Microsecond < sleepFor {
		t.Errorf("the strategy slept %v, and Jaeger says %d µs", sleepFor, p.Duration)
	}
	p := named(broke, "process sleepy")
	if value(p.Tags, "error") != "true" || value(p.Tags, "error.type") != "panic" || len(p.Logs) != 1 ||
		!strings.Contains(value(p.Logs[0].Fields, "exception.message"), "told to panic") ||
		!strings.Contains(value(p.Logs[0].Fields, "exception.stacktrace"), "demo.go") {
		t.Errorf("the failed one does not say why: %+v", p)
	}
	restarted(t, api, broke)
}

func named(tr trace, name string) span {
	i := slices.IndexFunc(tr.Spans, func(s span) bool { return s.Name == name })
	if i < 0 {
		return span{}
	}
	return tr.Spans[i]
}

// whole holds a path to its form: five stages under the root, one after the other, whose
// times add up to its own but for what microseconds round away.
func whole(t *testing.T, tr trace) (root span) {
	t.Helper()
	var stages []span
	for _, s := range tr.Spans {
		if len(s.References) == 0 {
			root = s
		} else {
			stages = append(stages, s)
		}
	}
	slices.SortStableFunc(stages, func(a, b span) int {
		return slices.Index(order, strings.Fields(a.Name)[0]) - slices.Index(order, strings.Fields(b.Name)[0])
	})
	at, sum := root.Start, int64(0)
	for i, s := range stages {
		if !strings.HasPrefix(s.Name, order[i]) || len(s.References) != 1 || s.References[0].RefType != "CHILD_OF" || s.References[0].SpanID != root.ID {
			t.Errorf("%+v stands where %s should, under the root %s", s, order[i], root.ID)
		}
		if d := s.Start - at; d < -1 || d > 1 {
			t.Errorf("%s begins %d µs after the stage before it", s.Name, d)
		}
		at, sum = s.Start+s.Duration, sum+s.Duration
	}
	if d := root.Duration - sum; len(stages) != len(order) || d < -int64(len(order)) || d > int64(len(order)) {
		t.Errorf("%d stages of %d µs in all, in a whole of %d µs", len(stages), sum, root.Duration)
	}
	return root
}

var order = []string{"receive", "decode", "dispatch", "deliver", "process"}

// restarted finds the restart that came of the failure, and its delay.
func restarted(t *testing.T, api string, broke trace) {
	t.Helper()
	found := traces(t, api, url.Values{"operation": {"restart strategies"}})
	if len(found) != 1 || len(found[0].Spans) != 2 {
		t.Fatalf("%d restarts", len(found))
	}
	restart := named(found[0], "restart strategies")
	if !strings.Contains(value(restart.Tags, "feedtree.cause"), "told to panic") || value(restart.Tags, "feedtree.child") != "sleepy" ||
		named(found[0], "backoff").ID == "" {
		t.Errorf("%+v", found[0])
	}
	if !slices.ContainsFunc(restart.References, func(r reference) bool { return r.TraceID == broke.ID }) {
		t.Errorf("the restart does not lead to the failure: %+v", restart.References)
	}
}
