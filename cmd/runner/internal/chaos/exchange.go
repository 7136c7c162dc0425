package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/feedtree/feedtree/test/sandbox"
)

// exchange is the admin API of the exchange that is played with.
type exchange struct {
	url    string
	client http.Client
}

func newExchange(url string) *exchange {
	return &exchange{url: url, client: http.Client{Timeout: 5 * time.Second}}
}

func (x *exchange) call(ctx context.Context, method, path string, body, answer any) error {
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, x.url+path, r)
	if err != nil {
		return err
	}
	res, err := x.client.Do(req)
	if err != nil {
		return fmt.Errorf("the exchange does not answer: %w", err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err != nil {
		return fmt.Errorf("the exchange's answer breaks off: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: the exchange answered %s: %s", method, path, res.Status, bytes.TrimSpace(text))
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}

func (x *exchange) stats(ctx context.Context) (s sandbox.Stats, err error) {
	return s, x.call(ctx, http.MethodGet, "/stats", nil, &s)
}

func (x *exchange) heal(ctx context.Context) error {
	return x.call(ctx, http.MethodDelete, "/faults", nil, nil)
}

func (x *exchange) fault(ctx context.Context, name string, args ...Arg) error {
	body := map[string]any{"kind": name}
	for _, a := range args {
		if a.Key == retryAfter {
			body["headers"] = map[string]string{"Retry-After": strconv.Itoa(a.Value.(int))}
			continue
		}
		body[a.Key] = a.Value
	}
	return x.call(ctx, http.MethodPost, "/faults", body, nil)
}

func (x *exchange) publish(ctx context.Context, name string, args []Arg) error {
	body := map[string]any{"payload": payload(name)}
	for _, a := range args {
		body[a.Key] = a.Value
	}
	return x.call(ctx, http.MethodPost, "/publish", body, nil)
}
