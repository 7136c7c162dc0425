package config

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// maxPEM bounds a file of certificates: the system's own, whole, is a quarter of it.
const maxPEM = 1 << 20

// CheckFiles reads the certificates and keys that the configuration names, as the programs do
// that use them. Its error joins an *Error for each that is of no use; what is usable and
// still worth a word is added to Notes. It is apart from Load because not everybody who asks
// a running process may read that one's key.
func (l *Loaded) CheckFiles() error {
	c := l.Config
	_, authorities := c.TLS.Authorities()
	cert, door := c.HTTP.TLS.Certificate()
	_, clients := c.HTTP.TLS.ClientAuthorities()
	_, asked := c.HTTP.Ask.Authorities()
	_, asking := c.HTTP.Ask.Certificate()
	var errs []*Error
	for _, err := range []error{authorities, door, clients, asked, asking} {
		for _, e := range Errors(err) {
			if o := l.nearestOrigin(e.Key); o.kind != "" {
				o.on(e)
			}
			errs = append(errs, e)
		}
	}
	remark := func(key, what string) { l.Notes = append(l.Notes, note(l.nearestOrigin(key), key, what)) }
	if cert != nil && time.Now().After(cert.Leaf.NotAfter) {
		remark("http.tls.cert_file", "has expired, on "+cert.Leaf.NotAfter.Format(time.DateOnly)+": clients will not accept it")
	}
	if info, err := os.Stat(c.HTTP.TLS.KeyFile); cert != nil && err == nil && info.Mode()&0o004 != 0 && runtime.GOOS != "windows" {
		remark("http.tls.key_file", fmt.Sprintf("every user of this machine can read it (mode %#o); 0600 or 0640 keeps it", info.Mode().Perm()))
	}
	return join(errs)
}

// Authorities are the certificates of CAFile and the system's; nil means the system's alone.
func (t TLS) Authorities() (*x509.CertPool, error) {
	if t.CAFile == "" {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	return pool, addAuthorities(pool, "tls.ca_file", t.CAFile)
}

// ClientAuthorities are the certificates of ClientCAFile, nil without one.
func (t HTTPTLS) ClientAuthorities() (*x509.CertPool, error) {
	return authorities("http.tls.client_ca_file", t.ClientCAFile)
}

// Certificate is the door's certificate with its key, nil without one. Leaf is set.
func (t HTTPTLS) Certificate() (*tls.Certificate, error) {
	return certificate("http.tls", t.CertFile, t.KeyFile)
}

// Leaf is the door's certificate alone, for who may not read its key; nil if there is none,
// or none that can be read.
func (t HTTPTLS) Leaf() *x509.Certificate {
	if t.CertFile == "" {
		return nil
	}
	text, err := readAtMost(t.CertFile, maxPEM)
	if err != nil {
		return nil
	}
	block := first(text, "CERTIFICATE")
	if block == nil {
		return nil
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	return leaf
}

// Authorities are the certificates of CAFile; nil means the system's.
func (a HTTPAsk) Authorities() (*x509.CertPool, error) {
	return authorities("http.ask.ca_file", a.CAFile)
}

// Certificate is what the one who asks shows, nil without one. Leaf is set.
func (a HTTPAsk) Certificate() (*tls.Certificate, error) {
	return certificate("http.ask", a.CertFile, a.KeyFile)
}

func authorities(key, file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pool := x509.NewCertPool()
	return pool, addAuthorities(pool, key, file)
}

func addAuthorities(pool *x509.CertPool, key, file string) error {
	text, err := readAtMost(file, maxPEM)
	if err != nil {
		return &Error{Key: key, Value: file, Reason: "this file " + why(err)}
	}
	if !pool.AppendCertsFromPEM(text) {
		return &Error{Key: key, Value: file, Reason: "holds no certificate; expected PEM"}
	}
	return nil
}

// certificate reads a certificate and its key, and blames the file that is wrong.
func certificate(section, certFile, keyFile string) (*tls.Certificate, error) {
	if certFile == "" || keyFile == "" {
		return nil, nil
	}
	fail := func(key, file, reason string) *Error {
		return &Error{Key: section + "." + key, Value: file, Reason: reason}
	}
	var errs []*Error
	cert, err := readAtMost(certFile, maxPEM)
	switch {
	case err != nil:
		errs = append(errs, fail("cert_file", certFile, "this file "+why(err)))
	case !holds(cert, "CERTIFICATE"):
		errs = append(errs, fail("cert_file", certFile, "holds no certificate; expected PEM"))
	}
	key, err := readAtMost(keyFile, maxPEM)
	switch {
	case err != nil:
		errs = append(errs, fail("key_file", keyFile, "this file "+why(err)))
	case holds(key, "ENCRYPTED PRIVATE KEY") || bytes.Contains(key, []byte("Proc-Type: 4,ENCRYPTED")):
		errs = append(errs, fail("key_file", keyFile, "its key is encrypted, and there is nobody to ask for the password; expected a key without one"))
	case !holds(key, "PRIVATE KEY"):
		errs = append(errs, fail("key_file", keyFile, "holds no private key; expected PEM"))
	}
	if len(errs) > 0 {
		return nil, join(errs)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err == nil {
		return &pair, nil
	}
	// Which of the two it is tls says in words alone.
	if _, bad := x509.ParseCertificate(first(cert, "CERTIFICATE").Bytes); bad != nil {
		return nil, fail("cert_file", certFile, "its first certificate cannot be read: "+bad.Error())
	}
	if strings.Contains(err.Error(), "does not match") {
		return nil, fail("key_file", keyFile, "is not the key of the certificate in "+section+".cert_file, "+clip(certFile)+"; expected the two that were made together, its own certificate first in that file")
	}
	return nil, fail("key_file", keyFile, "its private key cannot be used: "+strings.TrimPrefix(err.Error(), "tls: "))
}

func holds(text []byte, kind string) bool { return first(text, kind) != nil }

// first is a PEM file's first block of that kind, or of one that ends so; nil if there is none.
func first(text []byte, kind string) *pem.Block {
	for {
		var b *pem.Block
		if b, text = pem.Decode(text); b == nil || strings.HasSuffix(b.Type, kind) {
			return b
		}
	}
}
