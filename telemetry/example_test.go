package telemetry_test

import (
	"context"
	"log"
	"net/http"
	"time"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/telemetry"
)

// Metrics of a tree inside a program with a main of its own.
func ExampleStart() {
	ctx, cfg := context.Background(), config.Default()
	tree, err := feedtree.Start(ctx, cfg)
	if err != nil {
		log.Fatal(err)
	}
	shown, err := telemetry.Start(tree, cfg.Telemetry, telemetry.Options{})
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/metrics", shown.Metrics())
	tree.Wait(ctx)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	shown.Stop(ctx)
}
