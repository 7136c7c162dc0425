package httpd

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
)

// lonely is a tree that reaches nobody.
func lonely(t *testing.T) *feedtree.Tree {
	t.Helper()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	scalar := make([]byte, 32)
	scalar[31] = 7
	cfg := config.Default()
	cfg.Credentials = config.Credentials{AppID: "a", AppCode: "c", BrokerID: "098", BaseURL: "https://127.0.0.1:1",
		AppSecret: config.Secret(base64.StdEncoding.EncodeToString(scalar))}
	cfg.Symbols = []string{"AOT"}
	tree, err := feedtree.Start(context.Background(), cfg, feedtree.Type("idle", func(struct{}) (actor.Actor, error) {
		return actor.ReceiveFunc(func(actor.Context) {}), nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Stop(context.Background()) })
	return tree
}

func TestAFeedThatIsNotReadySaysWhyAndTheRestAnswersAllTheSame(t *testing.T) {
	tree := lonely(t)
	s := listen(t, config.HTTP{Addr: "127.0.0.1:0"}, nil, Feed(tree, map[string]string{"version": "x"}, map[string]string{"a": "b"}))
	get := func(path string, want int, into any) {
		t.Helper()
		res, err := http.Get(s.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for tree.Connection().LastError == "" {
		<-look.C
	}
	var r Readiness
	get("/readyz", http.StatusServiceUnavailable, &r)
	if r.Ready || !strings.Contains(r.Reason, "connection refused") {
		t.Errorf("%+v", r)
	}
	var n Tree
	get("/tree", http.StatusOK, &n)
	if n.Root.Name != "feed" || len(n.Root.Children) != 5 || n.More["a"] != "b" || n.Root.Children[4].Children[0].Name != "idle" {
		t.Errorf("%+v", n)
	}
	var symbols []feedtree.SymbolState
	get("/symbols", http.StatusOK, &symbols)
	if len(symbols) != 1 || symbols[0].Symbol != "AOT" || symbols[0].State != "unknown" || symbols[0].AgeMS != -1 {
		t.Errorf("%+v", symbols)
	}
	for _, path := range []string{"/livez", "/strategies", "/summary", "/version"} {
		get(path, http.StatusOK, &map[string]any{})
	}
}
