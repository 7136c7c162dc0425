package main

import (
	"context"
	"strings"
	"testing"

	"github.com/feedtree/feedtree/examples/internal/run"
)

func TestItRunsAndEverythingIsAccountedFor(t *testing.T) {
	_, environ := run.Exchange(t)
	var out run.Buffer
	if err := embed(context.Background(), environ, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "every message is accounted for: true") {
		t.Fatal(out.String())
	}
}
