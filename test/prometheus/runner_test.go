package prometheus_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a thing may take that takes seconds when all is well.
const patience = 90 * time.Second

// eventually waits for a condition, looking often.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	over := time.After(patience)
	for !is() {
		select {
		case <-look.C:
		case <-over:
			t.Fatalf("waited %v for %s", patience, what)
		}
	}
}

// build makes the runner as its users have it.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "runner")
	c := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "./cmd/runner")
	c.Dir = root
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("build the runner: %v\n%s", err, out)
	}
	return binary
}

// runner is a process of its own, on its own sandbox exchange.
type runner struct {
	t           *testing.T
	cmd         *exec.Cmd
	ended       chan struct{}
	addr, admin string

	mu  sync.Mutex
	log bytes.Buffer
}

// start runs a feed of a hundred messages a second with a configuration, and waits until it
// is ready.
func start(t *testing.T, binary, name, configuration string, more ...string) *runner {
	t.Helper()
	r := launch(t, binary, name, configuration, more...)
	eventually(t, name+" to be ready", func() bool {
		res, err := http.Get("http://" + r.addrs() + "/readyz")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return r
}

// launch is start without the last of it.
func launch(t *testing.T, binary, name, configuration string, more ...string) *runner {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, name+".yaml")
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	r := &runner{t: t, ended: make(chan struct{})}
	r.cmd = exec.Command(binary, append([]string{"run", "--sandbox", "--rate", "100", "--sandbox-symbols", "5",
		"--addr", "127.0.0.1:0", "--summary", "none", "--log-format", "json", "--config", file}, more...)...)
	r.cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "GOMAXPROCS=2"}
	logs, err := r.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.kill)
	go r.follow(logs)
	eventually(t, name+" to listen", func() bool { return r.addrs() != "" })
	return r
}

// follow reads the log, where the addresses are.
func (r *runner) follow(logs io.Reader) {
	lines := bufio.NewScanner(logs)
	for lines.Scan() {
		var l struct{ Event, URL, Admin string }
		json.Unmarshal(lines.Bytes(), &l) // a line that is no JSON holds none
		r.mu.Lock()
		r.log.Write(append(lines.Bytes(), '\n'))
		switch l.Event {
		case "http_listening":
			_, r.addr, _ = strings.Cut(l.URL, "://")
		case "sandbox_started":
			r.admin = l.Admin
		}
		r.mu.Unlock()
	}
	r.cmd.Wait()
	close(r.ended)
}

func (r *runner) addrs() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.admin == "" {
		return ""
	}
	return r.addr
}

// kill ends the process at once; its exchange ends with it.
func (r *runner) kill() {
	r.cmd.Process.Kill()
	<-r.ended
	if r.t.Failed() && os.Getenv("FEEDTREE_TEST_LOG") != "" {
		r.t.Logf("%s", r.log.String())
	}
}

// fault puts a fault in force.
func (r *runner) fault(body string) {
	r.t.Helper()
	res, err := http.Post(r.admin+"/faults", "application/json", strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		text, _ := io.ReadAll(res.Body)
		r.t.Fatalf("fault %s: %s: %s", body, res.Status, text)
	}
}
