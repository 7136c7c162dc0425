package feedtree

import (
	"errors"

	"github.com/feedtree/feedtree/actors/session"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/internal/settrade"
	"github.com/feedtree/feedtree/telemetry/ledger"
)

// ExitCode gives the exit code that scripts expect of an error of Start or Stop: 0 for nil,
// 3 for the configuration, 4 for refused credentials, 5 for a connection that could not be
// made, 1 for anything else.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	if len(config.Errors(err)) > 0 {
		return 3
	}
	var dial *session.Error
	var rest *settrade.Error
	if !errors.As(err, &dial) && !errors.As(err, &rest) {
		return 1
	}
	switch session.ClassOf(err) {
	case ledger.FailAuth:
		return 4
	case ledger.FailConfiguration:
		return 3
	}
	return 5
}
