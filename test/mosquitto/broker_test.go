//go:build unix

package mosquitto

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

// broker is a Mosquitto with a plain listener to publish on and a WebSocket one over TLS.
type broker struct {
	t         *testing.T
	dir       string
	plain, ws string
	cmd       *exec.Cmd
	front     *httptest.Server
	ca        authority
	serial    int64        // of the last certificate
	ttl       atomic.Int64 // of tokens, in seconds
	sent      int64        // books
}

func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	return port
}

func newBroker(t *testing.T) *broker {
	t.Helper()
	if testing.Short() {
		t.Skip("make mosquitto runs it")
	}
	if _, err := exec.LookPath(mosquitto()); err != nil {
		t.Skip("there is no mosquitto")
	}
	b := &broker{t: t, dir: t.TempDir(), plain: freePort(t), ws: freePort(t)}
	b.ttl.Store(86400)
	os.Chmod(b.dir, 0o755)
	b.ca = b.authority()
	b.write("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b.ca.cert.Raw}))
	leaf := b.certify(b.ca)
	// The plain listener comes first: with a WebSocket listener alone Debian's does not start.
	conf := fmt.Sprintf("allow_anonymous true\nuser root\nset_tcp_nodelay true\nlistener %s 127.0.0.1\nlistener %s\nprotocol websockets\ncertfile %[3]s/leaf.pem\nkeyfile %[3]s/leaf.key\n",
		b.plain, b.ws, b.dir)
	b.write("mosquitto.conf", []byte(conf))
	b.start()
	t.Cleanup(b.stop)
	b.front = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			fmt.Fprintf(w, `{"access_token":"a","token_type":"Bearer","refresh_token":"r","expires_in":%d}`, b.ttl.Load())
			return
		}
		fmt.Fprintf(w, `{"hosts":["localhost:%s"],"token":"t"}`, b.ws)
	}))
	b.front.TLS = &tls.Config{Certificates: []tls.Certificate{leaf}}
	b.front.StartTLS()
	t.Cleanup(b.front.Close)
	return b
}

func mosquitto() string {
	if _, err := os.Stat("/usr/sbin/mosquitto"); err == nil {
		return "/usr/sbin/mosquitto"
	}
	return "mosquitto"
}

func (b *broker) write(name string, data []byte) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), data, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func (b *broker) authority() authority {
	b.t.Helper()
	key := b.key()
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		b.t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		b.t.Fatal(err)
	}
	return authority{c, key}
}

func (b *broker) key() *ecdsa.PrivateKey {
	b.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.t.Fatal(err)
	}
	return key
}

// certify gives the broker a new certificate, which it shows from its next start.
func (b *broker) certify(by authority) tls.Certificate {
	b.t.Helper()
	key := b.key()
	b.serial++
	c := &x509.Certificate{SerialNumber: big.NewInt(b.serial), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, c, by.cert, &key.PublicKey, by.key)
	if err != nil {
		b.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		b.t.Fatal(err)
	}
	b.write("leaf.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	b.write("leaf.key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func (b *broker) start() {
	b.t.Helper()
	b.cmd = exec.Command(mosquitto(), "-c", filepath.Join(b.dir, "mosquitto.conf"))
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	for _, port := range []string{b.plain, b.ws} {
		eventually(b.t, "mosquitto to listen", func() bool {
			c, err := net.Dial("tcp", "127.0.0.1:"+port)
			if err == nil {
				c.Close()
			}
			return err == nil
		})
	}
}

func (b *broker) stop() {
	b.cmd.Process.Signal(syscall.SIGCONT)
	b.cmd.Process.Kill()
	b.cmd.Wait()
}

// publish sends numbered books of a symbol and waits until the broker took them.
func (b *broker) publish(symbol string, n int) {
	b.t.Helper()
	for c := b.publisher(); n > 0; n-- {
		b.send(c, symbol)
	}
}

func (b *broker) publisher() mqtt.Client {
	b.t.Helper()
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://127.0.0.1:" + b.plain).SetAutoReconnect(false).SetProtocolVersion(4))
	if t := c.Connect(); t.Wait() && t.Error() != nil {
		b.t.Fatal(t.Error())
	}
	b.t.Cleanup(func() { c.Disconnect(100) })
	return c
}

// send publishes the next book, its number the first bid's volume.
func (b *broker) send(c mqtt.Client, symbol string) {
	b.t.Helper()
	b.sent++
	d := messages.BidOfferData{Symbol: symbol}
	d.Bids[0] = messages.Level{Price: messages.Baht, Volume: b.sent}
	if t := c.Publish(topic.BidOffer(symbol), 1, false, codec.AppendBidOffer(nil, &d)); t.Wait() && t.Error() != nil {
		b.t.Fatal(t.Error())
	}
}

func (b *broker) tree(s *seen) *feedtree.Tree {
	b.t.Helper()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	scalar := make([]byte, 32)
	scalar[31] = 7
	cfg := config.Default()
	cfg.Credentials = config.Credentials{AppID: "a", AppCode: "c", BrokerID: "098", BaseURL: b.front.URL,
		AppSecret: config.Secret(base64.StdEncoding.EncodeToString(scalar))}
	cfg.TLS.CAFile = filepath.Join(b.dir, "ca.pem")
	cfg.Symbols = []string{"AOT"}
	// A broker counts half as long again in whole seconds: of one it allows one, and a ping
	// comes within one and a quarter.
	cfg.Session.KeepAlive, cfg.Session.PingTimeout = 2*time.Second, time.Second
	cfg.Session.Backoff = config.Backoff{Min: 50 * time.Millisecond, Max: 200 * time.Millisecond, Factor: 2}
	t, err := feedtree.Start(context.Background(), cfg, feedtree.Type("seen", func(struct{}) (actor.Actor, error) { return s, nil }))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		t.Stop(context.Background())
		if s := t.Snapshot(); !s.Balanced() {
			b.t.Errorf("a ledger is false: %+v", *s)
		}
	})
	b.ready(t)
	return t
}

func (b *broker) ready(t *feedtree.Tree) {
	b.t.Helper()
	eventually(b.t, "the tree to be ready", func() bool { ok, _ := t.Ready(); return ok })
}
