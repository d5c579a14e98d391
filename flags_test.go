package forkcheck_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"forkcheck"
)

// subtests is t.Run. A test of which none is run, because -run asks for one that is not there, fails: go test says that
// all is well.
func subtests(t *testing.T) (run func(name string, f func(t *testing.T)) bool) {
	t.Helper()
	ran := false
	t.Cleanup(func() {
		if !ran {
			t.Error("nothing was checked: there is no subtest of the name that -run asks for")
		}
	})
	return func(name string, f func(t *testing.T)) bool {
		return t.Run(name, func(t *testing.T) {
			ran = true
			f(t)
		})
	}
}

// A run that checks nothing fails, whether a flag asks for no traces or -run for a test that is not there.
func TestChecksNothing(t *testing.T) {
	for _, c := range []struct {
		args   string
		status int
		says   string
	}{
		{"-test.run=TestLive$ -live.traces=0", 2, "-live.traces=0 would check nothing; ask for 1 or more"},
		{"-test.run=TestLive$ -live.traces=-1", 2, "-live.traces=-1 would check nothing; ask for 1 or more"},
		{"-test.run=TestShrinkSeeds -shrink.seeds=-1", 2, "-shrink.seeds=-1 would check nothing; ask for 2 or more"},
		{"-test.run=TestShrinkSeeds -shrink.seeds=1", 2, "-shrink.seeds=1 would check nothing; ask for 2 or more"},
		{"-test.run=TestFork$ -shrink.states=0", 2, "-shrink.states=0 would check nothing; ask for 1 or more"},
		{"-test.run=TestFork$ -rapid.checks=0", 2, "-rapid.checks=0 would check nothing; ask for 1 or more"},
		{"-test.run=TestFork$ -test.short -rapid.checks=4", 2, "-rapid.checks=4 would check nothing; ask for 5 or more"},
		{"-test.run=TestFork$/v6.x -rapid.checks=5", 0, ""},
		{"-test.run=TestFork$/v7 -rapid.checks=5", 1, "nothing was checked"},
		{"-test.run=TestReplay/traces/xyzzy", 1, "nothing was checked"},
		{"-test.run=TestShrink$/v3.11/none", 1, "nothing was checked"},
		{"-test.run=FuzzTrace/none", 1, "no input was run"},
		{"-test.run=FuzzTrace/seed#0", 0, ""},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], strings.Fields(c.args)...)
			out, _ := cmd.CombinedOutput()
			if status := cmd.ProcessState.ExitCode(); status != c.status || !strings.Contains(string(out), c.says) {
				t.Errorf("status %d, want %d; lacks %q:\n%s", status, c.status, c.says, out)
			}
		})
	}
}

// So does one that has no time for a single trace.
func TestNoTime(t *testing.T) {
	f, err := forkcheck.Check(t, forkcheck.CheckOptions{Deadline: time.Now().Add(-time.Second)})
	if f != nil || err == nil || !strings.HasPrefix(err.Error(), "no trace was run") {
		t.Errorf("failure %v, error %v", f, err)
	}
}

// Every test program takes the flags of rapid: go test ./... -rapid.checks=20 has them all.
func TestPackagesTakeFlags(t *testing.T) {
	has := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		has[filepath.Dir(path)] = has[filepath.Dir(path)] || strings.Contains(string(text), "testmain.Run(")
		return err
	})
	if err != nil || len(has) < 5 {
		t.Fatalf("%d packages with tests: %v", len(has), err)
	}
	for dir, calls := range has {
		if !calls && dir != "internal/testmain" { // whose own tests need rapid
			t.Errorf("%s has tests and no TestMain that calls testmain.Run", dir)
		}
	}
}
