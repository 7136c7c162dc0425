package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const marker = "S3CR3T"

func TestTheEffectiveConfigurationIsShownWithItsOrigins(t *testing.T) {
	inTemp(t)
	f := write(t, "c.yaml", `symbols: [AOT, "ON", PTT]
health: {symbols: {BBL-F: 5m}}
market: {holidays: [2026-12-31]}
strategies:
- name: one
  type: spread
  params: {ticks: 2, api_key: S3CR3T, deep: {password: S3CR3T, x: [1, "yes"]}, text: "a: b"}
`)
	l := load(t, Sources{Files: []string{f}, Environ: []string{"SETTRADE_APP_SECRET=" + marker, "SETTRADE_BROKER_ID=098", "FEEDTREE_LOG_LEVEL=debug"}})
	var b bytes.Buffer
	if err := Show(l, &b); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(b.String()), "\n") {
		value, from, ok := strings.Cut(line, "  # ")
		if !ok {
			t.Fatalf("no origin: %q", line)
		}
		key, value, _ := strings.Cut(strings.TrimSpace(value), ": ")
		got[key] = value + " # " + from
	}
	for key, want := range map[string]string{
		"credentials.app_secret":             "[redacted] # environment SETTRADE_APP_SECRET",
		"credentials.app_id":                 `"" # default`,
		"credentials.broker_id":              `098 # environment SETTRADE_BROKER_ID`,
		"credentials.equity_account":         `"" # default`,
		"session.renew_before":               "5m # default",
		"session.fast_lane":                  "true # default",
		"feed.raw_queue.max_bytes":           "64MiB # default",
		"health.symbols.BBL-F":               "5m # file c.yaml:2",
		"market.sessions":                    `[{open: "10:00", close: "12:30"}, {open: "14:00", close: "16:30"}] # default`,
		"market.holidays":                    `["2026-12-31"] # file c.yaml:3`,
		"symbols":                            `[AOT, ON, PTT] # file c.yaml:1`,
		"log.level":                          "debug # environment FEEDTREE_LOG_LEVEL",
		"http.addr":                          "127.0.0.1:9330 # default",
		"strategies[0].name":                 "one # file c.yaml:5",
		"strategies[0].mailbox.drop_warning": "0.01 # default",
		"strategies[0].params.ticks":         "2 # file c.yaml:7",
		"strategies[0].params.api_key":       "[redacted] # file c.yaml:7",
		"strategies[0].params.text":          `"a: b" # file c.yaml:7`,
		"strategies[0].params.deep":          `{password: [redacted], x: [1, yes]} # file c.yaml:7`,
	} {
		if key == "credentials.broker_id" || key == "market.sessions" || key == "market.holidays" {
			want = strings.ReplaceAll(want, "\"", "")
			got[key] = strings.ReplaceAll(got[key], "\"", "")
		}
		if got[key] != want {
			t.Errorf("%s: %s, want %s", key, got[key], want)
		}
	}
	for _, key := range Keys() {
		if key != strategies && key != healthSymbol && got[key] == "" {
			t.Errorf("%s is not shown", key)
		}
	}
	var j bytes.Buffer
	if err := ShowJSON(l, &j); err != nil {
		t.Fatal(err)
	}
	var object map[string]struct {
		Value  any
		Origin string
	}
	if err := json.Unmarshal(j.Bytes(), &object); err != nil {
		t.Fatal(err)
	}
	if len(object) != len(got) || object["dispatcher.capacity"].Value != 100000.0 || object["log.level"].Origin != "environment FEEDTREE_LOG_LEVEL" ||
		object["session.ping_timeout"].Value != "5s" || object["credentials.app_secret"].Value != redacted {
		t.Errorf("%s", j.Bytes())
	}
	if strings.Contains(b.String()+j.String(), marker) {
		t.Error("a secret is shown")
	}
}

// What is shown is YAML, but for the keys, which are written flat: each value reads back.
func TestWhatIsShownReadsBackAsYAML(t *testing.T) {
	for _, s := range []string{"", "a", "true", "no", "1", "1e3", "098", "0x10", "null", "~", "a: b", "a #b", "[x", "- x", "10:00", "2026-01-01", "ก", "a\nb", "*a", "&a", "a:", "AOT", "L&E", "127.0.0.1:9330", "./ca.pem"} {
		var back []string
		if err := yaml.Unmarshal([]byte(inline([]any{s, s})), &back); err != nil || len(back) != 2 || back[0] != s || back[1] != s {
			t.Errorf("%q is shown as %s and read as %q, %v", s, inline(s), back, err)
		}
	}
}

func TestASecretNeverShowsItself(t *testing.T) {
	c := Default()
	c.Credentials = Credentials{AppSecret: marker, EquityAccount: marker, DerivativesAccount: marker}
	c.HTTP.Token = marker
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&b, verb+verb+verb, c, &c, c.Credentials.AppSecret)
	}
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "config", c, "secret", c.Credentials.AppSecret)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "config", c, "secret", c.Credentials.AppSecret)
	if err := json.NewEncoder(&b).Encode(c); err != nil {
		t.Fatal(err)
	}
	if err := yaml.NewEncoder(&b).Encode(c.Credentials); err != nil {
		t.Fatal(err)
	}
	for _, hidden := range []string{marker, fmt.Sprintf("%x", marker), fmt.Sprintf("%X", marker)} {
		if strings.Contains(b.String(), hidden) {
			t.Errorf("shown: %s", b.String())
		}
	}
	if c.Credentials.AppSecret.Reveal() != marker || Secret("").String() != "" {
		t.Error("a secret is not what it was made of")
	}
}

func TestNoErrorOrNoteQuotesASecret(t *testing.T) {
	inTemp(t)
	files := map[string]string{
		"a.yaml": "credentials: " + marker + "\n",
		"b.yaml": "credentials: [" + marker + "]\n",
		"c.yaml": "credentials: {app_secret: [" + marker + "]}\n",
		"d.yaml": "credentials:\n  app_secret: " + marker + ": x\n",
		"e.yaml": "credentials: {app_secret: *" + marker + "}\n",
		"f.yaml": "credentials: {app_secret: \"" + marker + "\\q\"}\n",
		"g.yaml": "credentials: {base_url: \"http://user:" + marker + "@x\", equity_account: " + marker + "/}\n",
		"h.yaml": "credentials: {app_secret: !" + marker + " x}\n",
		"i.yaml": marker,
		"j.yaml": "strategies: [{name: a, type: b, params: {x: !!int " + marker + "}}]\n",
		"k.yaml": "strategies: [{name: a, type: b, params: " + marker + "}]\n",
		"l.yaml": "credentials: {app_secrt: " + marker + "}\n",
		"m.yaml": "http: {token: " + marker + "}\n",
		"n.yaml": "http: {token: [" + marker + "]}\n",
		"o.yaml": "http: " + marker + "\n",
		"p.yaml": "telemetry: {otlp: " + marker + "}\n",
	}
	var s Sources
	for name, text := range files {
		if err := Check(write(t, name, text)); err == nil {
			t.Errorf("%s was accepted", name)
		}
		s.Files = append(s.Files, name)
	}
	s.EnvFile = write(t, "my.env", marker+"\nX='"+marker+"\nFEEDTREE_X="+marker+"\n")
	s.Environ = []string{"SETTRADE_APP_SECRET=" + marker, "SETTRADE_APP_SECRET_FILE=/nowhere/" + marker, "SETTRADE_APP_CODE_FILE=" + marker, "FEEDTREE_APP_SECRET=" + marker,
		"FEEDTREE_HTTP_TOKEN_FILE=" + marker, "FEEDTREE_TELEMETRY_OTLP_HEADERS=" + marker}
	s.Set = []string{marker, "credentials=" + marker, "credentials.x=" + marker}
	_, err := Load(s)
	if err == nil || strings.Contains(err.Error(), marker) {
		t.Errorf("%v", err)
	}
	if n := len(Errors(err)); n < 20 {
		t.Errorf("only %d errors: %v", n, err)
	}
}
