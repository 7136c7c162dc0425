package integration

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/settrade"
)

func TestTheHostsAreTriedInTheOrderTheDispatcherNamesThem(t *testing.T) {
	x := exchange(t, nil)
	e := x.Environment()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(x.CA())
	rest, err := settrade.New(settrade.Config{BaseURL: e["SETTRADE_BASE_URL"], BrokerID: e["SETTRADE_BROKER_ID"], AppID: e["SETTRADE_APP_ID"],
		AppCode: e["SETTRADE_APP_CODE"], AppSecret: settrade.Secret(e["SETTRADE_APP_SECRET"]), TLS: &tls.Config{RootCAs: pool}})
	if err != nil {
		t.Fatal(err)
	}
	defer rest.CloseIdle()
	token, err := rest.Login(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	real, err := rest.Dispatcher(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	// A front that names a host where nobody is, one that is no host, and then the exchange.
	front := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			io.WriteString(w, `{"access_token":"a","token_type":"Bearer","refresh_token":"r","expires_in":3600}`)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"hosts": []string{"localhost:1", "no host/", real.Hosts[0]}, "token": real.Token.Reveal()})
	}))
	defer front.Close()
	both := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw}), x.CA()...)
	ca := filepath.Join(t.TempDir(), "both.pem")
	if err := os.WriteFile(ca, both, 0o600); err != nil {
		t.Fatal(err)
	}
	tree := start(t, configured(t, x, func(c *config.Config) { c.Credentials.BaseURL, c.TLS.CAFile = front.URL, ca }), recording("r", &record{}, nil))
	ready(t, tree)
	if v := tree.Connection(); v.Host != real.Hosts[0] {
		t.Errorf("connected to %s", v.Host)
	}
	tree.Stop(context.Background())
	if c := tree.Snapshot().Connection; c.Attempts != 1 || c.Connected != 1 {
		t.Errorf("%+v: all hosts are one attempt", c)
	}
}
