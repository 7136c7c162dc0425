// Command runner is the feed with a demonstration strategy; a program of one's own is as
// short, with strategies of one's own.
package main

import (
	"github.com/feedtree/feedtree/cmd/runner/app"
	"github.com/feedtree/feedtree/cmd/runner/internal/demo"
)

func main() { app.Main(demo.Type()) }
