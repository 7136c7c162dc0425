// Package prometheus_test holds what stands under deploy/ to the feed that it is for: the
// alert rules, by promtool and in a real Prometheus that watches real runners with faults in
// force; the dashboard, each of its expressions asked there; compose, as far as
// can be told without an engine. Where there is no prometheus those parts skip; CI installs it.
package prometheus_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// root is where the repository begins.
const root = "../.."

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func parse(t *testing.T, name string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, name)), into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

type rule struct {
	Alert       string
	Expr        string
	For         string `yaml:",omitempty"`
	Labels      map[string]string
	Annotations map[string]string
}

type ruleFile struct {
	Groups []struct {
		Name  string
		Rules []rule
	}
}

func rules(t *testing.T) (out []rule) {
	t.Helper()
	var f ruleFile
	parse(t, "deploy/prometheus/alerts.yaml", &f)
	for _, g := range f.Groups {
		out = append(out, g.Rules...)
	}
	if len(out) < 15 {
		t.Fatalf("only %d rules", len(out))
	}
	return out
}

// documented are the metrics of the table in docs/telemetry.md, as Prometheus names them.
func documented(t *testing.T) map[string]bool {
	t.Helper()
	_, rest, _ := strings.Cut(read(t, "docs/telemetry.md"), "<!-- metrics -->")
	table, _, _ := strings.Cut(rest, "<!-- end -->")
	out := map[string]bool{}
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, "|"); len(cells) > 3 {
			out[strings.Trim(cells[2], " `")] = true
		}
	}
	if len(out) < 60 {
		t.Fatalf("only %d metrics in the table", len(out))
	}
	return out
}

var ours = regexp.MustCompile(`\b(?:feedtree|messaging)_\w+`)

// undocumented are the metrics in an expression that the table does not have. Labels that
// begin like a metric are in the table, too, as those of one.
func undocumented(t *testing.T, expr string) (out []string) {
	t.Helper()
	known := documented(t)
	labels := []string{"messaging_consumer_group_name", "messaging_system", "messaging_operation_name"}
	for _, name := range ours.FindAllString(expr, -1) {
		plain := name
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			plain = strings.TrimSuffix(plain, suffix)
		}
		if !known[name] && !known[plain] && !slices.Contains(labels, name) {
			out = append(out, name)
		}
	}
	return out
}

func TestAlertsNameOnlyDocumentedMetrics(t *testing.T) {
	for _, r := range rules(t) {
		if bad := undocumented(t, r.Expr); bad != nil {
			t.Errorf("%s: %v: not in docs/telemetry.md", r.Alert, bad)
		}
	}
	if undocumented(t, "rate(feedtree_feed_recieved_total[1m])") == nil {
		t.Error("a misspelt metric was not noticed")
	}
}

func TestEveryAlertSaysWhatItIsAndWhatToDo(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rules(t) {
		if seen[r.Alert] {
			t.Errorf("%s: there are two", r.Alert)
		}
		seen[r.Alert] = true
		if s := r.Labels["severity"]; s != "critical" && s != "warning" {
			t.Errorf("%s: severity %q", r.Alert, s)
		}
		a := r.Annotations
		if a["summary"] == "" || len(a["description"]) < 100 {
			t.Errorf("%s: summary %q, description %q", r.Alert, a["summary"], a["description"])
		}
		if want := "https://github.com/feedtree/feedtree/blob/main/docs/runbook.md#" + strings.ToLower(r.Alert); a["runbook_url"] != want {
			t.Errorf("%s: runbook_url %q, want %q", r.Alert, a["runbook_url"], want)
		}
	}
	// The runbook has these sections and no others, each with both its parts.
	sections := strings.Split(read(t, "docs/runbook.md"), "\n## ")[1:]
	for _, s := range sections {
		title, body, _ := strings.Cut(s, "\n")
		if !seen[title] {
			t.Errorf("the runbook has a section %q, and there is no such alert", title)
		}
		delete(seen, title)
		if !strings.Contains(body, "- **Look**: ") || !strings.Contains(body, "- **Do**: ") {
			t.Errorf("the runbook's %s does not say what to look at and what to do", title)
		}
	}
	for alert := range seen {
		t.Errorf("%s: the runbook has no such section", alert)
	}
}

func TestEveryAlertHasACaseInWhichItFiresAndOneInWhichItIsQuiet(t *testing.T) {
	var f struct {
		Tests []struct {
			Name  string
			Exprs []struct {
				Samples []struct{ Labels string } `yaml:"exp_samples"`
			} `yaml:"promql_expr_test"`
		}
	}
	parse(t, "deploy/prometheus/alerts_test.yaml", &f)
	fires, quiet := map[string]bool{}, map[string]bool{}
	for _, c := range f.Tests {
		alert, says, _ := strings.Cut(c.Name, " ")
		for _, e := range c.Exprs {
			if len(e.Samples) == 0 && strings.HasPrefix(says, "is quiet") {
				quiet[alert] = true
			}
			for _, s := range e.Samples {
				if strings.Contains(s.Labels, `alertname="`+alert+`",alertstate="firing"`) {
					fires[alert] = true
				}
			}
		}
	}
	for _, r := range rules(t) {
		if !fires[r.Alert] || !quiet[r.Alert] {
			t.Errorf("%s: fires in a case: %v; is quiet in one: %v", r.Alert, fires[r.Alert], quiet[r.Alert])
		}
	}
}
