// Package process runs the runner as users do: the real binary, real signals, real files and
// devices, against a real exchange. What it starts ends with the test that started it.
package process
