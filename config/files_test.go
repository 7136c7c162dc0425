package config

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/feedtree/feedtree/test/certtest"
)

// files loads a configuration with these files and reads them.
func files(t *testing.T, tls HTTPTLS, more ...string) (*Loaded, error) {
	t.Helper()
	l := load(t, Sources{Set: append([]string{"http.tls.cert_file=" + tls.CertFile, "http.tls.key_file=" + tls.KeyFile, "http.tls.client_ca_file=" + tls.ClientCAFile}, more...)})
	return l, l.CheckFiles()
}

func TestEachFileThatIsOfNoUseIsToldByItsKey(t *testing.T) {
	inTemp(t)
	ca := certtest.New(t)
	for from, to := range map[string]string{ca.File: "ca.pem", ca.Server("x").CertFile: "other.crt"} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	good := ca.Server("localhost")
	os.Rename(good.CertFile, "tls.crt")
	os.Rename(good.KeyFile, "tls.key")
	write(t, "words", "just words")
	write(t, "empty", "")
	write(t, "broken.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
	write(t, "broken.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
	write(t, "locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
	write(t, "old.key", "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n")
	for name, row := range map[string]struct {
		cert, key, ca string
		more          string
		want          []string
	}{
		"all good":        {"tls.crt", "tls.key", "ca.pem", "tls.ca_file=ca.pem", nil},
		"none":            {"", "", "", "", nil},
		"nothing there":   {"no.crt", "no.key", "no.pem", "", []string{`no.crt": this file does not exist`, `no.key": this file does not exist`, `http.tls.client_ca_file: "no.pem": this file does not exist`}},
		"a directory":     {".", "tls.key", "", "", []string{`http.tls.cert_file: ".": this file is a directory`}},
		"words":           {"words", "words", "words", "", []string{`cert_file: "words": holds no certificate; expected PEM`, `key_file: "words": holds no private key; expected PEM`, `client_ca_file: "words": holds no certificate; expected PEM`}},
		"empty":           {"empty", "tls.key", "", "", []string{`cert_file: "empty": holds no certificate; expected PEM`}},
		"the wrong way":   {"tls.key", "tls.crt", "", "", []string{`cert_file: "tls.key": holds no certificate; expected PEM`, `key_file: "tls.crt": holds no private key; expected PEM`}},
		"another's key":   {"other.crt", "tls.key", "", "", []string{`http.tls.key_file: "tls.key": is not the key of the certificate in http.tls.cert_file, other.crt; expected the two that were made together`}},
		"no certificate":  {"broken.crt", "tls.key", "broken.crt", "", []string{`cert_file: "broken.crt": its first certificate cannot be read: x509: malformed`, `client_ca_file: "broken.crt": holds no certificate; expected PEM`}},
		"no key":          {"tls.crt", "broken.key", "", "", []string{`http.tls.key_file: "broken.key": its private key cannot be used`}},
		"a password":      {"tls.crt", "locked.key", "", "", []string{`http.tls.key_file: "locked.key": its key is encrypted`}},
		"an old password": {"tls.crt", "old.key", "", "", []string{`http.tls.key_file: "old.key": its key is encrypted`}},
		"to ask with":     {"", "", "", "http.ask.ca_file=words", []string{`--set: http.ask.ca_file: "words": holds no certificate; expected PEM`}},
		"the exchange's":  {"", "", "", "tls.ca_file=words", []string{`--set: tls.ca_file: "words": holds no certificate; expected PEM`}},
	} {
		t.Run(name, func(t *testing.T) {
			more := []string{}
			if row.more != "" {
				more = append(more, row.more)
			}
			_, err := files(t, HTTPTLS{row.cert, row.key, row.ca}, more...)
			errs := Errors(err)
			if len(errs) != len(row.want) {
				t.Fatalf("%v, want %d errors", err, len(row.want))
			}
			for _, want := range row.want {
				if !slices.ContainsFunc(errs, func(e *Error) bool { return e.From == "--set" && strings.Contains(e.Error(), want) }) {
					t.Errorf("%v, want %q", err, want)
				}
			}
		})
	}
}

func TestWhatIsUsableAndStillWrongIsAWord(t *testing.T) {
	ca := certtest.New(t)
	p := ca.Server("localhost")
	l, err := files(t, HTTPTLS{p.CertFile, p.KeyFile, ""})
	if err != nil || len(l.Notes) != 0 {
		t.Fatal(err, l.Notes)
	}
	ca.Renew(p, time.Now().Add(-time.Hour), "localhost")
	if err := os.Chmod(p.KeyFile, 0o644); err != nil {
		t.Fatal(err)
	}
	l, err = files(t, HTTPTLS{p.CertFile, p.KeyFile, ""})
	if err != nil || len(l.Notes) != 2 || !strings.Contains(l.Notes[0], "--set: http.tls.cert_file: has expired, on ") ||
		!strings.Contains(l.Notes[1], "--set: http.tls.key_file: every user of this machine can read it (mode 0644)") {
		t.Error(err, l.Notes)
	}
}
