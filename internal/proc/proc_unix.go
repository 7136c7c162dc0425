//go:build unix

package proc

import (
	"runtime"
	"syscall"
	"time"
)

// usage reads the CPU time and the largest resident set of this process.
func usage() (cpu time.Duration, maxRSS int64) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0, 0
	}
	unit := int64(1 << 10) // Linux and the BSDs count kilobytes
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), int64(u.Maxrss) * unit
}
