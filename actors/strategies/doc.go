// Package strategies holds the parent of all strategy actors.
package strategies
