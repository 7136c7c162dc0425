package prometheus_test

import (
	"os/exec"
	"path/filepath"
	"testing"
)

func TestPromtoolFindsNoFaultAndEveryCaseHolds(t *testing.T) {
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Skip("there is no promtool")
	}
	for _, args := range [][]string{
		{"check", "config", "prometheus.yaml"},
		{"check", "rules", "alerts.yaml"},
		{"test", "rules", "alerts_test.yaml"},
	} {
		c := exec.Command("promtool", args...)
		c.Dir = filepath.Join(root, "deploy/prometheus")
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}
