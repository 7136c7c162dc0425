package feedtree

import (
	"reflect"
	"testing"

	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/supervision"
)

func TestWhatIsNotConfiguredIsSupervisedByItsDefaultPolicy(t *testing.T) {
	if got, want := policyOf(config.Default().Policy(rootNode)), supervision.DefaultPolicy(); !reflect.DeepEqual(got, want) {
		t.Errorf("the configuration's defaults are %+v, supervision's %+v", got, want)
	}
}
