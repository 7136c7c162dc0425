package feedtree_test

import (
	"testing"

	"github.com/feedtree/feedtree/actors/session"
	"github.com/feedtree/feedtree/config"
)

// The session does not know the configuration, and takes a word that it does not know for auto.
func TestTheSessionAndTheConfigurationCallRollOversAlike(t *testing.T) {
	for in, out := range map[string]string{config.RolloverAuto: session.RolloverAuto,
		config.RolloverOverlap: session.RolloverOverlap, config.RolloverSequential: session.RolloverSequential} {
		if in != out {
			t.Errorf("%q in the configuration is %q in the session", in, out)
		}
	}
}
