package config

import (
	"bytes"
	_ "embed"
)

//go:embed feedtree.yaml
var reference []byte

// Reference is the commented reference: every key with its meaning and its default. Used
// as a configuration it changes nothing.
func Reference() []byte { return bytes.Clone(reference) }
