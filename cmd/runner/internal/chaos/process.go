package chaos

import (
	"fmt"
	"os"
	"runtime"
)

// process is what L6 is about.
type process struct {
	Goroutines  int    `json:"goroutines"`
	Heap        uint64 `json:"heap_bytes"`
	Descriptors int    `json:"descriptors"` // 0 where the system does not tell
}

// readProcess collects garbage and reads.
func readProcess() process {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	p := process{Goroutines: runtime.NumGoroutine(), Heap: m.HeapAlloc}
	if fds, err := os.ReadDir("/proc/self/fd"); err == nil {
		p.Descriptors = len(fds)
	}
	return p
}

// over says what has grown too far from the baseline, "" for nothing.
func (p process) over(base process) string {
	switch {
	case p.Goroutines > base.Goroutines+moreGoroutines:
		return fmt.Sprintf("%d goroutines, %d at the baseline", p.Goroutines, base.Goroutines)
	case p.Descriptors > base.Descriptors+moreDescriptors:
		return fmt.Sprintf("%d descriptors, %d at the baseline", p.Descriptors, base.Descriptors)
	case p.Heap > base.Heap+moreHeap:
		return fmt.Sprintf("%d KiB of heap, %d KiB at the baseline", p.Heap>>10, base.Heap>>10)
	}
	return ""
}
