package main

import "golang.org/x/sys/unix"

// isTerminal reports whether a file is a terminal: other devices, such as /dev/null, have no line settings.
func isTerminal(fd uintptr) bool {
	_, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
	return err == nil
}
