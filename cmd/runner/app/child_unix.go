//go:build unix

package app

import (
	"os/exec"
	"syscall"
)

// detach keeps a Ctrl-C meant for this process from the child, which must answer until the
// last message has been read.
func detach(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
