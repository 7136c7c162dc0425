package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/feedtree/feedtree/cmd/runner/internal/demo"
	"github.com/feedtree/feedtree/telemetry/ledger"
	"github.com/feedtree/feedtree/test/harness"
)

// TestMain lets this binary be the runner that `run --sandbox` starts as its child.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "sandbox" {
		Main(demo.Type())
	}
	os.Exit(m.Run())
}

// invoke runs a command line and gives its exit code and what it wrote.
func invoke(t *testing.T, ctx context.Context, environ []string, in string, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e harness.Buffer
	code = Run(ctx, types(), args, Streams{In: strings.NewReader(in), Out: &o, Err: &e, Environ: environ})
	return code, o.String(), e.String()
}

func TestWhatAWrongCommandLineIsTold(t *testing.T) {
	dir := t.TempDir()
	typo := filepath.Join(dir, "typo.yaml")
	os.WriteFile(typo, []byte("dispatcher:\n  capacty: 5\n"), 0o600)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	good := []string{"SETTRADE_APP_ID=a", "SETTRADE_APP_CODE=c", "SETTRADE_BROKER_ID=098", "SETTRADE_BASE_URL=https://localhost:1",
		"SETTRADE_APP_SECRET=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE="}
	with := func(change string) []string {
		out := append([]string{}, good...)
		for i, e := range out {
			if name, _, _ := strings.Cut(change, "="); strings.HasPrefix(e, name+"=") {
				out[i] = change
			}
		}
		return out
	}
	for _, c := range []struct {
		name    string
		environ []string
		args    string
		code    int
		says    string
	}{
		{"an unknown command", nil, "symbol", 2, "did you mean symbols?"},
		{"an unknown command below another", nil, "config chekc", 2, "did you mean check?"},
		{"a shell that has no completion", nil, "completion tcsh", 2, "unknown command \"tcsh\" for runner completion"},
		{"a flag's number that is none", nil, "run --rate abc", 2, `--rate "abc": expected a number; see runner run --help`},
		{"a flag's duration without a unit", nil, "run --duration 5", 2, `--duration "5": expected a duration with its unit, such as 60s`},
		{"a message's number that is none", nil, "poison show abc", 2, `"abc": expected the number of a message`},
		{"the sandbox's flags without it", good, "run --rate 100", 2, "--rate is for the sandbox exchange: add --sandbox"},
		{"a file where standard input is read", nil, "decode payloads.jsonl", 2, "runner decode < FILE"},
		{"an unknown flag", nil, "run --sandbx", 2, "run --help"},
		{"a leftover argument", nil, "tree AOT", 2, "takes no arguments"},
		{"an unknown output", nil, "tree -o xml", 2, "table or json"},
		{"a replay of nothing", nil, "poison replay", 2, "the number of one message"},
		{"a replay of one and all", nil, "poison replay 1 --all", 2, "got both"},
		{"tail of nothing", nil, "tail", 2, "needs at least one symbol"},
		{"a rate of 0", nil, "run --sandbox --rate 0", 2, "1 to 100000"},
		{"a clock that is none", nil, "run --sandbox --sandbox-clock noon", 2, "open or day"},
		{"a summary of another form", nil, "run --summary xml", 2, "text, json or none"},
		{"chaos without time", nil, "chaos --duration 0s", 2, "such as 5m"},
		{"chaos at a rate of 0", nil, "chaos --rate 0", 2, "1 to 100000"},
		{"a log level that is none", nil, "log-level loud", 2, "debug, info, warn or error"},
		{"the default level of nothing", nil, "log-level default", 2, "debug, info, warn or error"},
		{"a history of more than there is", nil, "history --minutes 1441", 2, "1 to 1440"},
		{"no credentials", nil, "run", 3, "SETTRADE_APP_SECRET"},
		{"a secret that is no base64", with("SETTRADE_APP_SECRET=%%"), "run", 3, "credentials.app_secret: is not base64"},
		{"a secret that is no scalar", with("SETTRADE_APP_SECRET=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), "run", 3, "no private key of P-256"},
		{"a base URL that is none", with("SETTRADE_BASE_URL=nowhere"), "run", 3, "credentials.base_url"},
		{"a base URL in the clear", with("SETTRADE_BASE_URL=http://x"), "run", 3, "https"},
		{"a capacity of 0", good, "run --set dispatcher.capacity=0", 3, "dispatcher.capacity"},
		{"a typo in a file", good, "run --config " + typo, 3, "typo.yaml:2: dispatcher.capacty: unknown key, did you mean dispatcher.capacity?"},
		{"a file that is not there", good, "run --config " + dir + "/none.yaml", 3, "none.yaml"},
		{"an impossible symbol", good, "run --symbols A/B", 3, "A/B"},
		{"an unknown strategy type", good, "run --set strategies=[{name:x,type:dmo}]", 3, "dmo"},
		{"an authority that is not there", good, "run --set tls.ca_file=" + dir + "/no.pem", 3, "tls.ca_file"},
		{"a port in use", good, "run --addr " + taken.Addr().String(), 1, "--addr"},
		{"an address on the network", good, "run --addr 0.0.0.0:1", 3, "loopback"},
		{"nobody there, and no patience", good, "run --fail-fast --addr 127.0.0.1:0", 5, "connection refused"},
		{"nobody to ask", nil, "tree --addr 127.0.0.1:1", 5, "--addr"},
		{"the sandbox on the network", nil, "sandbox --listen 0.0.0.0:1", 2, "loopback"},
		{"a configuration to check", nil, "config check " + typo, 3, "capacty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errs := invoke(t, t.Context(), c.environ, "", strings.Fields(c.args)...)
			if code != c.code || !strings.Contains(errs, c.says) {
				t.Errorf("exit %d, want %d; said %q, want %q", code, c.code, errs, c.says)
			}
			if strings.Contains(out+errs, "goroutine ") || strings.Contains(out+errs, "AAAAAAAA") {
				t.Errorf("a stack trace or a secret: %s%s", out, errs)
			}
		})
	}
}

func TestDecodePassesTheVectorsOfTheOfficialSDK(t *testing.T) {
	raw, err := os.ReadFile("../../../internal/codec/testdata/vectors.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	code, out, errs := invoke(t, t.Context(), nil, string(raw), "decode")
	if code != 0 || errs != "" {
		t.Fatalf("exit %d: %s", code, errs)
	}
	want := bufio.NewScanner(bytes.NewReader(raw))
	want.Buffer(nil, 64<<20)
	n := 0
	for line := range strings.Lines(out) {
		if !want.Scan() {
			t.Fatal("more lines out than in")
		}
		var w struct {
			Name  string
			Event any
			Error string
		}
		var g struct {
			Name    string
			Event   any
			Payload *string
			Error   struct{ Class string }
		}
		if err := json.Unmarshal(want.Bytes(), &w); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(line), &g); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		n++
		if g.Name != w.Name || g.Payload != nil || !reflect.DeepEqual(g.Event, w.Event) || (w.Error != "" && w.Error != "any" && g.Error.Class != w.Error) || (w.Error == "any" && g.Error.Class == "") {
			t.Errorf("%s: got %s", w.Name, line)
		}
	}
	if n != 532 {
		t.Errorf("%d lines out, want 532", n)
	}
}

func TestDecodeAnswersEveryLineWhateverItHolds(t *testing.T) {
	in := "nonsense\n\n{\"topic\":1}\n{\"a\":[1,2],\"topic\":\"proto/topic/infov3/AOT\",\"payload\":\"!\",\"b\":null}\n" +
		"{\"topic\":\"no/such\",\"payload\":\"\"}\n{} {}\n{\"topic\":\"proto/topic/infov3/AOT\",\"payload\":\"" + strings.Repeat("AAAA", 30_000) + "\"}"
	code, out, _ := invoke(t, t.Context(), nil, in, "decode")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	wants := []string{`"malformed"`, `"malformed"`, `{"a":[1,2],"topic":"proto/topic/infov3/AOT","b":null,"error":`, `"unknown_topic"`, `"malformed"`, `"oversized"`}
	if code != 0 || len(lines) != len(wants) {
		t.Fatalf("exit %d, %d lines: %s", code, len(lines), out)
	}
	for i, want := range wants {
		if !strings.Contains(lines[i], want) || !json.Valid([]byte(lines[i])) {
			t.Errorf("line %d: %s, want %s", i, lines[i], want)
		}
	}
}

func TestARunOnTheSandboxBalancesAndCanBeLookedAtWhileItRuns(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out, errs harness.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, types(), strings.Fields("run --sandbox --rate 2000 --summary json --addr 127.0.0.1:0 --symbols aot,PTT"),
			Streams{In: strings.NewReader(""), Out: &out, Err: &errs})
	}()
	addr := await(t, &errs, "http_listening", "url")
	admin := await(t, &errs, "sandbox_started", "admin")
	await(t, &errs, "subscribed", "epoch")
	addr = strings.TrimPrefix(addr, "http://")

	look := func(args ...string) string {
		t.Helper()
		code, o, e := invoke(t, t.Context(), nil, "", append(args, "--addr", addr)...)
		if code != 0 {
			t.Fatalf("%v: exit %d: %s", args, code, e)
		}
		return o
	}
	if got := look("health"); got != "ready\n" {
		t.Errorf("health: %s", got)
	}
	if got := look("tree"); !strings.Contains(got, "└─ demo  running") || !strings.Contains(got, "sandbox_admin: "+admin) {
		t.Errorf("tree: %s", got)
	}
	tailOf(t, addr)
	if got := look("strategies", "restart", "demo"); got != "demo: restart\n" {
		t.Errorf("restart: %s", got)
	}
	if code, _, e := invoke(t, t.Context(), nil, "", "strategies", "resume", "demo", "--addr", addr); code != 1 || !strings.Contains(e, "not in quarantine") {
		t.Errorf("resume: exit %d: %s", code, e)
	}
	post(t, admin+"/publish", `{"topic":"proto/topic/infov3/AOT","payload":"Dw=="}`)
	for !strings.Contains(look("poison", "list"), "malformed") {
		// it is on its way
	}
	if got := look("poison", "show", "1"); !strings.Contains(got, "payload  Dw==") {
		t.Errorf("poison: %s", got)
	}
	for _, args := range []string{"poison replay 1", "poison replay --all"} {
		code, o, e := invoke(t, t.Context(), nil, "", append(strings.Fields(args), "--addr", addr)...)
		if code != 6 || !strings.HasPrefix(o, "1: undecodable, malformed: decode price_info") || e != "" {
			t.Errorf("%s: exit %d: %s%s", args, code, o, e)
		}
	}
	if code, _, e := invoke(t, t.Context(), nil, "", "poison", "replay", "7", "--addr", addr); code != 1 || !strings.Contains(e, "no such message is kept: 7") {
		t.Errorf("replay of what is not kept: exit %d: %s", code, e)
	}
	for _, path := range []string{"/poison", "/poison/1/replay", "/strategies/demo/restart"} {
		if res := post(t, "http://"+addr+path, ""); res != http.StatusUnauthorized && res != http.StatusNotFound && res != http.StatusMethodNotAllowed {
			t.Errorf("%s without a token: %d", path, res)
		}
	}
	if got := look("symbols", "-o", "json"); !strings.Contains(got, `"symbol": "AOT"`) || !strings.Contains(got, `"state": "live"`) {
		t.Errorf("symbols: %s", got)
	}
	if got := look("strategies"); !strings.Contains(got, "demo") {
		t.Errorf("strategies: %s", got)
	}
	post(t, admin+"/faults", `{"kind":"cut"}`)
	await(t, &errs, "connection_lost", "reason")
	awaitCount(t, &errs, `"event":"subscribed"`, 2)
	cancel()
	if code := <-ended; code != 0 {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	var s ledger.Snapshot
	if err := json.Unmarshal([]byte(out.String()), &s); err != nil {
		t.Fatalf("standard output is not one JSON object: %v in %s", err, out.String())
	}
	if !s.Balanced() || s.Epoch != 2 || s.Exchange == nil || s.Feed.Received > s.Exchange.Delivered || s.Symbols.Subscribed != 2 {
		t.Errorf("%s", out.String())
	}
	if !strings.Contains(errs.String(), "taken as AOT") {
		t.Error("nothing was said of the symbol that was changed")
	}
}

func post(t *testing.T, address, body string) (status int) {
	t.Helper()
	res, err := http.Post(address, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

// tailOf reads events until it has seen three, then hangs up.
func tailOf(t *testing.T, addr string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	go func() {
		Run(ctx, types(), []string{"tail", "AOT", "-o", "json", "--addr", addr}, Streams{In: strings.NewReader(""), Out: w, Err: io.Discard})
		w.Close()
	}()
	lines := bufio.NewScanner(r)
	for n := 0; n < 3; {
		if !lines.Scan() {
			t.Fatal("the tail ended")
		}
		var e struct{ Type, Symbol string }
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("%v in %s", err, lines.Text())
		}
		if (e.Type == "bid_offer" || e.Type == "price_info") && e.Symbol == "AOT" {
			n++
		}
	}
	cancel()
	go io.Copy(io.Discard, r)
}

// await waits for a log line of an event and gives one of its values.
func await(t *testing.T, b *harness.Buffer, event, key string) string {
	t.Helper()
	var value string
	eventually(t, b, "event "+event, func(line string) bool {
		var l map[string]any
		if json.Unmarshal([]byte(line), &l) != nil || l["event"] != event {
			return false
		}
		value = fmt.Sprint(l[key])
		return true
	}, 1)
	return value
}

func awaitCount(t *testing.T, b *harness.Buffer, text string, n int) {
	t.Helper()
	eventually(t, b, text, func(line string) bool { return strings.Contains(line, text) }, n)
}

func eventually(t *testing.T, b *harness.Buffer, what string, is func(string) bool, times int) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	over := time.After(30 * time.Second)
	for {
		n := 0
		for line := range strings.Lines(b.String()) {
			if is(line) {
				n++
			}
		}
		if n >= times {
			return
		}
		select {
		case <-look.C:
		case <-over:
			t.Fatalf("waited in vain for %s in:\n%s", what, b.String())
		}
	}
}

func TestTheConfigurationCanBeShownAndPrinted(t *testing.T) {
	secret := "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE="
	code, out, _ := invoke(t, t.Context(), []string{"SETTRADE_APP_SECRET=" + secret, "FEEDTREE_DISPATCHER_CAPACITY=7"}, "", "config", "show")
	if code != 0 || strings.Contains(out, secret) || !strings.Contains(out, "dispatcher.capacity: 7") || !strings.Contains(out, "FEEDTREE_DISPATCHER_CAPACITY") {
		t.Errorf("exit %d: %s", code, out)
	}
	code, out, _ = invoke(t, t.Context(), nil, "", "config", "default")
	file := filepath.Join(t.TempDir(), "feedtree.yaml")
	os.WriteFile(file, []byte(out), 0o600)
	if code != 0 {
		t.Fatal(code)
	}
	if code, _, errs := invoke(t, t.Context(), nil, "", "config", "check", file); code != 0 {
		t.Errorf("the reference is refused: %s", errs)
	}
}

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	a := &program{types: types()}
	for _, c := range a.command().Commands() {
		if c.Name() == "completion" || c.Name() == "help" {
			continue
		}
		if c.Short == "" || c.Example == "" {
			t.Errorf("%s has no help or no example", c.Name())
		}
	}
	for _, args := range []string{"version", "completion bash", "--help", "run --help"} {
		if code, out, errs := invoke(t, t.Context(), nil, "", strings.Fields(args)...); code != 0 || out == "" {
			t.Errorf("%s: exit %d: %s", args, code, errs)
		}
	}
}
