package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The command prints a line for each mutant and one for all.
func TestMutants(t *testing.T) {
	for _, test := range []struct {
		name   string
		args   []string
		status int
		last   string
	}{
		{"killed and equivalent", []string{"v3.11/clone/copy_mm/uncounted", "v6.x/kill"}, exitOK, "mutants: 3 total, 2 killed, 1 equivalent, 0 survived"},
		{"one invariant", []string{"-invariant", "MMUsers", "-checks", "50", "v3.11/clone/copy_mm/uncounted", "v3.11/clone/copy_mm/always-copied"}, exitOK,
			"mutants: 2 total, 1 killed by MMUsers, 0 equivalent, 1 not killed"},
		{"list", []string{"-list", "v6.x/kill/"}, exitOK, "v6.x/kill/kill_int_min/wrong-errno"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, out, errors := call("", append([]string{"mutants"}, test.args...)...)
			lines := strings.Split(strings.TrimSpace(out), "\n")
			if diff := cmp.Diff(test.last, lines[len(lines)-1]); diff != "" || status != test.status || errors != "" {
				t.Errorf("status %d, errors %q (-want +got):\n%s", status, errors, diff)
			}
		})
	}
}

// What is not there gets one line with what would be.
func TestMutantsErrors(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"v3.11/clone/copy_file", `unknown mutant "v3.11/clone/copy_file"; did you mean v3.11/clone/copy_files? (-list lists them)`},
		{"-invariant FileCount", `unknown invariant "FileCount"; did you mean FilesCount?`},
		{"-invariant FileCount -list", `unknown invariant "FileCount"; did you mean FilesCount?`},
		{"v3.11/kill -list", "-list stands behind a name; flags come first: forkcheck " + mutantsUsage},
		{"-checks -1", "-checks=-1 is outside 1..10000000"},
		{"-workers 5000", "-workers=5000 is outside 1..1024"},
		{"-seed 0", "-seed=0 is none; any other number is one"},
		{"-nonsense", "flag provided but not defined: -nonsense; usage: forkcheck " + mutantsUsage},
	} {
		t.Run(test.args, func(t *testing.T) {
			status, out, errors := call("", append([]string{"mutants"}, strings.Fields(test.args)...)...)
			if diff := cmp.Diff("forkcheck: "+test.want+"\n", errors); diff != "" || status != exitUsage || out != "" {
				t.Errorf("status %d, output %q (-want +got):\n%s", status, out, diff)
			}
		})
	}
}
