package feedtree_test

import (
	"os/exec"
	"strings"
	"testing"
)

// deps lists what a package reaches.
func deps(t *testing.T, pkg string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", pkg).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.Fields(string(out))
}

const module = "github.com/feedtree/feedtree"

// A user who embeds the tree gets no command line, no exchange, nothing that exports
// telemetry, and no generated code whose messages could collide with their own.
func TestWhatTheRootPackageImports(t *testing.T) {
	for _, d := range deps(t, module) {
		for _, not := range []string{module + "/cmd", module + "/test", module + "/internal/codec/oracle", module + "/internal/httpd",
			"github.com/spf13/cobra", "github.com/mochi-mqtt", "github.com/jedib0t", module + "/telemetry/metrics",
			"go.opentelemetry.io/otel/exporters/otlp", "go.opentelemetry.io/otel/sdk/trace", "google.golang.org/grpc"} {
			if strings.HasPrefix(d, not) {
				t.Errorf("the root package reaches %s", d)
			}
		}
	}
}

func TestImportsRunOneWay(t *testing.T) {
	for pkg, nots := range map[string][]string{
		"/messages":          {module + "/"},
		"/internal/mailbox":  {module + "/actors", module + "/supervision", module + "/config"},
		"/internal/paths":    {module + "/actors", module + "/supervision", module + "/config", "go.opentelemetry.io/otel/sdk/trace"},
		"/supervision":       {module + "/actors", module + "/config"},
		"/telemetry/ledger":  {module + "/"},
		"/config":            {module + "/actors", module + "/supervision", module + "/cmd"},
		"/actors/session":    {module + "/actors/", module + "/config"},
		"/actors/decoder":    {module + "/actors/", module + "/config", module + "/supervision"},
		"/actors/health":     {module + "/actors/", module + "/config", module + "/supervision"},
		"/actors/dispatcher": {module + "/actors/", module + "/config", module + "/supervision"},
		"/actors/strategies": {module + "/actors/", module + "/config", module + "/supervision"},
		"/actors/branch":     {module + "/"},
		"/test/sandbox":      {module + "/actors", module + "/cmd", module + "/config"},
		"/cmd/runner/app":    {module + "/internal/codec/oracle"},
		"/internal/codec":    {"google.golang.org/protobuf/proto", "google.golang.org/protobuf/reflect"},
	} {
		for _, d := range deps(t, module+pkg) {
			for _, not := range nots {
				if strings.HasPrefix(d, not) && d != module+pkg {
					t.Errorf("%s reaches %s", pkg, d)
				}
			}
		}
	}
}
