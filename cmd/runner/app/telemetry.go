package app

import (
	"context"
	"time"

	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/cmd/runner/internal/httpd"
	"github.com/feedtree/feedtree/config"
	"github.com/feedtree/feedtree/telemetry"
	"github.com/feedtree/feedtree/telemetry/logs"
	"github.com/feedtree/feedtree/telemetry/metrics"
)

// showTelemetry begins to show the tree to those who watch it.
func showTelemetry(tree *feedtree.Tree, cfg config.Config, lines *logs.Log, turned *httpd.Refusals) (*telemetry.Telemetry, error) {
	v := version()
	return telemetry.Start(tree, cfg.Telemetry, telemetry.Options{
		Build: metrics.Build{Version: v.Version, Revision: v.Revision, Go: v.Go}, Log: lines.Logger(), Lines: lines, Refused: turned.Count,
	})
}

// endTelemetry sends the last of it. The tree has stopped: nobody waits longer for a
// collector that does not answer.
func endTelemetry(t *telemetry.Telemetry) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	t.Stop(ctx)
}
