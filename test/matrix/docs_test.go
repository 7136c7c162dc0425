package matrix

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// table writes rows as docs/guarantees.md has them.
func table() string {
	var b strings.Builder
	b.WriteString("| fault | what holds | proved by |\n|---|---|---|\n")
	for _, r := range rows {
		var by []string
		if len(r.run) > 0 {
			by = append(by, "`TestTheMatrix/"+strings.ReplaceAll(r.name, " ", "_")+"`")
		}
		for _, name := range r.by {
			by = append(by, "`"+name+"`")
		}
		b.WriteString("| " + r.fault + " | " + r.holds + " | " + strings.Join(by, ", ") + " |\n")
	}
	return b.String()
}

func TestTheDocumentHoldsTheSameTable(t *testing.T) {
	doc, err := os.ReadFile("../../docs/guarantees.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(doc), "\n"+table()+"\n") {
		t.Errorf("docs/guarantees.md does not hold this table:\n%s", table())
	}
}

func TestEveryTestThatIsNamedExists(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rows {
		if seen[r.name] || len(r.run)+len(r.by) == 0 {
			t.Errorf("%s stands twice, or is proved by nothing", r.name)
		}
		seen[r.name] = true
		for _, name := range r.by {
			pkg, test, ok := strings.Cut(name, ".")
			if !ok || !tests(t, pkg)[test] {
				t.Errorf("%s: there is no test %s", r.name, name)
			}
		}
	}
}

// tests lists the tests, fuzzers and benchmarks of a package that can fail: those with a body.
func tests(t *testing.T, pkg string) map[string]bool {
	t.Helper()
	if pkg == "feedtree" { // the root
		pkg = "."
	}
	files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(pkg), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Body != nil && len(fn.Body.List) > 0 {
				out[fn.Name.Name] = true
			}
		}
	}
	return out
}
