// Package proc reads what the operating system and the runtime say of this process.
package proc

import (
	"runtime"
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
