package feedtree

import (
	"strings"

	"github.com/feedtree/feedtree/config"
)

// secretsOf takes secrets and account numbers out of what users' code says: a strategy that
// panics with an order in its hands would tell the log whose it is. Values of fewer than four
// characters stay: they would take half of the text along.
func secretsOf(c config.Credentials) *strings.Replacer {
	var pairs []string
	for _, s := range []struct {
		value config.Secret
		shown string
	}{{c.AppSecret, "{secret}"}, {c.EquityAccount, "{account}"}, {c.DerivativesAccount, "{account}"}} {
		if v := strings.TrimSpace(s.value.Reveal()); len(v) >= 4 {
			pairs = append(pairs, v, s.shown)
		}
	}
	return strings.NewReplacer(pairs...)
}
