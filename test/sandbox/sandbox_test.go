package sandbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"go.uber.org/goleak"

	"github.com/feedtree/feedtree/internal/codec"
	"github.com/feedtree/feedtree/internal/settrade"
	"github.com/feedtree/feedtree/internal/topic"
	"github.com/feedtree/feedtree/messages"
)

// net/http lingers for half a second on a connection whose request it did not read whole.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

func startTest(t *testing.T, change func(*Config)) *Exchange {
	t.Helper()
	c := DefaultConfig()
	c.Listen, c.Admin, c.Dir, c.Silent, c.PerSecond = "127.0.0.1:0", "127.0.0.1:0", t.TempDir(), true, 50
	if change != nil {
		change(&c)
	}
	x, err := Start(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

func trust(x *Exchange) *tls.Config {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(x.CA())
	return &tls.Config{RootCAs: pool}
}

func restClient(t *testing.T, x *Exchange, change func(*settrade.Config)) *settrade.Client {
	t.Helper()
	e := x.Environment()
	c := settrade.Config{BaseURL: e["SETTRADE_BASE_URL"], BrokerID: e["SETTRADE_BROKER_ID"], AppID: e["SETTRADE_APP_ID"],
		AppCode: e["SETTRADE_APP_CODE"], AppSecret: settrade.Secret(e["SETTRADE_APP_SECRET"]), TLS: trust(x)}
	if change != nil {
		change(&c)
	}
	client, err := settrade.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdle)
	return client
}

// client is an ordinary paho client that keeps what it received.
type client struct {
	mqtt.Client
	mu   sync.Mutex
	got  map[string][][]byte
	lost chan error
}

func (c *client) count(topic string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.got[topic])
}

func connected(t *testing.T, x *Exchange) *client {
	t.Helper()
	rest := restClient(t, x, nil)
	token, err := rest.Login(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d, err := rest.Dispatcher(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{got: map[string][][]byte{}, lost: make(chan error, 1)}
	o := mqtt.NewClientOptions().AddBroker("wss://" + d.Hosts[0] + "/api/dispatcher/v3/098/mqtt").SetTLSConfig(trust(x)).
		SetHTTPHeaders(http.Header{"Authorization": {d.Authorization()}}).SetProtocolVersion(4).SetAutoReconnect(false).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) { c.lost <- err }).
		SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.got[m.Topic()] = append(c.got[m.Topic()], m.Payload())
		})
	c.Client = mqtt.NewClient(o)
	if tok := c.Connect(); tok.Wait() && tok.Error() != nil {
		t.Fatal(tok.Error())
	}
	t.Cleanup(func() { c.Disconnect(0) })
	return c
}

func (c *client) subscribe(t *testing.T, topics ...string) map[string]byte {
	t.Helper()
	filters := map[string]byte{}
	for _, name := range topics {
		filters[name] = 0
	}
	tok := c.SubscribeMultiple(filters, nil)
	if tok.Wait() && tok.Error() != nil {
		t.Fatal(tok.Error())
	}
	return tok.(*mqtt.SubscribeToken).Result()
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	over := time.After(20 * time.Second)
	for !is() {
		select {
		case <-look.C:
		case <-over:
			t.Fatal("waited in vain for", what)
		}
	}
}

func TestAnOrdinaryClientReceivesTheMarketAndEveryPacketIsCounted(t *testing.T) {
	x := startTest(t, func(c *Config) { c.Silent, c.Rate, c.Symbols = false, 5000, 5 })
	c := connected(t, x)
	aot, set := topic.BidOffer("AOT"), topic.EquityExchangeInfo("SET")
	c.subscribe(t, aot, set, "proto/topic/infov3/+")
	until(t, "messages", func() bool {
		return c.count(aot) > 100 && c.count(set) > 1 && c.count(topic.PriceInfo("PTT")) > 20
	})
	tok := c.Unsubscribe(aot, set, "proto/topic/infov3/+")
	tok.Wait()
	received := func() (n uint64) {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, payloads := range c.got {
			n += uint64(len(payloads))
		}
		return n
	}
	until(t, "the last messages", func() bool { return received() == x.Stats().Delivered })
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, payloads := range c.got {
		for _, p := range payloads {
			if _, err := codec.DecodeTopic(name, p, messages.Meta{}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if s := x.Stats(); s.SlowDropped != 0 || s.Published == 0 {
		t.Errorf("%+v", s)
	}
}

func TestLoginsAreCheckedAsTheExchangeDoes(t *testing.T) {
	x := startTest(t, nil)
	for name, change := range map[string]func(*settrade.Config){
		"another app":    func(c *settrade.Config) { c.AppID = "other" },
		"another secret": func(c *settrade.Config) { c.AppSecret = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=" },
		"another code":   func(c *settrade.Config) { c.AppCode = "other" },
		"a clock off":    func(c *settrade.Config) { c.Now = func() time.Time { return time.Now().Add(-time.Hour) } },
	} {
		_, err := restClient(t, x, change).Login(t.Context())
		if settrade.ClassOf(err).String() != "auth" {
			t.Errorf("%s: %v", name, err)
		}
		if name == "a clock off" && !strings.Contains(err.Error(), "behind the server's") {
			t.Errorf("the error does not say that the clock is off: %v", err)
		}
	}
	rest := restClient(t, x, nil)
	token, err := rest.Login(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rest.Refresh(t.Context(), token); err != nil {
		t.Error("the first refresh:", err)
	}
	if _, err := rest.Refresh(t.Context(), token); err == nil {
		t.Error("a refresh token was good twice")
	}
	token.Access = "wrong"
	if _, err := rest.Dispatcher(t.Context(), token); settrade.ClassOf(err).String() != "auth" {
		t.Error("a wrong access token:", err)
	}
}

func TestTheRateLimitsHoldAndSayWhatIsLeft(t *testing.T) {
	x := startTest(t, func(c *Config) { c.PerSecond = 2 })
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust(x), DisableKeepAlives: true}}
	var statuses []int
	var left []string
	for range 3 {
		res, err := client.Get(x.BaseURL() + "/api/dispatcher/v3/098/token")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		statuses, left = append(statuses, res.StatusCode), append(left, res.Header.Get("X-RateLimit-Remaining-second"))
	}
	if fmt.Sprint(statuses, left) != "[401 401 429] [1 0 0]" {
		t.Errorf("%v, left %v", statuses, left)
	}
}

func TestTheMQTTEndpointWantsTheDispatchersToken(t *testing.T) {
	x := startTest(t, nil)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust(x), DisableKeepAlives: true}}
	for _, header := range []string{"", "Bearer wrong", "Basic x"} {
		r, _ := http.NewRequest("GET", x.BaseURL()+"/api/dispatcher/v3/098/mqtt", nil)
		r.Header.Set("Authorization", header)
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%q: %d", header, res.StatusCode)
		}
	}
}

func TestAConnectionEndsWithItsToken(t *testing.T) {
	x := startTest(t, func(c *Config) { c.TokenTTL = time.Second })
	c := connected(t, x)
	if err := <-c.lost; err == nil {
		t.Error("lost without an error")
	}
}

func TestSubscriptionsCanBeRefusedInEveryWay(t *testing.T) {
	x := startTest(t, nil)
	c := connected(t, x)
	x.Break(Fault{Kind: "suback", Topic: "proto/topic/infov3/AOT"})
	x.Break(Fault{Kind: "reject", Topic: "proto/topic/infov3/PTT"})
	c.subscribe(t, rejections)
	if codes := c.subscribe(t, "proto/topic/infov3/AOT", "proto/topic/infov3/PTT", "proto/topic/infov3/KTB"); codes["proto/topic/infov3/AOT"] != 128 || codes["proto/topic/infov3/PTT"] != 0 {
		t.Errorf("%v", codes)
	}
	until(t, "the rejection", func() bool { return c.count(rejections) == 1 })
	if want := `{"rejectSubscriptions":[{"topicFilter":"proto/topic/infov3/PTT","errorMessage":"not permitted"}]}`; string(c.got[rejections][0]) != want {
		t.Errorf("%s", c.got[rejections][0])
	}
	if s := x.Stats(); len(s.Subscriptions) != 2 || s.Subscriptions["proto/topic/infov3/KTB"] != 1 {
		t.Errorf("%v", s.Subscriptions)
	}
}

func TestServePrintsWhatAShellNeedsAndEndsWithItsParent(t *testing.T) {
	dir := t.TempDir()
	in, parent := io.Pipe()
	out, w := io.Pipe()
	ended := make(chan error, 1)
	c := DefaultConfig()
	c.Listen, c.Admin, c.Dir = "127.0.0.1:0", "127.0.0.1:0", dir
	go func() {
		ended <- Serve(context.Background(), c, in, w)
		w.Close()
	}()
	var lines []string
	buf := make([]byte, 64<<10)
	var text string
	for !strings.Contains(text, "# ready\n") {
		n, err := out.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		text += string(buf[:n])
	}
	lines = strings.Split(strings.TrimSpace(text), "\n")
	for _, name := range []string{"SETTRADE_BASE_URL", "SETTRADE_APP_ID", "SETTRADE_APP_SECRET", "SETTRADE_APP_CODE", "SETTRADE_BROKER_ID", "FEEDTREE_TLS_CA_FILE"} {
		if !strings.Contains(text, "export "+name+"=") {
			t.Errorf("no %s in %s", name, text)
		}
	}
	if lines[len(lines)-1] != "# ready" {
		t.Errorf("%s", text)
	}
	if env, err := os.Stat(filepath.Join(dir, "env")); err != nil || env.Mode().Perm() != 0o600 {
		t.Errorf("env: %v %v", env, err)
	}
	parent.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestImpossibleConfigurationsAreToldWhole(t *testing.T) {
	c := DefaultConfig()
	c.Listen, c.Rate, c.Symbols, c.TokenTTL, c.Clock = "0.0.0.0:1", 0, 901, 0, "noon"
	err := c.Validate()
	for _, want := range []string{"listen", "rate 0", "symbols 901", "token-ttl", "noon"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %s in %v", want, err)
		}
	}
	taken := startTest(t, nil)
	c = DefaultConfig()
	c.Listen, c.Admin = "127.0.0.1:"+port(taken.listener), ""
	if _, err := Start(context.Background(), c); err == nil || !strings.Contains(err.Error(), "another port") {
		t.Error(err)
	}
}

func TestClosingTwiceIsSafe(t *testing.T) {
	x := startTest(t, nil)
	x.Close()
	x.Close()
}

func TestWildcardsMatchAsMQTTSays(t *testing.T) {
	for _, c := range []struct {
		filter, topic string
		want          bool
	}{
		{"a/b", "a/b", true}, {"a/+", "a/b", true}, {"a/+", "a/b/c", false}, {"a/#", "a/b/c", true}, {"a/#", "a", true},
		{"#", "a", true}, {"#", "$sys/x", false}, {"+/x", "$sys/x", false}, {"a", "a/b", false},
	} {
		if got := matchesAny([]string{c.filter}, c.topic); got != c.want {
			t.Errorf("%s on %s: %v", c.filter, c.topic, got)
		}
	}
}

func TestTheLengthOfAPacketIsReadAsItIsWritten(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152} {
		p := appendLength([]byte{0x30}, n)
		if got := lengthOf(p); got != n {
			t.Errorf("%d was read as %d", n, got)
		}
		if got := packetLength(p); got != len(p)+n {
			t.Errorf("a packet of %d bytes was measured as %s", len(p)+n, strconv.Itoa(got))
		}
	}
}
