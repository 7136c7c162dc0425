package app

import (
	"os"
	"testing"
)

func TestATerminalThatReportsNoSizeIsDrawnOnAllTheSame(t *testing.T) {
	pty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no terminal can be made here: ", err)
	}
	defer pty.Close()
	if width, height := sizeOf(pty); width != 100 || height != 30 {
		t.Errorf("%d columns and %d lines, want 100 and 30", width, height)
	}
}
