// Package certtest makes authorities and certificates for tests, as files of PEM.
package certtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Authority signs certificates.
type Authority struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	// File holds its own certificate.
	File string
}

// Pair is a certificate and its key.
type Pair struct{ CertFile, KeyFile string }

// New makes an authority.
func New(t testing.TB) *Authority {
	t.Helper()
	key := newKey(t)
	c := &x509.Certificate{SerialNumber: serial(t), Subject: pkix.Name{CommonName: "an authority"}, NotBefore: time.Now().Add(-48 * time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	must(t, err)
	c, err = x509.ParseCertificate(der)
	must(t, err)
	a := &Authority{t: t, cert: c, key: key, File: filepath.Join(t.TempDir(), "ca.pem")}
	write(t, a.File, "CERTIFICATE", der)
	return a
}

// Server makes a certificate for servers of these names and addresses.
func (a *Authority) Server(names ...string) Pair {
	a.t.Helper()
	dir := a.t.TempDir()
	p := Pair{filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")}
	a.Renew(p, time.Now().Add(24*time.Hour), names...)
	return p
}

// Renew puts a new certificate and key where those of p are; it is good until end.
func (a *Authority) Renew(p Pair, end time.Time, names ...string) {
	a.t.Helper()
	a.issue(p, end, x509.ExtKeyUsageServerAuth, names)
}

// Client makes a certificate for a client.
func (a *Authority) Client() Pair {
	a.t.Helper()
	dir := a.t.TempDir()
	p := Pair{filepath.Join(dir, "client.crt"), filepath.Join(dir, "client.key")}
	a.issue(p, time.Now().Add(24*time.Hour), x509.ExtKeyUsageClientAuth, []string{"a client"})
	return p
}

func (a *Authority) issue(p Pair, end time.Time, use x509.ExtKeyUsage, names []string) {
	a.t.Helper()
	key := newKey(a.t)
	c := &x509.Certificate{SerialNumber: serial(a.t), Subject: pkix.Name{CommonName: names[0]}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: end,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{use}}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, &key.PublicKey, a.key)
	must(a.t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(a.t, err)
	write(a.t, p.CertFile, "CERTIFICATE", der)
	write(a.t, p.KeyFile, "PRIVATE KEY", private)
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

func serial(t testing.TB) *big.Int {
	t.Helper()
	n, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	must(t, err)
	return n
}

func write(t testing.TB, file, kind string, der []byte) {
	t.Helper()
	must(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
