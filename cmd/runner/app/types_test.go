package app

import (
	"github.com/feedtree/feedtree"
	"github.com/feedtree/feedtree/internal/demo"
)

func types() []feedtree.StrategyType { return []feedtree.StrategyType{demo.Type()} }
