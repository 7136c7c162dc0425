package clock

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// A wall clock that jumps by an hour must move no timer and no age. No test can make it jump
// for its own process alone, so the code is held to the rule that makes it harmless: nothing
// that was read off the wall clock as a number is subtracted or compared, and no time.Time
// that was made of such a number measures anything. A time.Time of time.Now keeps its
// monotonic reading and may.
func TestNothingMeasuresByTheWallClock(t *testing.T) {
	root := filepath.Join("..", "..")
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (rel == "test" || rel == "examples" || rel == "config" || strings.HasPrefix(d.Name(), ".") && rel != "."):
			return filepath.SkipDir
		case d.IsDir(), !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"), filepath.Dir(rel) == filepath.Join("internal", "clock"):
			return nil
		}
		files++
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, at := range measures(f) {
			t.Errorf("%s measures by the wall clock", set.Position(at))
		}
		return nil
	})
	if err != nil || files < 50 {
		t.Errorf("%d files read: %v", files, err)
	}
}

func TestWhatMeasuresByTheWallClockIsFound(t *testing.T) {
	for body, want := range map[string]int{
		"a.UnixNano() - b.UnixNano()":      1,
		"now.UnixMilli() > e.Deadline":     1,
		"e.WallNanos() < limit":            1,
		"m.Wall - last.Wall":               1,
		"time.Since(time.Unix(0, ns))":     1,
		"time.Unix(s, 0).Before(now)":      1,
		"now.Sub(t.Round(0))":              1,
		"time.Since(began)":                0,
		"clock.Since(now.Mono, m.Mono)":    0,
		"until.Before(now)":                0,
		"f(e.WallNanos(), time.Unix(0,n))": 0,
	} {
		e, err := parser.ParseExpr(body)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(measures(e)); got != want {
			t.Errorf("%s: found %d, want %d", body, got, want)
		}
	}
}

// measures finds where a difference or an order is made of wall-clock readings.
func measures(n ast.Node) (at []token.Pos) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch e := n.(type) {
		case *ast.BinaryExpr:
			var measured ast.Node
			switch e.Op {
			case token.SUB: // a wall-clock time less an age is a time; anything less a wall-clock time is an age
				measured = e.Y
			case token.LSS, token.GTR, token.LEQ, token.GEQ:
				measured = e
			}
			if measured != nil && calls(measured, "UnixNano", "UnixMilli", "UnixMicro", "WallNanos", "Wall") {
				at = append(at, e.Pos())
			}
		case *ast.CallExpr:
			if s, ok := e.Fun.(*ast.SelectorExpr); ok {
				switch s.Sel.Name {
				case "Sub", "Before", "After", "Compare", "Since", "Until":
					if calls(e, "Unix", "UnixMilli", "Round", "Truncate") {
						at = append(at, e.Pos())
					}
				}
			}
		}
		return true
	})
	return at
}

// calls reports whether one of these is selected anywhere within.
func calls(n ast.Node, names ...string) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			for _, name := range names {
				found = found || s.Sel.Name == name
			}
		}
		return true
	})
	return found
}
