package prometheus_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

type service struct {
	Image       string
	Build       struct{ Context, Dockerfile string }
	NetworkMode string `yaml:"network_mode"`
	Ports       []string
	Volumes     []string
	Command     []string
}

// pinned is an image by a version of its own, or a stage of the same file.
var pinned = regexp.MustCompile(`:v?\d+\.\d+`)

func exists(t *testing.T, what, path string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

func TestComposeNamesWhatThereIsAndOpensNothingToTheNetwork(t *testing.T) {
	const dir = root + "/deploy/compose"
	var f struct {
		Services map[string]service
		Volumes  map[string]any
	}
	parse(t, "deploy/compose/docker-compose.yaml", &f)
	for _, name := range []string{"runner", "prometheus", "grafana", "jaeger"} {
		if f.Services[name].NetworkMode != "service:pod" {
			t.Errorf("%s: network_mode %q: it cannot reach the others' loopback", name, f.Services[name].NetworkMode)
		}
	}
	for name, s := range f.Services {
		if b := s.Build; b.Context != "" {
			exists(t, name, filepath.Join(dir, b.Context, b.Dockerfile))
		} else if !pinned.MatchString(s.Image) {
			t.Errorf("%s: image %q has no version", name, s.Image)
		}
		for _, p := range s.Ports {
			if !strings.HasPrefix(p, "127.0.0.1:") {
				t.Errorf("%s: port %q is open to the network", name, p)
			}
		}
		for _, v := range s.Volumes {
			source, _, _ := strings.Cut(v, ":")
			if _, named := f.Volumes[source]; !named {
				exists(t, name, filepath.Join(dir, source))
			}
		}
	}
	for line := range strings.Lines(read(t, "deploy/compose/Dockerfile")) {
		if from, ok := strings.CutPrefix(line, "FROM "); ok && !pinned.MatchString(from) && strings.TrimSpace(from) != "scratch" {
			t.Errorf("Dockerfile: %q has no version", line)
		}
	}
}

// What one container calls a file the other mounts: a directory that is missing there would
// only be noticed in front of an empty Grafana.
func TestWhatIsMountedIsWhereItIsLookedFor(t *testing.T) {
	compose := read(t, "deploy/compose/docker-compose.yaml")
	var provider struct {
		Providers []struct{ Options struct{ Path string } }
	}
	parse(t, "deploy/grafana/provisioning/dashboards/feedtree.yaml", &provider)
	for _, p := range provider.Providers {
		if !strings.Contains(compose, "../grafana/dashboards:"+p.Options.Path+":ro") {
			t.Errorf("compose does not mount the dashboards at %s", p.Options.Path)
		}
	}
	var sources struct {
		Datasources []struct {
			UID, Type, URL string
			JSON           struct {
				Interval string `yaml:"timeInterval"`
				Traces   []struct {
					UID string `yaml:"datasourceUid"`
				} `yaml:"exemplarTraceIdDestinations"`
			} `yaml:"jsonData"`
		}
	}
	parse(t, "deploy/grafana/provisioning/datasources/prometheus.yaml", &sources)
	urls := map[string]string{}
	for _, s := range sources.Datasources {
		urls[s.UID] = s.URL
	}
	if urls["prometheus"] != "http://localhost:9090" || urls["jaeger"] != "http://localhost:16686" {
		t.Errorf("datasources %v: not where compose and the documentation start them", urls)
	}
	for _, s := range sources.Datasources {
		for _, to := range s.JSON.Traces {
			if urls[to.UID] == "" {
				t.Errorf("%s: exemplars lead to %q, and there is no such datasource", s.UID, to.UID)
			}
		}
	}
	var prometheus struct {
		Global  map[string]string
		Scrapes []struct {
			Job     string                       `yaml:"job_name"`
			Targets []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	parse(t, "deploy/prometheus/prometheus.yaml", &prometheus)
	s := prometheus.Scrapes[0]
	if s.Job != "feedtree" || s.Targets[0].Targets[0] != "127.0.0.1:9330" || prometheus.Global["scrape_interval"] != sources.Datasources[0].JSON.Interval {
		t.Errorf("prometheus.yaml: %+v, interval %v: expected the runner's default address, the job that the rules name, and the interval that Grafana is told",
			s, prometheus.Global)
	}
}
