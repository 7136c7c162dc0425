package config_test

import (
	"fmt"

	"github.com/feedtree/feedtree/config"
)

func ExampleLoad() {
	loaded, err := config.Load(config.Sources{
		Environ: []string{"FEEDTREE_DISPATCHER_CAPACITY=5000"},
		Set:     []string{"symbols=aot,PTT"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(loaded.Config.Dispatcher.Capacity, loaded.Origin("dispatcher.capacity"))
	fmt.Println(loaded.Config.Symbols, loaded.Notes)
	// Output:
	// 5000 environment FEEDTREE_DISPATCHER_CAPACITY
	// [AOT PTT] [--set: symbols[0]: "aot" was taken as AOT]
}

// All that is wrong is told at once, each part of it an *Error.
func ExampleErrors() {
	_, err := config.Load(config.Sources{Set: []string{"log.levl=debug", "dispatcher.capacity=0"}})
	for _, e := range config.Errors(err) {
		fmt.Println(e.Key, "|", e.Reason, "|", e.Nearest)
	}
	// Output:
	// log.levl | unknown key | log.level
	// dispatcher.capacity | expected 1 to 100000000 |
}
