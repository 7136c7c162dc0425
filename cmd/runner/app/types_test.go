package app

import (
	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/cmd/runner/internal/demo"
)

func types() []feedtree.StrategyType { return []feedtree.StrategyType{demo.Type()} }
