package prometheus_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

type panel struct {
	ID      int
	Type    string
	Title   string
	GridPos struct{ H, W, X, Y int }
	Source  struct{ UID string } `json:"datasource"`
	Targets []struct {
		Expr   string
		Source struct{ UID string } `json:"datasource"`
	}
}

type dashboard struct {
	UID         string
	Panels      []panel
	Annotations struct{ List []struct{ Expr string } }
	Templating  struct{ List []struct{ Name string } }
}

func theDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	if err := json.Unmarshal([]byte(read(t, "deploy/grafana/dashboards/feedtree.json")), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Panels) < 30 {
		t.Fatalf("only %d panels", len(d.Panels))
	}
	return d
}

// exprs are the dashboard's expressions, by where they stand.
func (d dashboard) exprs() map[string]string {
	out := map[string]string{}
	for _, p := range d.Panels {
		for i, target := range p.Targets {
			out[fmt.Sprintf("%s, %c", p.Title, 'A'+i)] = target.Expr
		}
	}
	for i, a := range d.Annotations.List {
		out[fmt.Sprintf("annotation %d", i)] = a.Expr
	}
	return out
}

func TestTheDashboardIsWhole(t *testing.T) {
	d := theDashboard(t)
	ids := map[int]bool{}
	var taken [1000][24]string
	rows := ""
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("%s: there are two panels %d", p.Title, p.ID)
		}
		ids[p.ID] = true
		g := p.GridPos
		if g.X < 0 || g.W < 1 || g.X+g.W > 24 {
			t.Errorf("%s: %+v is beyond the grid", p.Title, g)
			continue
		}
		for y := g.Y; y < g.Y+g.H; y++ {
			for x := g.X; x < g.X+g.W; x++ {
				if taken[y][x] != "" {
					t.Fatalf("%s lies on %s", p.Title, taken[y][x])
				}
				taken[y][x] = p.Title
			}
		}
		if p.Type == "row" {
			rows += p.Title + "; "
			continue
		}
		if p.Source.UID != "${datasource}" || len(p.Targets) == 0 {
			t.Errorf("%s: datasource %q, %d targets", p.Title, p.Source.UID, len(p.Targets))
		}
		for _, target := range p.Targets {
			if target.Source.UID != "${datasource}" {
				t.Errorf("%s: a target of datasource %q", p.Title, target.Source.UID)
			}
		}
	}
	if want := "Now; Flow and ledgers; Latency by stage; Health; Supervision and queues; Resources; "; rows != want {
		t.Errorf("rows %s, want %s", rows, want)
	}
}

func TestTheDashboardNamesOnlyDocumentedMetrics(t *testing.T) {
	for where, expr := range theDashboard(t).exprs() {
		if bad := undocumented(t, expr); bad != nil {
			t.Errorf("%s: %v: not in docs/telemetry.md", where, bad)
		}
		if !strings.Contains(expr, "$instance") {
			t.Errorf("%s: shows every runner, whichever is chosen: %s", where, expr)
		}
	}
}

// empty are the expressions that a healthy feed has no data for, with the reason. Those of
// the runners that something is the matter with must have some all the same.
var empty = map[string]string{
	"annotation 0": "it reconnects when something is the matter",
	"annotation 1": "alerts fire when something is the matter",
	"Traces, A":    "it has no collector, so nothing is traced",
	"Traces, B":    "it has no collector, so nothing is traced",
}

// askTheDashboard evaluates every expression for the healthy runner.
func askTheDashboard(t *testing.T, p *server) {
	t.Helper()
	d := theDashboard(t)
	known := []string{"$instance", "", "$strategy", ".*", "$__rate_interval", "10s", "$__interval", "10s"}
	ask := func(expr, instance string) (bool, error) {
		known[1] = instance
		expr = strings.NewReplacer(known...).Replace(expr)
		if strings.Contains(expr, "$") {
			return false, fmt.Errorf("an unknown variable in %s", expr)
		}
		got, err := p.query(expr)
		for _, s := range got {
			if v, err := strconv.ParseFloat(fmt.Sprint(s.Value[1]), 64); err == nil && !math.IsNaN(v) {
				return true, nil
			}
		}
		return false, err
	}
	for where, expr := range d.exprs() {
		instance := healthy
		if empty[where] != "" {
			instance = ".*"
		}
		if ok, err := ask(expr, instance); err != nil || !ok {
			t.Errorf("%s: no data (%v) for %s", where, err, expr)
		}
	}
}
