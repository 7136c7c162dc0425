//go:build unix

package process

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/prototext"

	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/telemetry/tracing/otlptest"
	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/sandbox"
)

// marks are what may be seen nowhere, each by a name to complain with.
type marks map[string]string

// mark is a value that stands nowhere by chance.
func mark(prefix string, digits bool) string {
	b := make([]byte, 8)
	rand.Read(b)
	if digits {
		for i := range b {
			b[i] = '0' + b[i]%10
		}
		return prefix + string(b)
	}
	return prefix + hex.EncodeToString(b)
}

// hold fails the test for every mark in a text, without showing it.
func (m marks) hold(t *testing.T, where, text string) {
	t.Helper()
	for name, value := range m {
		if i := strings.Index(text, value); i >= 0 {
			line := text[strings.LastIndexByte(text[:i], '\n')+1:]
			line, _, _ = strings.Cut(line, "\n")
			t.Errorf("%s shows %s: %.500s", where, name, strings.ReplaceAll(line, value, "<MARK>"))
		}
	}
}

// faults is how each kind of fault is asked for; the kinds that a new connection or login
// meets are followed by a cut, or by the end of all tokens.
func faults(m marks, order string) map[string][]sandbox.Fault {
	echo := `{"code":"E-1","message":"no: ` + m["the secret"] + ` of account"}`
	rest := func(kind string) []sandbox.Fault {
		return []sandbox.Fault{{Kind: kind, Status: 401, Body: echo}, {Kind: kind, Status: 500, Body: "<html>" + m["the secret"]},
			{Kind: kind, Status: 200, Body: echo}, {Kind: kind, Redirect: "http://127.0.0.1:1/" + m["the secret"]}}
	}
	return map[string][]sandbox.Fault{
		"cut": {{Kind: "cut", How: "close"}, {Kind: "cut", How: "rst"}}, "refuse": {{Kind: "refuse"}}, "drop": {{Kind: "drop"}},
		"expire": {{Kind: "expire"}}, "malform": {{Kind: "malform", Ratio: 0.3}}, "login": rest("login"), "refresh": rest("refresh"),
		"dispatcher": rest("dispatcher"), "reject": {{Kind: "reject", Topic: order}}, "suback": {{Kind: "suback", Code: 128}, {Kind: "suback", Extra: 2}},
		"connack": {{Kind: "connack", Code: 5}}, "mute": {{Kind: "mute", Topic: order}}, "halfopen": {{Kind: "halfopen"}}, "single": {{Kind: "single"}},
		"duplicate": {{Kind: "duplicate", Ratio: 0.5}}, "delay": {{Kind: "delay", Delay: 5e6}}, "rate": {{Kind: "rate", PerSecond: 100}}, "halt": {{Kind: "halt"}},
		"hostile": {{Kind: "hostile", How: "huge"}, {Kind: "hostile", How: "suback"}, {Kind: "hostile", How: "publish_cut"}, {Kind: "hostile", How: "text"},
			{Kind: "hostile", How: "oversized"}, {Kind: "hostile", How: "qos1"}, {Kind: "hostile", How: "garbage"}, {Kind: "hostile", How: "unasked"}},
	}
}

// kinds asks the exchange which faults it has: a new one must be gone through, too.
func kinds(t *testing.T, x *sandbox.Exchange) (out []string) {
	t.Helper()
	var a struct{ Kinds map[string]string }
	if err := json.Unmarshal([]byte(fetched(t, x.AdminURL()+"/faults", "")), &a); err != nil || len(a.Kinds) < 15 {
		t.Fatalf("%v: %v", a, err)
	}
	for kind := range a.Kinds {
		out = append(out, kind)
	}
	slices.Sort(out)
	return out
}

// fetched reads a page.
func fetched(t *testing.T, url, bearer string) string {
	t.Helper()
	r, _ := http.NewRequest("GET", url, nil)
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// pages lists what the door says it has, but for the stream of events.
func pages(t *testing.T, addr, bearer string) (out []string) {
	t.Helper()
	_, list, _ := strings.Cut(fetched(t, "http://"+addr+"/nothing", bearer), "there are ")
	list, _, _ = strings.Cut(list, `"`)
	for page := range strings.SplitSeq(list, ", ") {
		if strings.HasPrefix(page, "/") && page != "/tail" {
			out = append(out, page)
		}
	}
	if len(out) < 8 {
		t.Fatalf("only %v", out)
	}
	return out
}

func TestSecretsAppearNowhereThroughEveryFault(t *testing.T) {
	m := marks{"an account": mark("77", true), "another account": mark("88", true), "a token": mark("tok", false), "the collector's header": mark("hdr", false)}
	x, environ := exchange(t, func(c *sandbox.Config) {
		harness.Moving(c)
		c.EquityAccount, c.DerivativesAccount, c.TokenMark = m["an account"], m["another account"], m["a token"]
	})
	m["the secret"] = x.Environment()["SETTRADE_APP_SECRET"]
	collector := otlptest.Start(t)
	p := start(t, setting{environ: environ}, run("--log-level", "debug", "--symbols", "AOT,PTT",
		"--set", "session.backoff.min=20ms", "--set", "session.backoff.max=50ms", "--set", "session.connect_timeout=2s", "--set", "session.subscribe_timeout=300ms",
		"--set", "session.keep_alive=2s", "--set", "session.ping_timeout=1s",
		"--set", "telemetry.otlp.endpoint="+collector.URL, "--set", "telemetry.otlp.headers=authorization="+m["the collector's header"],
		"--set", "telemetry.traces.ratio=1", "--set", "supervision.backoff.min=1ms", "--set", "supervision.backoff.max=2ms", "--set", "supervision.budget.restarts=1000000",
		"--set", `strategies=[{name: orders, type: demo, events: [equity_order, derivatives_order], params: {panic_every: 20}}, {name: books, type: demo, params: {panic_every: 500}}]`)...)
	addr := p.addr()
	running(t, p, addr)
	m["the door's token"] = token(t, p, addr)
	order := topic.EquityOrder(m["an account"])
	x.Publish(order, []byte("garbage"), 3)
	asked := faults(m, order)
	list := pages(t, addr, "")
	for _, kind := range kinds(t, x) {
		if asked[kind] == nil {
			t.Errorf("the exchange has a fault %q, which this test does not go through", kind)
		}
		for _, f := range asked[kind] {
			harness.Break(t, x, f)
			switch kind {
			case "login", "refresh", "dispatcher":
				harness.Break(t, x, sandbox.Fault{Kind: "expire"})
			case "refuse", "drop", "suback", "connack", "single", "mute":
				harness.Break(t, x, sandbox.Fault{Kind: "cut"})
			}
			struck(x, kind)
			for _, page := range list {
				m.hold(t, kind+": "+page, fetched(t, "http://"+addr+page, m["the door's token"]))
			}
			x.Heal()
			if kind == "halfopen" {
				harness.Break(t, x, sandbox.Fault{Kind: "cut"})
			}
			running(t, p, addr)
		}
	}
	for _, args := range [][]string{{"tree"}, {"tree", "-o", "json"}, {"symbols"}, {"strategies"}, {"strategies", "-o", "json"}, {"poison", "list"},
		{"poison", "replay", "--all"}, {"health"}, {"strategies", "restart", "orders"}} {
		_, out := ask(t, p.home, append(args, "--addr", addr)...)
		m.hold(t, strings.Join(args, " "), out)
	}
	for _, args := range [][]string{{"config", "show"}, {"config", "show", "-o", "json"}, {"version"}, {"run", "--set", "nonsense=1"}} {
		c := start(t, setting{environ: environ}, args...)
		c.wait(harness.Patience)
		m.hold(t, strings.Join(args, " "), c.out.String()+c.err.String())
	}
	p.signal(syscall.SIGTERM)
	if code := p.wait(harness.Patience); code != 0 {
		t.Errorf("exit %d", code)
	}
	p.summary()
	m.hold(t, "standard output", p.out.String())
	m.hold(t, "the log", p.err.String())
	spans := 0
	for _, r := range collector.Received() {
		m.hold(t, "a trace", prototext.Format(r))
		spans++
	}
	// What is not there can show nothing: the test must have seen what it is about.
	for _, want := range []string{"{account}", "strategy_failed", "decode_error", "connection_lost", `"level":"DEBUG"`} {
		if !strings.Contains(p.err.String(), want) {
			t.Errorf("the log has no %s: this proves nothing", want)
		}
	}
	if spans == 0 {
		t.Error("there was no trace: this proves nothing")
	}
}

// struck gives a fault a moment to be met; some do their work at once and count nothing.
func struck(x *sandbox.Exchange, kind string) {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for range 60 {
		if hits(x, kind) > 0 {
			return
		}
		<-look.C
	}
}

// A door that wants http.token is another one than the test above asks.
func TestTheTokenOfTheDoorAppearsNowhere(t *testing.T) {
	m := marks{"the token": mark("door", false), "a wrong token": mark("wrong", false)}
	x, environ := exchange(t, harness.Moving)
	collector := otlptest.Start(t)
	environ = append(environ, "FEEDTREE_HTTP_TOKEN="+m["the token"])
	p := start(t, setting{environ: environ}, run("--log-level", "debug", "--symbols", "AOT,PTT",
		"--set", "telemetry.otlp.endpoint="+collector.URL, "--set", "telemetry.traces.ratio=1")...)
	addr := p.addr()
	harness.Eventually(t, "it to be ready", func() bool {
		return strings.Contains(fetched(t, "http://"+addr+"/readyz", m["the token"]), `"ready": true`)
	})
	for _, bearer := range []string{m["the token"], m["a wrong token"], ""} {
		for range 20 {
			m.hold(t, "an answer", fetched(t, "http://"+addr+"/"+m["a wrong token"], bearer))
		}
	}
	for _, page := range pages(t, addr, m["the token"]) {
		m.hold(t, page, fetched(t, "http://"+addr+page, m["the token"]))
	}
	harness.Break(t, x, sandbox.Fault{Kind: "cut"})
	for _, c := range []struct {
		token, line string
		code        int
	}{{"the token", "tree -o json", 0}, {"the token", "health --live", 0}, {"a wrong token", "tree", 4}, {"the token", "config show", 0}, {"the token", "config show -o json", 0},
		{"the token", "run --set nonsense=1", 3}, {"the token", "health --addr http://feed.example:1", 2}} {
		args := strings.Fields(c.line)
		if !strings.Contains(c.line, "feed.example") && args[0] != "config" && args[0] != "run" {
			args = append(args, "--addr", addr)
		}
		asked := start(t, setting{environ: []string{"FEEDTREE_HTTP_TOKEN=" + m[c.token]}}, args...)
		if code := asked.wait(harness.Patience); code != c.code {
			t.Errorf("%s with %s: exit %d, want %d", c.line, c.token, code, c.code)
		}
		m.hold(t, c.line, asked.out.String()+asked.err.String())
	}
	p.signal(syscall.SIGTERM)
	if code := p.wait(harness.Patience); code != 0 {
		t.Errorf("exit %d", code)
	}
	m.hold(t, "standard output", p.out.String())
	m.hold(t, "the log", p.err.String())
	spans := 0
	for _, r := range collector.Received() {
		m.hold(t, "a trace", prototext.Format(r))
		spans++
	}
	if !strings.Contains(p.err.String(), `"event":"http_refused"`) || spans == 0 {
		t.Errorf("nobody was refused, or %d traces: this proves nothing", spans)
	}
}

func TestADumpOfAllGoroutinesShowsNoSecret(t *testing.T) {
	m := marks{"an account": mark("77", true), "a token": mark("tok", false), "the door's token": mark("door", false)}
	x, environ := exchange(t, func(c *sandbox.Config) {
		harness.Moving(c)
		c.EquityAccount, c.TokenMark = m["an account"], m["a token"]
	})
	m["the secret"] = x.Environment()["SETTRADE_APP_SECRET"]
	p := start(t, setting{environ: append(environ, "FEEDTREE_HTTP_TOKEN="+m["the door's token"])}, run("--symbols", "AOT")...)
	addr := p.addr()
	harness.Eventually(t, "it to be ready", func() bool {
		return strings.Contains(fetched(t, "http://"+addr+"/readyz", m["the door's token"]), `"ready": true`)
	})
	p.signal(syscall.SIGQUIT)
	if code := p.wait(harness.Patience); code != 2 || !strings.Contains(p.err.String(), "goroutine ") {
		t.Fatalf("exit %d", code)
	}
	m.hold(t, "the dump", p.err.String())
}
