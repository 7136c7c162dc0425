package config

import (
	"fmt"
	"slices"

	"github.com/feedtree/feedtree/messages"
)

// CheckCredentials says what is missing to log in, and to follow orders if a strategy wants
// them, each with its key and its variable. It is apart from Validate because the sandbox
// gives credentials out only once it runs.
func (c Config) CheckCredentials() error {
	var errs []*Error
	need := func(key string, empty bool, why string) {
		if empty {
			key = credentials + key
			errs = append(errs, &Error{Key: key, Reason: fmt.Sprintf("missing%s: set %s or %[2]s%s", why, EnvName(key), fileSuffix)})
		}
	}
	need("app_id", c.Credentials.AppID == "", "")
	need("app_secret", c.Credentials.AppSecret == "", "")
	need("app_code", c.Credentials.AppCode == "", "")
	need("broker_id", c.Credentials.BrokerID == "", "")
	equity, derivatives := "", ""
	for _, s := range c.Strategies {
		if equity == "" && slices.Contains(s.Events, messages.KindEquityOrder.String()) {
			equity = s.Name
		}
		if derivatives == "" && slices.Contains(s.Events, messages.KindDerivativesOrder.String()) {
			derivatives = s.Name
		}
	}
	need("equity_account", equity != "" && c.Credentials.EquityAccount == "",
		fmt.Sprintf(", and strategy %q follows equity orders", clip(equity)))
	need("derivatives_account", derivatives != "" && c.Credentials.DerivativesAccount == "",
		fmt.Sprintf(", and strategy %q follows derivatives orders", clip(derivatives)))
	return join(errs)
}
