//go:build linux

package process

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/feedtree/feedtree/test/harness"
	"github.com/feedtree/feedtree/test/sandbox"
)

// full opens the device that is always full.
func full(t *testing.T) *os.File {
	t.Helper()
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// fixed is an address that was free a moment ago: a process whose log nobody can read cannot
// tell which one it chose.
func fixed(t *testing.T) string {
	t.Helper()
	ln, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func TestAFullDiskUnderItsLogStopsNothing(t *testing.T) {
	x, environ := exchange(t, harness.Moving)
	harness.Break(t, x, sandbox.Fault{Kind: "malform", Ratio: 0.5}) // something to log, and to keep
	addr := fixed(t)
	p := start(t, setting{environ: environ, stderr: full(t)}, append(run("--symbols", "AOT,PTT", "--log-level", "debug"), "--addr", addr)...)
	running(t, p, addr)
	harness.Eventually(t, "damage", func() bool { return x.Stats().Malformed > 500 })
	if code, out := ask(t, p.home, "poison", "list", "-o", "json", "--addr", addr); code != 0 || !strings.Contains(out, "malformed") {
		t.Errorf("the poison store is memory alone, and should go on: exit %d: %.200s", code, out)
	}
	p.signal(syscall.SIGTERM)
	if code := p.wait(harness.Patience); code != 0 {
		t.Fatalf("exit %d", code)
	}
	if s := p.summary(); s.Feed.Received != x.Stats().Delivered || s.Feed.DecodeErrors["malformed"] != x.Stats().Malformed {
		t.Errorf("%+v, the exchange %+v", s.Feed, x.Stats())
	}
}

func TestAFullDiskUnderItsOutputStopsNothingAndIsSaidAtTheEnd(t *testing.T) {
	for name, flags := range map[string][]string{"JSON": {"--summary", "json"}, "lines": {"--summary", "text"}} {
		t.Run(name, func(t *testing.T) {
			x, environ := exchange(t, harness.Moving)
			p := start(t, setting{environ: environ, stdout: full(t)}, run(append(flags, "--symbols", "AOT,PTT")...)...)
			addr := p.addr()
			running(t, p, addr)
			harness.Eventually(t, "events", func() bool { return x.Stats().Delivered > 3000 })
			p.signal(syscall.SIGTERM)
			if code := p.wait(harness.Patience); code != 1 || !strings.Contains(p.err.String(), "no space left") {
				t.Errorf("exit %d, want 1 and a word on the space", code)
			}
		})
	}
}

func TestWithoutRoomForItsTokenItRunsAndRefusesWhatWantsOne(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, home := range map[string]func(t *testing.T) string{
		"a full disk":             tiny,
		"a disk to read from":     readOnly,
		"no directory in the way": func(*testing.T) string { return filepath.Join(file, "cache") },
	} {
		t.Run(name, func(t *testing.T) {
			x, environ := exchange(t, harness.Moving)
			p := start(t, setting{environ: environ, home: home(t)}, run("--symbols", "AOT,PTT")...)
			addr := p.addr()
			if why := p.event("http_token_failed", "error"); !strings.Contains(why, "token") {
				t.Errorf("it said %q", why)
			}
			running(t, p, addr)
			if code, out := ask(t, p.home, "poison", "list", "--addr", addr); code != 4 || !strings.Contains(out, "401") {
				t.Errorf("without a token: exit %d: %s", code, out)
			}
			if left, _ := filepath.Glob(filepath.Join(p.home, "feedtree", "*.token")); len(left) > 0 {
				t.Errorf("half a token was left: %v", left)
			}
			harness.Eventually(t, "events", func() bool { return x.Stats().Delivered > 1000 })
			p.signal(syscall.SIGTERM)
			if code := p.wait(harness.Patience); code != 0 {
				t.Errorf("exit %d", code)
			}
			p.summary()
		})
	}
}

// mounted mounts a file system in memory for the test.
func mounted(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("a file system cannot be mounted: %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	return dir
}

// tiny is a directory on a disk that is full; the directory for the token is there already.
func tiny(t *testing.T) string {
	dir := mounted(t, "size=4k")
	if err := os.Mkdir(filepath.Join(dir, "feedtree"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func readOnly(t *testing.T) string { return mounted(t, "ro") }
