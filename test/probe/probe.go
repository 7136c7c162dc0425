// Package probe measures what a process holds and spends, for ledger L6: after whatever
// happened, goroutines, heap and descriptors return to their baseline, and a feed that is
// idle costs no CPU.
//
//	base := probe.Take()
//	… start, break, stop …
//	if err := probe.Returned(ctx, base, probe.Slack{}); err != nil { … }
//
// Take the baseline after a warm-up that went the same way once: pools, caches and lazily
// made tables are no leaks, and are there from then on.
package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/feedtree/feedtree/internal/proc"
)

// Resources are what a process holds at one moment.
type Resources struct {
	Goroutines  int
	Heap        int64 // bytes that a collection leaves
	Descriptors int   // -1 where the system does not tell
}

// Take collects garbage twice, so that what finalizers and pools let go is gone as well, and
// reads. It takes some milliseconds.
func Take() Resources {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return Resources{Goroutines: runtime.NumGoroutine(), Heap: int64(m.HeapAlloc), Descriptors: descriptors()}
}

// descriptors counts the process's open files and sockets.
func descriptors() int {
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		if list, err := os.ReadDir(dir); err == nil {
			return len(list) - 1 // the directory's own
		}
	}
	return -1
}

// Slack is how much more than the baseline is still a return to it. Zero fields stand for
// nothing more, but for Heap: 4 MiB, because pools and buffers keep what they once needed.
type Slack struct {
	Goroutines  int
	Heap        int64
	Descriptors int
}

func (s Slack) orDefault() Slack {
	if s.Heap == 0 {
		s.Heap = 4 << 20
	}
	return s
}

// Over says what is held beyond a baseline and its slack, nil if nothing is.
func (r Resources) Over(base Resources, slack Slack) error {
	slack = slack.orDefault()
	var errs []error
	if r.Goroutines > base.Goroutines+slack.Goroutines {
		errs = append(errs, fmt.Errorf("%d goroutines, %d before, %d more allowed", r.Goroutines, base.Goroutines, slack.Goroutines))
	}
	if r.Heap > base.Heap+slack.Heap {
		errs = append(errs, fmt.Errorf("%.1f MiB of heap, %.1f before, %.1f more allowed", mib(r.Heap), mib(base.Heap), mib(slack.Heap)))
	}
	if base.Descriptors >= 0 && r.Descriptors > base.Descriptors+slack.Descriptors {
		errs = append(errs, fmt.Errorf("%d descriptors, %d before, %d more allowed", r.Descriptors, base.Descriptors, slack.Descriptors))
	}
	return errors.Join(errs...)
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }

// Returned waits until the process holds no more than a baseline and its slack: what ends is
// given the time that ctx has. Its error says what did not return, and where the goroutines
// stand if they are too many.
func Returned(ctx context.Context, base Resources, slack Slack) error {
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		now := Take()
		err := now.Over(base, slack)
		if err == nil {
			return nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			if now.Goroutines > base.Goroutines+slack.Goroutines {
				err = fmt.Errorf("%w\n%s", err, stacks())
			}
			return fmt.Errorf("not returned to the baseline: %w", err)
		}
	}
}

// stacks tells where goroutines stand, the most numerous places first.
func stacks() string {
	var b strings.Builder
	pprof.Lookup("goroutine").WriteTo(&b, 1)
	const most = 16 << 10
	return b.String()[:min(b.Len(), most)]
}

// CPU measures what share of one core the process uses while d passes, 0.01 for one percent.
// Zero on systems that do not tell.
func CPU(ctx context.Context, d time.Duration) float64 {
	before, began := proc.CPU(), time.Now()
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
	return (proc.CPU() - before).Seconds() / time.Since(began).Seconds()
}
