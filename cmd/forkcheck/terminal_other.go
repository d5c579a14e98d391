//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package main

// isTerminal reports that no file is a terminal, so that no progress is printed: what would erase the line is not known
// here.
func isTerminal(uintptr) bool { return false }
