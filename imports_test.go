package feedtree_test

import (
	"os"
	"os/exec"
	"regexp"
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

// The table of packages in docs/design.md is the rule for what may import what.
func TestPackagesImportOnlyWhatStandsAboveThem(t *testing.T) {
	text, err := os.ReadFile("docs/design.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "## Packages")
	table, _, ok := strings.Cut(rest, "\n## ")
	if !ok {
		t.Fatal("docs/design.md has no section on packages")
	}
	row := map[string]int{}
	for i, line := range strings.Split(table, "\n") {
		if cells := strings.Split(line, "|"); len(cells) == 4 {
			for _, name := range regexp.MustCompile("`([a-z/]+)`").FindAllStringSubmatch(cells[1], -1) {
				pkg := strings.TrimSuffix(module+"/"+name[1], "/feedtree")
				if row[pkg] != 0 {
					t.Errorf("%s stands there twice", name[1])
				}
				row[pkg] = i
			}
		}
	}
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	found := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		pkg := fields[0]
		if row[pkg] == 0 {
			if !strings.HasPrefix(pkg, module+"/test/") && pkg != module+"/internal/codec/oracle" && pkg != module+"/telemetry/tracing/otlptest" {
				t.Errorf("%s is not in the table", pkg)
			}
			continue // for tests alone
		}
		found[pkg] = true
		for _, d := range fields[1:] {
			if strings.HasPrefix(d, module) && (row[d] == 0 || row[d] >= row[pkg]) {
				t.Errorf("%s imports %s, which does not stand above it", pkg, d)
			}
		}
	}
	for pkg := range row {
		if !found[pkg] {
			t.Errorf("%s is in the table, and there is no such package", pkg)
		}
	}
}
