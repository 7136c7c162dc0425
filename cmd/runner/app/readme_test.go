package app_test

import (
	"os"
	"strings"
	"testing"
)

func TestTheProgramInTheReadmeIsTheExampleThatCompiles(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```go\n")
	program, _, found := strings.Cut(rest, "```\n")
	if !found || !strings.Contains(string(example), program) {
		t.Errorf("example_test.go does not hold README.md's program:\n%s", program)
	}
}
