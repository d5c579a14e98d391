package testmain

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var more = flag.Bool("more", false, "what the package's own check refuses")

func TestMain(m *testing.M) {
	Run(m, func() error {
		if *more {
			return errors.New("-more is too much")
		}
		return nil
	})
}

// Flags with which nothing would be checked end a test program with one line and status 2.
func TestRun(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"", ""},
		{"-test.short", ""},
		{"-rapid.checks=0", "-rapid.checks=0 would check nothing; ask for 1 or more\n"},
		{"-rapid.steps=-3", "-rapid.steps=-3 would check nothing; ask for 1 or more\n"},
		{"-rapid.checks=4", ""},
		{"-test.short -rapid.checks=4", "-rapid.checks=4 would check nothing; ask for 5 or more\n"},
		{"-test.short -rapid.steps=1", "-rapid.steps=1 would check nothing; ask for 2 or more\n"},
		{"-rapid.failfile=none.fail", "-rapid.failfile: stat none.fail: no such file or directory\n"},
		{"-more", "-more is too much\n"},
	} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], append([]string{"-test.run=^TestProperty$"}, strings.Fields(c.args)...)...)
		var errors strings.Builder
		cmd.Stderr = &errors
		_ = cmd.Run()
		want := 0
		if c.want != "" {
			want = 2
		}
		if status := cmd.ProcessState.ExitCode(); status != want || errors.String() != c.want {
			t.Errorf("%q: status %d, says %q; want %d, %q", c.args, status, errors.String(), want, c.want)
		}
	}
}

// TestProperty is a property for TestRun.
func TestProperty(t *testing.T) {
	checked := 0
	rapid.Check(t, func(*rapid.T) { checked++ })
	if checked == 0 {
		t.Error("nothing was checked")
	}
}
