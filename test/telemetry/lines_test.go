package telemetry_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// kinds are the events of supervision's lines, which are no literals where they are logged:
// the constants of its type Kind.
func kinds(t *testing.T) (out []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../supervision/event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
			if typ, ok := v.Type.(*ast.Ident); ok && typ.Name == "Kind" {
				e, _ := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				out = append(out, e)
			}
		}
		return true
	})
	if len(out) < 9 {
		t.Fatalf("only %v", out)
	}
	return out
}

// loggers matches what a line is logged to: a logger, however it is called here.
var loggers = regexp.MustCompile(`(?i)(^|\.)(s?log|lines|logger(\(\))?)$`)

// logged lists the events of the source's log calls and where they stand; calls without one
// fail the test.
func logged(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	computed := map[string][]string{"string(e.Kind)": kinds(t)}
	set := token.NewFileSet()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, "../../"))
		if d.IsDir() && (name == "test" || name == "examples" || strings.HasPrefix(d.Name(), ".") && d.Name() != "..") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(set, path, text, 0)
		if err != nil {
			return err
		}
		source := func(n ast.Node) string {
			return string(text[set.Position(n.Pos()).Offset:set.Position(n.End()).Offset])
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			fun, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			where := set.Position(call.Pos()).String()
			switch fun.Sel.Name {
			case "Debug", "Info", "Warn", "Error", "DebugContext", "InfoContext", "WarnContext", "ErrorContext", "Log", "LogContext":
				if !loggers.MatchString(source(fun.X)) || forwarded(source(call)) {
					return true
				}
				if events := eventOf(call.Args, computed, source); events == nil {
					t.Errorf("%s: a line without a literal \"event\": %s", where, source(call))
				} else {
					for _, e := range events {
						found[e] = where
					}
				}
			case "String": // slog.String(Event, "…"), of a record made by hand
				if len(call.Args) == 2 && (source(call.Args[0]) == "Event" || source(call.Args[0]) == `"event"`) {
					e, _ := strconv.Unquote(source(call.Args[1]))
					found[e] = where
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// forwarded are the calls with which the limiter hands somebody's line on.
func forwarded(call string) bool {
	return strings.Contains(call, "args...") || strings.Contains(call, `append(args, `)
}

func eventOf(args []ast.Expr, computed map[string][]string, source func(ast.Node) string) []string {
	for i := 0; i+1 < len(args); i++ {
		if source(args[i]) != `"event"` {
			continue
		}
		if l, ok := args[i+1].(*ast.BasicLit); ok {
			e, _ := strconv.Unquote(l.Value)
			return []string{e}
		}
		return computed[source(args[i+1])]
	}
	return nil
}

func TestEveryLogLineHasAnEventThatIsExplained(t *testing.T) {
	text, err := os.ReadFile("../../docs/telemetry.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "<!-- lines -->")
	table, _, ok := strings.Cut(rest, "<!-- end -->")
	if !ok {
		t.Fatal("docs/telemetry.md has no table of log lines")
	}
	explained := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(table), "\n")[2:] {
		c := strings.Split(line, "|")
		if len(c) != 5 || strings.TrimSpace(c[3]) == "" {
			t.Fatalf("%q", line)
		}
		for _, e := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(c[1], -1) {
			if explained[e[1]] {
				t.Errorf("%s is explained twice", e[1])
			}
			explained[e[1]] = true
		}
	}
	found := logged(t)
	if len(found) < 30 {
		t.Fatalf("only %d events found: %v", len(found), slices.Sorted(maps.Keys(found)))
	}
	for _, e := range slices.Sorted(maps.Keys(found)) {
		if !explained[e] {
			t.Errorf("%s: event %q is not explained in docs/telemetry.md", found[e], e)
		}
	}
	for e := range explained {
		if found[e] == "" {
			t.Errorf("event %q is explained and never logged", e)
		}
	}
}
