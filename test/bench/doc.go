// Package bench holds the benchmarks of the whole way, socket to strategy, each against what
// a user would write by hand, paired in one run: this machine's noise then meets both alike,
// and the ratio is what counts.
package bench
