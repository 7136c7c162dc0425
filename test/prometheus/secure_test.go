package prometheus_test

import (
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/feedtree/feedtree/test/certtest"
)

// scrapeOf is the job of docs/telemetry.md for a door off loopback; mutual with what is
// commented out there.
func scrapeOf(t *testing.T, mutual bool) (job map[string]any) {
	t.Helper()
	_, rest, _ := strings.Cut(read(t, "docs/telemetry.md"), "<!-- scrape -->")
	text, _, ok := strings.Cut(rest, "<!-- end -->")
	if !ok {
		t.Fatal("docs/telemetry.md has no job for a door off loopback")
	}
	if mutual {
		for _, key := range []string{"cert_file", "key_file"} {
			text = strings.Replace(text, "# "+key+":", key+":", 1)
		}
	}
	var jobs []map[string]any
	if err := yaml.Unmarshal([]byte(text), &jobs); err != nil || len(jobs) != 1 {
		t.Fatalf("%v: %s", err, text)
	}
	return jobs[0]
}

func TestPrometheusScrapesADoorOffLoopbackAsTheDocumentSays(t *testing.T) {
	if _, err := exec.LookPath("prometheus"); err != nil {
		t.Skip("there is no prometheus")
	}
	ca := certtest.New(t)
	server, client := ca.Server("localhost"), ca.Client()
	dir := t.TempDir()
	token, wrong := filepath.Join(dir, "token"), filepath.Join(dir, "wrong")
	for file, text := range map[string]string{token: "a-token-that-nobody-guesses\n", wrong: "another-token-altogether\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	binary := build(t)
	secure := fmt.Sprintf("http:\n  token: a-token-that-nobody-guesses\n  tls: {cert_file: %s, key_file: %s", server.CertFile, server.KeyFile)
	one := launch(t, binary, "one", secure+"}\n", "--addr", "0.0.0.0:0")
	both := launch(t, binary, "both", secure+", client_ca_file: "+ca.File+"}\n", "--addr", "0.0.0.0:0")
	files := map[string]string{"/etc/prometheus/feedtree.token": token, "/etc/prometheus/feedtree-ca.crt": ca.File,
		"/etc/prometheus/client.crt": client.CertFile, "/etc/prometheus/client.key": client.KeyFile}
	var jobs []any
	job := func(name string, r *runner, mutual bool, files map[string]string) {
		j := scrapeOf(t, mutual)
		_, port, err := net.SplitHostPort(r.addr)
		if err != nil {
			t.Fatal(err)
		}
		j["job_name"], j["static_configs"] = name, []any{map[string]any{"targets": []string{"localhost:" + port}}}
		for _, section := range []string{"authorization", "tls_config"} {
			for key, file := range j[section].(map[string]any) {
				j[section].(map[string]any)[key] = files[file.(string)]
			}
		}
		jobs = append(jobs, j)
	}
	refused := maps.Clone(files)
	refused["/etc/prometheus/feedtree.token"] = wrong
	job("token", one, false, files)
	job("both", both, true, files)
	job("another token", one, false, refused)
	job("no certificate", both, false, files)
	prometheus := scrape(t, jobs)
	eventually(t, "every job to be tried, and those that are known to get in", func() bool {
		tried, err := prometheus.query("count_over_time(up[5m]) > 1")
		in, inErr := prometheus.query(`up{job=~"token|both"} == 1`)
		return err == nil && inErr == nil && len(tried) == 4 && len(in) == 2
	})
	if got, err := prometheus.query(`max_over_time(up{job!~"token|both"}[5m]) == 0`); err != nil || len(got) != 2 {
		t.Errorf("who is not known gets in: %v, %v", got, err)
	}
	eventually(t, "both to be ready, and to tell whom they turned away", func() bool {
		ready, err := prometheus.query("feedtree_ready == 1")
		turned, terr := prometheus.query(`feedtree_http_refused_total{job="token", error_type="token"} > 0 or feedtree_http_refused_total{job="both", error_type="certificate"} > 0`)
		return err == nil && terr == nil && len(ready) == 2 && len(turned) == 2
	})
}
