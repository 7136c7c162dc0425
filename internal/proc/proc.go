// Package proc reads what the operating system and the runtime say of this process.
package proc

import (
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"

	"github.com/feedtree/feedtree/telemetry/ledger"
)

// Read takes a reading. It stops the world for some microseconds, so it is for summaries,
// not for paths that an event takes.
func Read() ledger.Process {
	cpu, rss := usage()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return ledger.Process{
		CPUS: cpu.Seconds(), MaxRSSMiB: float64(rss) / (1 << 20), GCCPUFraction: m.GCCPUFraction,
		Goroutines: runtime.NumGoroutine(),
	}
}

// CPU is the time that the process has spent on processors, 0 where the system does not tell.
func CPU() time.Duration {
	cpu, _ := usage()
	return cpu
}

// Memory is the resident set in bytes, or, where the system does not tell, what the Go
// runtime holds.
func Memory() int64 {
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		if f := strings.Fields(string(text)); len(f) > 1 {
			if pages, err := strconv.ParseInt(f[1], 10, 64); err == nil {
				return pages * int64(os.Getpagesize())
			}
		}
	}
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}
