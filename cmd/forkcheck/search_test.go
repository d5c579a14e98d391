package main

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// explore and diff print what they came to, and end with a status; bad usage gets one line.
func TestSearchCommands(t *testing.T) {
	for _, c := range []struct {
		name   string
		args   string
		status int
		out    string // is in the output
		errors string // is what is complained of
	}{
		{"closed", "explore -scope sharing -tasks 3", 0, "scope sharing of v3.11: 143 states, 1341 transitions, depth 6", ""},
		{"deep", "explore -scope family -kernel v6.x -depth 2", 0, "every trace of at most 2 ops was run", ""},
		{"known", "explore -scope family -depth 3 -workers 1", 0, "known defect V9: ExitCodeOfLastThread", ""},
		{"known as failure", "explore -scope family -depth 3 -known=fail", 1, "known defect V9: ExitCodeOfLastThread", ""},
		{"full", "explore -scope wait -mem 1M", 3, "memory is full", ""},
		{"help", "explore -h", 0, "usage: forkcheck " + exploreUsage, ""},
		{"no scope", "explore", 2, "", "no scope; -scope is one of flags, limits"},
		{"unknown scope", "explore -scope familly", 2, "", "unknown scope \"familly\"; did you mean family?"},
		{"unknown kernel", "explore -scope family -kernel v7", 2, "", "unknown kernel \"v7\"; valid: v3.11, v6.x"},
		{"bad size", "explore -scope family -mem 2T", 2, "", "a size is a number with K, M or G behind it, 1M or more"},
		{"empty size", "explore -scope family -mem=", 2, "", "a size is a number with K, M or G behind it, 1M or more"},
		{"too many tasks", "explore -scope family -tasks 99", 2, "", "-tasks=99 is outside 1..23"},
		{"negative depth", "explore -scope family -depth -1", 2, "", "-depth=-1 is outside 1..1000"},
		{"argument", "explore family", 2, "", "\"family\" is no flag"},
		{"diff", "diff v3.11 v6.x -scope limits -depth 3", 0, " of 48 switches", ""},
		{"diff of one", "diff v3.11", 2, "", "the versions that can be compared are v3.11 and v6.x, in this order"},
		{"diff of unknown", "diff v3.11 v6", 2, "", "unknown kernel \"v6\""},
		{"diff in the wrong order", "diff v6.x v3.11", 2, "", "in this order"},
		{"diff full", "diff v3.11 v6.x -scope pauses -mem 1M -depth 6", 3, "cut short", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && c.name == "diff full" {
				t.Skip("takes long; without -short")
			}
			status, out, errors := call("", strings.Fields(c.args)...)
			if status != c.status || !strings.Contains(out, c.out) || !strings.Contains(errors, c.errors) {
				t.Errorf("status %d, want %d; output\n%s\nlacks %q, or complaint\n%slacks %q", status, c.status, out, c.out, errors, c.errors)
			}
			if status == 2 && strings.Count(errors, "\n") != 1 {
				t.Errorf("not one line:\n%s", errors)
			}
		})
	}
}

// run -minimize prints a trace that runs again, and its certificate as a comment.
func TestRunMinimize(t *testing.T) {
	status, out, errors := call("", "run", "-minimize", known)
	if status != 0 || errors != "" || !strings.Contains(out, "# known defect V2: ") || !strings.Contains(out, "# minimal: no shorter trace in scope ") {
		t.Errorf("status %d, %q, and\n%s", status, errors, out)
	}
	if status, _, _ := call(out, "run", "-"); status != 0 {
		t.Errorf("the minimal trace ends with %d:\n%s", status, out)
	}
	if status, _, _ := call("", "run", "-minimize", "-known=fail", known); status != 1 {
		t.Errorf("status %d with -known=fail", status)
	}
	if status, _, errors := call("kernel v3.11\na.fork()", "run", "-minimize", "-"); status != 2 || !strings.Contains(errors, "breaks nothing") {
		t.Errorf("status %d, %q for a trace that breaks nothing", status, errors)
	}
}

// A size is read as it is written, and nothing else is.
func TestSize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4095).Draw(t, "n")
		var s size
		if err := s.Set(rapid.StringMatching(`[0-9]{0,3}[KMGT]{0,2}`).Draw(t, "text")); err == nil && s < 1<<20 {
			t.Fatalf("%d bytes", s)
		}
		if err := s.Set(strings.TrimSpace(string(rune('0'+n%9+1))) + "M"); err != nil || int(s) != (n%9+1)<<20 {
			t.Fatalf("%v: %d", err, s)
		}
	})
}
