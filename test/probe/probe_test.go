package probe

import (
	"context"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func TestAGoroutineThatStaysIsNamed(t *testing.T) {
	base := Take()
	end := make(chan struct{})
	go forgotten(end)
	err := Returned(soon(t), base, Slack{})
	if err == nil || !strings.Contains(err.Error(), "goroutines") || !strings.Contains(err.Error(), "forgotten") {
		t.Errorf("a leak is reported as: %v", err)
	}
	close(end)
	if err := Returned(soon(t), base, Slack{}); err != nil {
		t.Error(err)
	}
}

func forgotten(end chan struct{}) { <-end }

func TestAnOpenFileAndAFullHeapAreNamed(t *testing.T) {
	base := Take()
	f, err := os.Open("probe.go")
	if err != nil {
		t.Fatal(err)
	}
	kept := make([]byte, 6<<20)
	err = Returned(soon(t), base, Slack{})
	if err == nil || !strings.Contains(err.Error(), "MiB of heap") || (base.Descriptors >= 0 && !strings.Contains(err.Error(), "descriptors")) {
		t.Errorf("%d bytes and a file are reported as: %v", len(kept), err)
	}
	runtime.KeepAlive(kept)
	f.Close()
	if err := Returned(soon(t), base, Slack{Heap: 8 << 20}); err != nil {
		t.Error(err)
	}
}

func TestASpinningGoroutineIsSeenAndAnIdleProcessIsNot(t *testing.T) {
	var stop atomic.Bool
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for !stop.Load() {
			runtime.Gosched()
		}
	}()
	busy := CPU(t.Context(), 500*time.Millisecond)
	stop.Store(true)
	<-ended
	idle := CPU(t.Context(), 500*time.Millisecond)
	if busy == 0 && idle == 0 {
		t.Skip("this system does not tell")
	}
	if busy < 0.1 || idle > busy/2 { // other processes may have the core
		t.Errorf("busy %.2f of a core, idle %.2f", busy, idle)
	}
}
