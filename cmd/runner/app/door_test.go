package app

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/feedtree/feedtree/test/certtest"
	"github.com/feedtree/feedtree/test/harness"
)

const doorToken = "a-token-that-nobody-guesses"

// tokenFile writes a token where --token-file finds it.
func tokenFile(t *testing.T, token string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEveryCommandThatAsksADoorAsksOneOffLoopback(t *testing.T) {
	ca := certtest.New(t)
	server, client := ca.Server("localhost", "127.0.0.1"), ca.Client()
	token := tokenFile(t, doorToken)
	environ := []string{"FEEDTREE_HTTP_TOKEN_FILE=" + token, "FEEDTREE_HTTP_TLS_CERT_FILE=" + server.CertFile,
		"FEEDTREE_HTTP_TLS_KEY_FILE=" + server.KeyFile, "FEEDTREE_HTTP_TLS_CLIENT_CA_FILE=" + ca.File}
	ctx, cancel := context.WithCancel(t.Context())
	var out, errs harness.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, types(), strings.Fields("run --sandbox --rate 1000 --summary json --addr 0.0.0.0:0 --symbols AOT,PTT --log-level debug"),
			Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Environ: environ})
	}()
	url := await(t, &errs, "http_listening", "url")
	await(t, &errs, "subscribed", "epoch")
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(url, "https://"))

	known := " --token-file " + token + " --cacert " + ca.File + " --cert " + client.CertFile + " --key " + client.KeyFile
	for line, says := range map[string]string{
		"tree": "session", "symbols": "AOT", "strategies": "demo", "strategies restart demo": "demo: restart", "poison list": "REASON", "log-level": "debug",
		"log-level debug": "debug", "history": "RECEIVED", "health": "ready", "health --live": "live", "poison replay --all": "", "health --live -o json": `"live": true`,
	} {
		code, o, e := invoke(t, t.Context(), nil, "", strings.Fields(line+" --addr 127.0.0.1:"+port+known)...)
		if code != 0 || !strings.Contains(o, says) {
			t.Errorf("%s: exit %d: %s%s", line, code, o, e)
		}
	}
	tailCtx, stop := context.WithCancel(t.Context())
	var lines harness.Buffer
	tailed := make(chan int, 1)
	go func() {
		tailed <- Run(tailCtx, types(), strings.Fields("tail AOT -o json --addr https://localhost:"+port+known), Streams{Out: &lines, Err: &lines})
	}()
	for !strings.Contains(lines.String(), `"bid_offer"`) {
		// it is on its way
	}
	stop()
	<-tailed
	// In the container that it runs in, the same variables are enough but for the client's own
	// certificate.
	inside := append(environ, "FEEDTREE_HTTP_ADDR=0.0.0.0:"+port, "FEEDTREE_HTTP_ASK_CERT_FILE="+client.CertFile, "FEEDTREE_HTTP_ASK_KEY_FILE="+client.KeyFile)
	if code, o, e := invoke(t, t.Context(), inside, "", "health"); code != 0 || o != "ready\n" {
		t.Errorf("health inside: exit %d: %s%s", code, o, e)
	}
	wrong := tokenFile(t, "another-token-altogether")
	for _, c := range []struct {
		name, flags string
		code        int
		says        string
	}{
		{"nothing to show", " --cacert " + ca.File, 4, "--cert and --key"},
		{"no token", strings.Replace(known, " --token-file "+token, "", 1), 4, "--token-file"},
		{"another token", strings.Replace(known, token, wrong, 1), 4, "does not accept the token"},
		{"a token that is not there", strings.Replace(known, token, "/no/such", 1), 3, "--token-file: http.token: the file that it names does not exist"},
		{"no authority", strings.Replace(known, " --cacert "+ca.File, "", 1), 5, "--cacert"},
		{"half a certificate", strings.Replace(known, " --key "+client.KeyFile, "", 1), 3, "http.ask.key_file: missing"},
		{"an authority that is none", strings.Replace(known, ca.File, token, 1), 3, "http.ask.ca_file"},
	} {
		code, o, e := invoke(t, t.Context(), nil, "", strings.Fields("health --addr 127.0.0.1:"+port+c.flags)...)
		if code != c.code || !strings.Contains(e, c.says) || strings.Contains(o+e, doorToken) {
			t.Errorf("%s: exit %d, want %d; said %q, want %q", c.name, code, c.code, e, c.says)
		}
	}
	cancel()
	if code := <-ended; code != 0 {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	summaryOf(t, &out)
	if strings.Contains(errs.String()+out.String(), doorToken) {
		t.Error("the token is shown")
	}
	if !strings.Contains(errs.String(), `"event":"http_refused","reason":"a wrong token"`) || !strings.Contains(errs.String(), "client didn't provide a certificate") {
		t.Errorf("what was refused is not in the log: %s", errs.String())
	}
}

func TestEveryCommandThatAsksADoorHasTheFlagsForIt(t *testing.T) {
	asking := 0
	var look func(*cobra.Command)
	look = func(c *cobra.Command) {
		if f := c.Flags(); f.Lookup("addr") != nil && c.Name() != "run" {
			asking++
			for _, flag := range []string{"token-file", "cacert", "cert", "key"} {
				if f.Lookup(flag) == nil {
					t.Errorf("%s has no --%s", c.CommandPath(), flag)
				}
			}
		}
		for _, sub := range c.Commands() {
			look(sub)
		}
	}
	look((&program{types: types()}).command())
	if asking < 10 {
		t.Errorf("only %d", asking)
	}
}

func TestADoorThatIsNotSecureIsNotOpenedNorPassedByTheCheck(t *testing.T) {
	ca := certtest.New(t)
	server, other := ca.Server("localhost"), ca.Server("localhost")
	words := tokenFile(t, "just words")
	lines := func(l ...string) string { return strings.Join(l, "\n") }
	for _, c := range []struct{ name, yaml, says string }{
		{"no TLS", "  addr: 0.0.0.0:0", "http.tls.cert_file: missing"},
		{"nobody to know", lines("  addr: 0.0.0.0:0", "  tls: {cert_file: "+server.CertFile+", key_file: "+server.KeyFile+"}"), "http.token: missing"},
		{"a token in the clear", lines("  addr: 0.0.0.0:0", "  token: "+doorToken), "without TLS anybody on the way could read http.token"},
		{"a short token", "  token: 0123456789", "c.yaml:2: http.token: expected 16 to 4096 characters"},
		{"a certificate that is none", "  tls: {cert_file: " + words + ", key_file: " + server.KeyFile + "}", "holds no certificate"},
		{"a key that is not there", "  tls: {cert_file: " + server.CertFile + ", key_file: /no/such}", "c.yaml:2: http.tls.key_file: \"/no/such\": this file does not exist"},
		{"a key that does not fit", "  tls: {cert_file: " + server.CertFile + ", key_file: " + other.KeyFile + "}", "is not the key of the certificate"},
		{"an authority that is none", "  tls: {cert_file: " + server.CertFile + ", key_file: " + server.KeyFile + ", client_ca_file: " + words + "}", "http.tls.client_ca_file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.WriteFile("c.yaml", []byte("http:\n"+c.yaml+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, line := range []string{"config check c.yaml", "run --sandbox --duration 1s --config c.yaml"} {
				code, o, e := invoke(t, t.Context(), nil, "", strings.Fields(line)...)
				if code != 3 || !strings.Contains(e, c.says) || strings.Contains(o+e, doorToken) {
					t.Errorf("%s: exit %d; said %q, want %q", line, code, e, c.says)
				}
			}
		})
	}
}

func TestAConfigurationThatIsGoodIsTold(t *testing.T) {
	ca := certtest.New(t)
	server := ca.Server("localhost")
	file := filepath.Join(t.TempDir(), "c.yaml")
	os.WriteFile(file, []byte("symbols: [aot]\nhttp:\n  addr: 0.0.0.0:0\n  token: "+doorToken+"\n  tls: {cert_file: "+server.CertFile+", key_file: "+server.KeyFile+"}\n"), 0o600)
	os.Chmod(server.KeyFile, 0o644)
	code, o, e := invoke(t, t.Context(), nil, "", "config", "check", file)
	if code != 0 || o != file+": ok\n" || !strings.Contains(e, "was taken as AOT") || !strings.Contains(e, "every user of this machine can read it") {
		t.Errorf("exit %d: %s%s", code, o, e)
	}
	if code, o, _ := invoke(t, t.Context(), nil, "", "config", "show", "--config", file); code != 0 || !strings.Contains(o, "http.token: [redacted]") || strings.Contains(o, doorToken) {
		t.Errorf("exit %d: %s", code, o)
	}
}
