package sandbox

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/feedtree/feedtree/internal/settrade"
)

// admin speaks to the admin API as curl would.
func admin(t *testing.T, x *Exchange, method, path, body string) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequest(method, x.AdminURL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var out map[string]any
	json.NewDecoder(res.Body).Decode(&out)
	return res.StatusCode, out
}

func TestTheAdminAPIAnswersWhatCannotBe(t *testing.T) {
	x := startTest(t, nil)
	for body, want := range map[string]string{
		`{"kind":"cutt"}`:                                     "expected one of connack, cut",
		`{"kind":"cut","how":"softly"}`:                       "close or rst",
		`{"kind":"malform","ratio":2}`:                        "ratio 2",
		`{"kind":"login"}`:                                    "status or a delay",
		`{"kind":"login","status":99}`:                        "200 to 599",
		`{"kind":"reject"}`:                                   "expected a topic",
		`{"kind":"hostile"}`:                                  "one of huge, suback",
		`{"kind":"login","redirect":"/x"}`:                    "URL with a host",
		`{"kind":"login","redirect":"http://x","status":200}`: "300 to 399",
		`{"kind":"login","delay":"1s","body":"x"}`:            "a status with a body",
		`{"kind":"refuse","for":"soon"}`:                      "soon",
		`{"kind":"refuse","for":"-5s"}`:                       "negative",
		`{"kind":"cut","whatever":1}`:                         "whatever",
		`{"kind":"cut"} {}`:                                   "follows",
		`[]`:                                                  "JSON object",
		strings.Repeat(" ", maxAdminBody) + `{}`:              "too large",
	} {
		status, out := admin(t, x, "POST", "/faults", body)
		if message, _ := out["message"].(string); status != 400 || !strings.Contains(message, want) {
			t.Errorf("%.40s: %d %v, want %q", body, status, out, want)
		}
	}
	for _, body := range []string{`{"topic":""}`, `{"topic":"x","payload":"!"}`, `{"topic":"x","count":0}`} {
		if status, _ := admin(t, x, "POST", "/publish", body); status != 400 {
			t.Errorf("%s: %d", body, status)
		}
	}
	if status, _ := admin(t, x, "GET", "/nothing", ""); status != 404 {
		t.Error(status)
	}
}

func TestFaultsAreListedStrikeAndHeal(t *testing.T) {
	x := startTest(t, nil)
	if _, out := admin(t, x, "GET", "/faults", ""); len(out["kinds"].(map[string]any)) < 15 {
		t.Errorf("%v", out)
	}
	admin(t, x, "POST", "/faults", `{"kind":"login","status":503,"body":"no"}`)
	_, err := restClient(t, x, nil).Login(t.Context())
	if settrade.ClassOf(err).String() != "server" {
		t.Error(err)
	}
	if _, out := admin(t, x, "GET", "/faults", ""); out["active"].([]any)[0].(map[string]any)["hits"].(float64) != 1 {
		t.Errorf("%v", out["active"])
	}
	admin(t, x, "DELETE", "/faults", "")
	if _, err := restClient(t, x, nil).Login(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestPublishSendsAPayloadAsItIs(t *testing.T) {
	x := startTest(t, nil)
	c := connected(t, x)
	c.subscribe(t, "proto/topic/infov3/AOT")
	if _, out := admin(t, x, "POST", "/publish", `{"topic":"proto/topic/infov3/AOT","payload":"AP8B","count":3}`); out["delivered"].(float64) != 3 {
		t.Fatalf("%v", out)
	}
	until(t, "three messages", func() bool { return c.count("proto/topic/infov3/AOT") == 3 })
	if !bytes.Equal(c.got["proto/topic/infov3/AOT"][0], []byte{0, 255, 1}) {
		t.Errorf("%v", c.got)
	}
}
