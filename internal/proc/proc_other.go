//go:build !unix

package proc

import "time"

// usage is not known on this system: zero says so.
func usage() (cpu time.Duration, maxRSS int64) { return 0, 0 }
