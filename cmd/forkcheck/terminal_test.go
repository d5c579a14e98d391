//go:build linux

package main

import (
	"os"
	"testing"
)

// Progress is printed to a terminal, and to nothing else: /dev/null is a device, too.
func TestTerminal(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer null.Close()
	for _, f := range []*os.File{file, null} {
		if (&env{err: f}).terminal() != nil {
			t.Errorf("%s counts as a terminal", f.Name())
		}
	}
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer terminal.Close()
	if e := (&env{err: terminal}); e.terminal() != terminal || e.progress() == nil {
		t.Error("a terminal does not count as one")
	}
}
