package prometheus_test

import (
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
)

// scenario is a runner with something the matter, and the alerts that must fire for it.
type scenario struct {
	config string
	args   []string
	spoil  func(r *runner)
	want   []string
}

func demo(name, params, more string) string {
	return "strategies: [{name: " + name + ", type: demo, params: {" + params + "}" + more + "}]\n"
}

func faults(bodies ...string) func(*runner) {
	return func(r *runner) {
		for _, b := range bodies {
			r.fault(b)
		}
	}
}

// scenarios are all the alerts but three: there is no way to make the feed lose count
// (FeedtreeLedgerUnbalanced), nor to hold up its own parts from without (FeedtreePartStuck),
// nor to make its dispatcher panic (FeedtreeDispatcherFailures).
func scenarios(t *testing.T) map[string]scenario {
	return map[string]scenario{
		// What docs/telemetry.md has a newcomer start, in a hurry.
		"newcomer":  {config: read(t, "deploy/demo.yaml"), args: []string{"--rate", "4000"}, want: []string{"FeedtreeStrategyFailures"}},
		"malformed": {spoil: faults(`{"kind":"malform","ratio":0.1}`), want: []string{"FeedtreeParseErrors"}},
		"panicking": {
			config: demo("panicking", "panic_every: 20", ", supervision: {backoff: {max: 200ms}}"),
			want:   []string{"FeedtreeStrategyFailures", "FeedtreeStrategyQuarantined"},
		},
		"slow": {
			config: demo("slow", "sleep_every: 1, sleep_for: 100ms", ", mailbox: {capacity: 20}"),
			want:   []string{"FeedtreeDrops", "FeedtreeDropRate", "FeedtreeMailboxFilling"},
		},
		"behind": {
			config: demo("behind", "sleep_every: 1, sleep_for: 100ms", ""),
			want:   []string{"FeedtreeBacklogOld", "FeedtreeLatencyHigh"},
		},
		"stuck": {
			config: demo("stuck", "block_after: 50", ", supervision: {receive_deadline: 1s}"),
			want:   []string{"FeedtreeStrategyStuck"},
		},
		"escalating": {
			config: demo("escalating", "panic_every: 100", ", supervision: {after: escalate, backoff: {max: 200ms}, budget: {restarts: 1}}"),
			want:   []string{"FeedtreeEscalated"},
		},
		"dead": {spoil: faults(`{"kind":"rate","per_second":0}`), want: []string{"FeedtreeFeedDead"}},
		"refused": {
			config: "market: {sessions: []}\n", // whatever the hour and the day, it should be open
			spoil:  faults(`{"kind":"refuse"}`, `{"kind":"cut"}`),
			want:   []string{"FeedtreeNotConnected", "FeedtreeNotReady"},
		},
		"flapping": {
			config: "session: {backoff: {min: 50ms, max: 500ms}}\n",
			spoil:  faults(`{"kind":"drop","delay":"500ms"}`, `{"kind":"cut"}`),
			want:   []string{"FeedtreeReconnects"},
		},
		"expiring": {
			args:  []string{"--token-ttl", "30s"},
			spoil: faults(`{"kind":"refresh","status":503}`, `{"kind":"login","status":503}`),
			want:  []string{"FeedtreeTokenNotRenewed"},
		},
		"rejected": {
			spoil: faults(`{"kind":"reject","topic":"proto/topic/bidofferv3/AOT"}`, `{"kind":"cut"}`),
			want:  []string{"FeedtreeSubscriptionRejected"},
		},
		"unheard": {
			config: "telemetry: {otlp: {endpoint: 'http://127.0.0.1:1'}}\n",
			want:   []string{"FeedtreeTelemetryDropped"},
		},
		"killed": {spoil: (*runner).kill, want: []string{"FeedtreeDown"}},
	}
}

// healthy is what nothing is the matter with.
const healthy = "healthy"

func TestEachFaultFiresItsAlertsInARealPrometheusAndNoFaultFiresNone(t *testing.T) {
	if testing.Short() {
		t.Skip("this takes a minute, make alerts runs it")
	}
	if _, err := exec.LookPath("prometheus"); err != nil {
		t.Skip("there is no prometheus")
	}
	binary := build(t)
	all := scenarios(t)
	all[healthy] = scenario{config: demo("healthy", "", ", mailbox: {max_age: 1m}"), args: []string{"--set", "telemetry.metrics.symbols=true"}}
	runners := map[string]*runner{}
	var mu sync.Mutex
	var starting sync.WaitGroup
	for name, s := range all {
		starting.Go(func() {
			r := start(t, binary, name, s.config, s.args...)
			mu.Lock()
			defer mu.Unlock()
			runners[name] = r
		})
	}
	starting.Wait()
	if t.Failed() {
		return
	}
	prometheus := watch(t, runners)
	// What the faults change must have been seen as it was before.
	eventually(t, "every runner to be scraped twice", func() bool {
		got, err := prometheus.query(`count_over_time(feedtree_ready[1m]) > 1`)
		return err == nil && len(got) == len(all)
	})
	for name, s := range all {
		if s.spoil != nil {
			s.spoil(runners[name])
		}
	}
	fired := map[string]bool{}
	var want []string
	for name, s := range all {
		for _, alert := range s.want {
			want = append(want, alert+" of "+name)
		}
	}
	slices.Sort(want)
	missing := func() (out []string) {
		for _, w := range want {
			if !fired[w] {
				out = append(out, w)
			}
		}
		return out
	}
	t.Cleanup(func() {
		if m := missing(); m != nil {
			t.Errorf("did not fire: %v", m)
		}
	})
	eventually(t, "every alert to fire", func() bool {
		for _, a := range prometheus.alerts() {
			if a.State != "firing" {
				continue
			}
			key := a.Labels["alertname"] + " of " + a.Labels["instance"]
			if fired[key] {
				continue
			}
			fired[key] = true
			t.Log(a)
			for name, text := range a.Annotations {
				if text == "" || strings.Contains(text, "<no value>") || strings.Contains(text, "<error") {
					t.Errorf("%s of %s: %q", name, key, text)
				}
			}
		}
		return len(missing()) == 0
	})
	quiet(t, prometheus)
	askTheDashboard(t, prometheus)
}

// quiet holds the healthy runner to having fired nothing in all that time.
func quiet(t *testing.T, p *server) {
	t.Helper()
	got, err := p.query(`count_over_time(ALERTS{alertstate="firing", instance="` + healthy + `"}[10m])`)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range got {
		t.Errorf("nothing is the matter, and it fired: %v", s.Metric)
	}
	if got, err := p.query(`count_over_time(up{instance="` + healthy + `"}[10m]) > 5`); err != nil || len(got) != 1 {
		t.Errorf("the healthy runner was not watched: %v, %v", got, err)
	}
}
