//go:build unix

package process

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/feedtree/feedtree/test/harness"
)

// token is what the file of the process at an address holds.
func token(t *testing.T, p *proc, addr string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(p.home, "feedtree", strings.Replace(addr, ":", "_", 1)+".token"))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestKilledItTakesItsExchangeAlongAndCanBeStartedAgain(t *testing.T) {
	p := start(t, setting{}, run("--sandbox", "--rate", "500")...)
	addr := p.addr()
	admin := strings.TrimPrefix(p.event("sandbox_started", "admin"), "http://")
	running(t, p, addr)
	_, tree := ask(t, p.home, "tree", "--addr", addr)
	_, host, _ := strings.Cut(tree, "session  online (")
	host, _, _ = strings.Cut(host, ")")
	if free(admin) || free(host) {
		t.Fatalf("nobody listens at %s and %s: this proves nothing\n%s", admin, host, tree)
	}
	old := token(t, p, addr)
	p.signal(syscall.SIGKILL)
	p.wait(harness.Patience)
	harness.Eventually(t, "the exchange to be gone", func() bool { return free(admin) && free(host) })
	if token(t, p, addr) != old {
		t.Error("a killed process's token should be there still: this proves nothing")
	}

	again := start(t, setting{home: p.home}, append(run("--sandbox", "--rate", "500"), "--addr", addr)...)
	if got := again.addr(); got != addr {
		t.Fatalf("it listens at %s", got)
	}
	running(t, again, addr)
	if token(t, again, addr) == old {
		t.Error("the old token is good still")
	}
	if code, out := ask(t, p.home, "strategies", "restart", "demo", "--addr", addr); code != 0 {
		t.Errorf("with the new token: exit %d: %s", code, out)
	}
	again.signal(syscall.SIGTERM)
	if code := again.wait(harness.Patience); code != 0 {
		t.Errorf("exit %d", code)
	}
	again.summary()
	if _, err := os.Stat(filepath.Join(p.home, "feedtree", strings.Replace(addr, ":", "_", 1)+".token")); !os.IsNotExist(err) {
		t.Errorf("the token's file was left behind: %v", err)
	}
}
