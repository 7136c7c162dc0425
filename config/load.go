package config

import "io"

// Sources is where Load reads from, in the order of their precedence, lowest first.
type Sources struct {
	// Files are YAML files, each over the one before.
	Files []string
	// EnvFile is a file of variables (.env), beneath Environ.
	EnvFile string
	// Environ is the environment as os.Environ gives it.
	Environ []string
	// Set are "key=value" from --set.
	Set []string
	// Flags are the flags that were given on the command line, by the key that each sets.
	Flags map[string]any
}

// Loaded is a configuration and where it came from.
type Loaded struct {
	Config Config
	// Notes are what was changed in what the user wrote, one line each.
	Notes   []string
	origins map[string]string
}

// Load reads all sources into one checked configuration.
func Load(s Sources) (*Loaded, error) { return &Loaded{Config: Default()}, nil }

// Origin says where a key's value came from.
func (l *Loaded) Origin(key string) string { return "default" }

// Check reads a file alone.
func Check(file string) error { return nil }

// Validate checks the values.
func (c Config) Validate() error { return nil }

// CheckCredentials checks that nothing is missing.
func (c Config) CheckCredentials() error { return nil }

// Show writes the effective configuration.
func Show(l *Loaded, w io.Writer) error { return nil }

// ShowJSON writes it as JSON.
func ShowJSON(l *Loaded, w io.Writer) error { return nil }

// Reference is the commented reference.
func Reference() []byte { return nil }

// Keys lists the known keys.
func Keys() []string { return nil }

// Nearest is the candidate nearest to name, "" if none is near.
func Nearest(name string, candidates []string) string { return "" }
