package prometheus_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// server is a Prometheus, with the rules as they stand but for what would take too long.
type server struct {
	t   *testing.T
	url string
}

// hurried is a copy of the rules for a test: nothing has to last, and latency is judged by
// what a machine with a dozen feeds can do.
func hurried(t *testing.T) []byte {
	t.Helper()
	var f ruleFile
	parse(t, "deploy/prometheus/alerts.yaml", &f)
	for _, g := range f.Groups {
		for i := range g.Rules {
			r := &g.Rules[i]
			switch r.Alert {
			case "FeedtreeLedgerUnbalanced": // a single look proves nothing
				r.For = "20s"
			case "FeedtreeDown": // nor does a scrape or two that a busy machine does not get to
				r.For = "10s"
			case "FeedtreeLatencyHigh":
				r.Expr = strings.Replace(r.Expr, "> 0.001", "> 0.25", 1)
				fallthrough
			default:
				if r.For != "" {
					r.For = "3s"
				}
			}
		}
	}
	out, err := yaml.Marshal(map[string]any{"groups": f.Groups})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// watch starts a Prometheus that scrapes these runners, each under its name.
func watch(t *testing.T, runners map[string]*runner) *server {
	t.Helper()
	var targets []any
	for name, r := range runners {
		targets = append(targets, map[string]any{"targets": []string{r.addr}, "labels": map[string]string{"instance": name}})
	}
	return scrape(t, []any{map[string]any{"job_name": "feedtree", "static_configs": targets}})
}

// scrape starts a Prometheus with these jobs.
func scrape(t *testing.T, jobs []any) *server {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config, err := yaml.Marshal(map[string]any{
		"global":         map[string]string{"scrape_interval": "1s", "evaluation_interval": "1s"},
		"rule_files":     []string{"alerts.yaml"},
		"scrape_configs": jobs,
	})
	if err != nil {
		t.Fatal(err)
	}
	write("prometheus.yaml", config)
	write("alerts.yaml", hurried(t))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	var log strings.Builder
	c := exec.Command("prometheus", "--config.file="+dir+"/prometheus.yaml", "--storage.tsdb.path="+dir+"/data",
		"--web.listen-address="+addr, "--log.level=warn")
	c.Stderr = &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
		if t.Failed() {
			t.Logf("prometheus: %s", log.String())
		}
	})
	s := &server{t, "http://" + addr}
	eventually(t, "prometheus to be ready", func() bool {
		res, err := http.Get(s.url + "/-/ready")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return s
}

func (s *server) get(path string, into any) error {
	res, err := http.Get(s.url + path)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var answer struct {
		Status, Error string
		Data          json.RawMessage
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return err
	}
	if answer.Status != "success" {
		return fmt.Errorf("%s: %s", path, answer.Error)
	}
	return json.Unmarshal(answer.Data, into)
}

type alert struct {
	State               string
	Labels, Annotations map[string]string
}

func (a alert) String() string {
	return fmt.Sprintf("%s of %s is %s: %s", a.Labels["alertname"], a.Labels["instance"], a.State, a.Annotations["summary"])
}

// alerts are those that fire or are about to.
func (s *server) alerts() []alert {
	s.t.Helper()
	var data struct{ Alerts []alert }
	if err := s.get("/api/v1/alerts", &data); err != nil {
		s.t.Fatal(err)
	}
	return data.Alerts
}

type sample struct {
	Metric map[string]string
	Value  [2]any
}

// query asks for an expression's value now.
func (s *server) query(expr string) ([]sample, error) {
	var data struct{ Result []sample }
	err := s.get("/api/v1/query?query="+url.QueryEscape(expr), &data)
	return data.Result, err
}
