// Package network puts a real proxy, Toxiproxy's library, between the tree and the exchange,
// and lets the link be slow, narrow, unreliable and dead. What must hold is the same each
// time: no loss is seen where there is none, order stays, books balance.
package network

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// proxy is a TCP proxy with toxics, in this process.
type proxy struct {
	*toxiproxy.Proxy
	t *testing.T
}

func newProxy(t *testing.T, upstream string) *proxy {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := &proxy{toxiproxy.NewProxy(server, "exchange", "127.0.0.1:0", upstream), t}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}

// dial reaches the exchange through the proxy, whatever address the exchange names.
func (p *proxy) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, p.Listen)
}

// poison adds a toxic in the given directions: upstream is towards the exchange.
func (p *proxy) poison(kind string, attributes map[string]int, directions ...string) {
	p.t.Helper()
	for _, d := range directions {
		var list []string
		for name, value := range attributes {
			list = append(list, fmt.Sprintf("%q:%d", name, value))
		}
		text := fmt.Sprintf(`{"type":%q,"stream":%q,"attributes":{%s}}`, kind, d, strings.Join(list, ","))
		if _, err := p.Toxics.AddToxicJson(strings.NewReader(text)); err != nil {
			p.t.Fatal(text, err)
		}
	}
}

// heal removes all toxics.
func (p *proxy) heal() { p.Toxics.ResetToxics(context.Background()) }
