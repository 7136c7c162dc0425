package settrade

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// The exchange's environments.
const (
	Production    = "https://open-api.settrade.com"
	UAT           = "https://open-api-test.settrade.com"
	sandboxBroker = "098"
)

// Resolve finds the API: an explicit base URL, else UAT for the broker SANDBOX in any case,
// else production. SANDBOX stands for broker 098 either way.
func Resolve(baseURL, brokerID string) (base *url.URL, broker string, err error) {
	broker, address := strings.TrimSpace(brokerID), strings.TrimSpace(baseURL)
	if strings.EqualFold(broker, "SANDBOX") {
		broker = sandboxBroker
		if address == "" {
			address = UAT
		}
	}
	if address == "" {
		address = Production
	}
	fail := func(reason string) (*url.URL, string, error) {
		return nil, "", &FieldError{Key: "credentials.base_url", Value: shown(address), Reason: reason + "; expected https://host, or leave SETTRADE_BASE_URL unset for production"}
	}
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return fail("is no URL")
	case u.User != nil:
		address = u.Scheme + "://" + u.Host
		return fail("holds a user or a password")
	case u.Scheme != "https":
		return fail("is not https: credentials do not travel in the clear")
	case u.Hostname() == "":
		return fail("names no host")
	case u.RawQuery != "" || u.Fragment != "":
		return fail("holds a query or a fragment")
	}
	if p := u.Port(); p != "" && !validPort(p) {
		return fail("has an impossible port")
	}
	return u, broker, nil
}

func shown(address string) string { return address[:min(len(address), 80)] }

// HostPort gives what to dial for a host that the dispatcher named: port 443 unless it says
// another.
func HostPort(host string) (string, error) {
	h, port := strings.TrimSpace(host), "443"
	if bare := strings.Trim(h, "[]"); net.ParseIP(bare) != nil {
		return net.JoinHostPort(bare, port), nil
	}
	if strings.Contains(h, ":") {
		var err error
		if h, port, err = net.SplitHostPort(h); err != nil || !validPort(port) {
			return "", fmt.Errorf("host %q: expected a name, or name:port", shown(host))
		}
	}
	if h == "" || strings.ContainsAny(h, "/\\@?#% \t\r\n\"<>") {
		return "", fmt.Errorf("host %q: expected a name, or name:port", shown(host))
	}
	return net.JoinHostPort(h, port), nil
}

func validPort(p string) bool {
	n, err := strconv.ParseUint(p, 10, 16)
	return err == nil && n > 0
}
