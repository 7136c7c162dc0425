package codec

import (
	"flag"
	"os"
	"testing"
)

// TestMain raises rapid's hundred checks, with which rare forms of a Money would not be
// met, unless -rapid.checks says otherwise. 20,000 take a second.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		if err := flag.Set("rapid.checks", "20000"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
