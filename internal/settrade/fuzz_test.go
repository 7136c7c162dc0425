package settrade

import (
	"bufio"
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
)

// answering is a transport that reads the same bytes as the answer to whatever is asked.
type answering []byte

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return http.ReadResponse(bufio.NewReader(bytes.NewReader(a)), r)
}

// FuzzAnswers: whatever a server answers makes something that is whole and can be used, or an
// *Error of one line that asks for a bearable silence and holds nothing of ours.
func FuzzAnswers(f *testing.F) {
	ok := func(body string) []byte { return []byte("HTTP/1.1 200 OK\r\n\r\n" + body) }
	f.Add(ok(goodToken))
	f.Add(ok(`{"hosts":["h:1"],"token":"DISPATCH-MARKED"}`))
	f.Add(ok(`{"access_token":"a\nb","expires_in":"1e99"}`))
	f.Add([]byte("HTTP/1.1 429 X\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\nDate: x\r\n\r\n{\"code\":[],\"message\":\"ACCESS-MARKED\\n\"}"))
	f.Add([]byte("HTTP/1.1 302 X\r\nLocation: https://ACCESS-MARKED/\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		// A client for each: none may wait for the others' turns.
		c, err := New(Config{BaseURL: "https://localhost", BrokerID: "098", AppID: "app", AppCode: "code", AppSecret: secret})
		if err != nil {
			t.Fatal(err)
		}
		c.http.Transport = answering(answer)
		c.remember(held.Access.Reveal(), held.Refresh.Reveal())
		began := time.Now()

		token, err := c.Login(t.Context())
		hold(t, err)
		if err == nil && (!token.Valid() || !token.ExpiresAt.After(began) || strings.ContainsFunc(token.Authorization(), unicode.IsControl)) {
			t.Errorf("a token that cannot be used: type %q, ends %v", token.Type, token.ExpiresAt)
		}
		if err != nil && errors.As(err, new(*Error)) && ClassOf(err).String() == "rate_limit" {
			return // the next call would wait for what the server asked
		}
		d, err := c.Dispatcher(t.Context(), held)
		hold(t, err)
		if err == nil && (len(d.Hosts) == 0 || strings.ContainsFunc(d.Authorization(), unicode.IsControl)) {
			t.Errorf("no dispatch: %d hosts", len(d.Hosts))
		}
	})
}

func hold(t *testing.T, err error) {
	var e *Error
	switch {
	case err == nil:
	case !errors.As(err, &e):
		t.Errorf("an error of another kind: %T", err)
	case strings.ContainsFunc(err.Error(), unicode.IsControl), len(err.Error()) > 2<<10:
		t.Errorf("no line: %q", err)
	case strings.Contains(err.Error(), held.Access.Reveal()), strings.Contains(err.Error(), held.Refresh.Reveal()):
		t.Errorf("a token in %q", err)
	case e.RetryAfter < 0 || e.RetryAfter > maxRetryAfter:
		t.Errorf("asks for a silence of %v", e.RetryAfter)
	}
}
