package sandbox

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// maxSkew is how far a login's time stamp may be from the exchange's clock.
const maxSkew = 5 * time.Minute

// maxBody caps what is read of a request.
const maxBody = 64 << 10

// api is the exchange's REST API and MQTT endpoint, as clients see it.
func (x *Exchange) api() http.Handler {
	m := http.NewServeMux()
	app := "/api/oam/v1/" + x.cfg.BrokerID + "/broker-apps/" + x.cfg.AppCode + "/"
	m.HandleFunc("POST "+app+"login", x.limited(&x.limits.post, x.login))
	m.HandleFunc("POST "+app+"refresh-token", x.limited(&x.limits.post, x.refresh))
	m.HandleFunc("GET /api/dispatcher/v3/"+x.cfg.BrokerID+"/token", x.limited(&x.limits.get, x.dispatcher))
	m.HandleFunc("GET /api/dispatcher/v3/"+x.cfg.BrokerID+"/mqtt", x.connect)
	m.HandleFunc("GET /sdk-open-api/sdk-version.json", versions)
	m.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		failure(w, http.StatusNotFound, "NOT_FOUND", "no such resource; is the broker "+x.cfg.BrokerID+" and the app code "+x.cfg.AppCode+"?")
	})
	return m
}

func failure(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, map[string]string{"code": code, "message": message})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

func (x *Exchange) limited(l *limit, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if l == &x.limits.get {
			x.count.gets.Add(1)
		} else {
			x.count.posts.Add(1)
		}
		second, minute, ok := l.take(time.Now())
		h := w.Header()
		h.Set("X-RateLimit-Limit-second", strconv.Itoa(l.second))
		h.Set("X-RateLimit-Limit-minute", strconv.Itoa(l.minute))
		h.Set("X-RateLimit-Remaining-second", strconv.Itoa(second))
		h.Set("X-RateLimit-Remaining-minute", strconv.Itoa(minute))
		if !ok {
			x.count.rateLimited.Add(1)
			h.Set("Retry-After", "1")
			failure(w, http.StatusTooManyRequests, "RATE_LIMIT", "too many requests")
			return
		}
		next(w, r)
	}
}

// answers plays a REST fault and reports whether it has answered.
func (f *faults) answers(kind string, w http.ResponseWriter, quit <-chan struct{}) bool {
	a, ok := f.get(kind)
	if !ok {
		return false
	}
	if a.Delay > 0 && !pause(time.Duration(a.Delay), quit) {
		return true
	}
	if a.Status == 0 {
		return false
	}
	for name, value := range a.Headers {
		w.Header().Set(name, value)
	}
	if a.Redirect != "" {
		w.Header().Set("Location", a.Redirect)
	}
	w.WriteHeader(a.Status)
	w.Write([]byte(a.Body))
	return true
}

// read takes a request's JSON, or answers what is wrong with it.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		failure(w, http.StatusBadRequest, "BAD_REQUEST", "expected a JSON object: "+err.Error())
		return false
	}
	return true
}

func (x *Exchange) login(w http.ResponseWriter, r *http.Request) {
	if x.faults.answers("login", w, x.quit) {
		return
	}
	var q struct{ APIKey, Params, Signature, Timestamp string }
	if !read(w, r, &q) {
		return
	}
	refuse := func(code, message string) {
		x.count.rejectedLogins.Add(1)
		failure(w, http.StatusUnauthorized, code, message)
	}
	ms, err := strconv.ParseInt(q.Timestamp, 10, 64)
	if err != nil {
		refuse("INVALID_TIMESTAMP", "the timestamp is no number of milliseconds")
		return
	}
	if off := time.Since(time.UnixMilli(ms)); off > maxSkew || off < -maxSkew {
		refuse("INVALID_TIMESTAMP", fmt.Sprintf("the timestamp is off by %v", off.Round(time.Second)))
		return
	}
	signature, err := hex.DecodeString(q.Signature)
	digest := sha256.Sum256([]byte(q.APIKey + "." + q.Params + "." + q.Timestamp))
	if err != nil || q.APIKey != x.cfg.AppID || !ecdsa.VerifyASN1(x.key, digest[:], signature) {
		refuse("INVALID_SIGNATURE", "the credentials or the signature are wrong")
		return
	}
	x.count.logins.Add(1)
	x.grant(w)
}

func (x *Exchange) refresh(w http.ResponseWriter, r *http.Request) {
	if x.faults.answers("refresh", w, x.quit) {
		return
	}
	var q struct{ APIKey, RefreshToken string }
	if !read(w, r, &q) {
		return
	}
	if q.APIKey != x.cfg.AppID || !x.tokens.redeem(q.RefreshToken) {
		failure(w, http.StatusUnauthorized, "INVALID_TOKEN", "the refresh token is unknown or was used before")
		return
	}
	x.count.refreshes.Add(1)
	x.grant(w)
}

func (x *Exchange) grant(w http.ResponseWriter) {
	access, refresh := x.tokens.issue()
	answer(w, http.StatusOK, map[string]any{"access_token": access, "token_type": "Bearer", "refresh_token": refresh,
		"expires_in": int(x.cfg.TokenTTL.Seconds()), "broker_id": x.cfg.BrokerID, "authenticated_userid": "sandbox"})
}

func (x *Exchange) dispatcher(w http.ResponseWriter, r *http.Request) {
	if x.faults.answers("dispatcher", w, x.quit) {
		return
	}
	var kind, token string
	fmt.Sscan(r.Header.Get("Authorization"), &kind, &token)
	dispatch, ok := x.tokens.dispatch(token)
	if kind != "Bearer" || !ok {
		failure(w, http.StatusUnauthorized, "INVALID_TOKEN", "the access token is unknown or has ended")
		return
	}
	x.count.dispatcherTokens.Add(1)
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	if p := port(x.listener); p != "443" {
		host = net.JoinHostPort(host, p)
	}
	answer(w, http.StatusOK, map[string]any{"hosts": []string{host}, "token": dispatch})
}

// versions is what the official SDK asks for before it logs in: an entry for each platform
// and system it names itself by.
func versions(w http.ResponseWriter, _ *http.Request) {
	type key struct {
		Platform string `json:"platform"`
		OS       string `json:"os"`
	}
	type entry struct {
		Key     key    `json:"key"`
		Current string `json:"currentVersion"`
		Minimum string `json:"minimumVersion"`
	}
	var list []entry
	for _, platform := range []string{"python_x64", "python_x86", "python_arm64", "python"} {
		for _, system := range []string{"linux_amd64", "linux_arm64", "linux_aarch64", "linux_x86_64", "windows_amd64", "darwin_amd64", "darwin_arm64", "linux", "windows", "darwin"} {
			list = append(list, entry{key{platform, system}, "2.2.1", "1.0.0"})
		}
	}
	answer(w, http.StatusOK, list)
}
