package config

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

const (
	minToken = 16
	maxToken = 4096
	// A token of fewer different characters is a row of the same, or a pattern: no secret.
	minTokenVariety = 5
)

// Loopback says that the door can be reached from this machine alone.
func (h HTTP) Loopback() bool {
	host, _, err := net.SplitHostPort(h.Addr)
	return err == nil && LoopbackHost(host)
}

// LoopbackHost says that a host, without a port and without brackets, is this machine to
// itself: localhost, or an address of loopback's.
func LoopbackHost(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// http holds the door to what an address off loopback needs: what stands behind it shows
// what a program trades.
func (v *checker) http(h HTTP) {
	for key, name := range map[string]string{"tls.cert_file": h.TLS.CertFile, "tls.key_file": h.TLS.KeyFile, "tls.client_ca_file": h.TLS.ClientCAFile,
		"ask.ca_file": h.Ask.CAFile, "ask.cert_file": h.Ask.CertFile, "ask.key_file": h.Ask.KeyFile} {
		if strings.Contains(name, "-----BEGIN") { // a private key is not to be shown for a name
			v.fail("http."+key, nil, "expected the name of a file, not what is in it")
			return
		}
	}
	v.pair("http.tls", h.TLS.CertFile, h.TLS.KeyFile)
	v.pair("http.ask", h.Ask.CertFile, h.Ask.KeyFile)
	if h.TLS.ClientCAFile != "" && h.TLS.CertFile == "" && h.TLS.KeyFile == "" {
		v.fail("http.tls.cert_file", nil, "missing: http.tls.client_ca_file is set, and only over TLS can a client show a certificate; set http.tls.cert_file and http.tls.key_file")
	}
	v.token(h.Token)
	host, port, err := net.SplitHostPort(h.Addr)
	if n, perr := strconv.Atoi(port); err != nil || perr != nil || n < 0 || n > 65535 {
		v.fail("http.addr", h.Addr, "expected an address and a port, like 127.0.0.1:9330")
		return
	}
	if LoopbackHost(host) {
		return
	}
	open := fmt.Sprintf("http.addr opens the door to the network (%s)", clip(cmp.Or(host, "every address")))
	const orStay = ", or stay on loopback (127.0.0.1, ::1 or localhost)"
	if h.TLS == (HTTPTLS{}) { // a part of it was told above
		why := "missing: " + open + ", which needs TLS"
		if h.Token != "" {
			why = "missing: " + open + ", and without TLS anybody on the way could read http.token"
		}
		v.fail("http.tls.cert_file", nil, "%s: set http.tls.cert_file and http.tls.key_file%s", why, orStay)
	}
	if h.Token == "" && h.TLS.ClientCAFile == "" {
		v.fail(httpToken, nil, "missing: %s, where clients must show who they are: set %s%s to a file that holds a token, or http.tls.client_ca_file to the authority of their certificates%s",
			open, EnvName(httpToken), fileSuffix, orStay)
	}
}

// pair wants both files of a certificate or none.
func (v *checker) pair(section, cert, key string) {
	switch {
	case cert != "" && key == "":
		v.fail(section+".key_file", nil, "missing: %s.cert_file is set; set %[1]s.key_file to its private key, too", section)
	case cert == "" && key != "":
		v.fail(section+".cert_file", nil, "missing: %s.key_file is set; set %[1]s.cert_file to its certificate, too", section)
	}
}

// token takes what a header can carry and nobody guesses.
func (v *checker) token(t Secret) {
	if t == "" {
		return
	}
	s, different := t.Reveal(), map[rune]bool{}
	for _, r := range s {
		different[r] = true
		if r <= ' ' || r > '~' {
			v.fail(httpToken, nil, "expected visible ASCII without blanks, which is what a header can carry; openssl rand -hex 32 makes one")
			return
		}
	}
	if len(s) < minToken || len(s) > maxToken || len(different) < minTokenVariety {
		v.fail(httpToken, nil, "expected %d to %d characters, at least %d different ones, so that nobody guesses it; openssl rand -hex 32 makes one",
			minToken, maxToken, minTokenVariety)
	}
}
