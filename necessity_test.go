package forkcheck_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"forkcheck"
	"forkcheck/model"
)

// Of every check there is an op for which it is needed, or what it refuses without need is a finding, or it is said what for. What is
// said of a row is true of it: something that it refuses is harmless.
func TestNecessity(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i, v := range model.Versions {
		if testing.Short() && i > 0 {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			needs, err := forkcheck.Needs(v.New(), shortly())
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s%s%scall row | refused | by nothing else | broke something | harmless | the plainest harmless one | why\n", sectionStart, v.Name, sectionEnd)
			for _, n := range needs {
				fmt.Fprintln(&b, needLine(t, v.Name, n))
			}
			b.WriteString("\n")
			if !testing.Short() {
				checkPurposes(t, v.Name, needs)
			}
		})
	}
	compareLines(t, "testdata/necessity.txt", b.String())
}

// shortly leaves out, with -short, the rows that refuse most.
func shortly() func(row string) bool {
	if !testing.Short() {
		return nil
	}
	return func(row string) bool {
		return !slices.Contains([]string{"newuser_newpid_thread_parent", "newns_fs", "newuser_fs", "parent_of_init", "unshare_unknown_flags", "namespaces_ns_capable", "newipc_sysvsem"}, row)
	}
}

// needLine is what came of a row, on a line. What is harmless must have a purpose.
func needLine(t *testing.T, version string, n *forkcheck.Need) string {
	t.Helper()
	broke, trace, why := fmt.Sprint(n.Needed()), "", ""
	if n.Broke != "" {
		broke += " (" + n.Broke + ")"
	}
	if n.Least != nil {
		trace = oneLine(n.Least)
	}
	switch {
	case n.Harmless > 0 || n.Refused == 0:
		why = purpose(t, version, n, trace)
	case n.Forced == 0:
		why = "another row refuses it, too"
	}
	return strings.Join([]string{fmt.Sprintf("%s %s %v", n.Call, n.Row, n.Errno), fmt.Sprint(n.Refused), fmt.Sprint(n.Forced), broke, fmt.Sprint(n.Harmless), trace, why}, " | ")
}

// purpose is what is said of a row.
func purpose(t *testing.T, version string, n *forkcheck.Need, trace string) string {
	t.Helper()
	switch p, finding := n.Purpose(version); {
	case p == nil:
		t.Errorf("%s %s %v: %q is harmless, and nobody says what it is refused for", n.Call, n.Row, n.Errno, trace)
		return ""
	case finding:
		return "FINDING: " + p.Says
	default:
		return p.Says
	}
}

// oneLine is a trace on one line: its world, unless it is the plain one, its ops, and the last answer.
func oneLine(trace *model.Trace) string {
	_, world, _ := strings.Cut(strings.TrimPrefix(trace.Boot.String(), "kernel "), " ")
	var ops []string
	for i := range trace.Lines {
		if l := &trace.Lines[i]; l.Stmt != nil {
			ops = append(ops, l.Text)
		}
	}
	text := strings.Join(ops, "; ")
	if world != "" {
		text = "(" + world + ") " + text
	}
	return text + " -> " + trace.Lines[len(trace.Lines)-1].Result
}

// checkPurposes says whether all that is said of refusals is said of harmless ones.
func checkPurposes(t *testing.T, version string, needs []*forkcheck.Need) {
	t.Helper()
	for _, p := range forkcheck.Purposes(version) {
		if !slices.ContainsFunc(needs, func(n *forkcheck.Need) bool {
			q, _ := n.Purpose(version)
			return (n.Harmless > 0 || n.Refused == 0) && q == p
		}) {
			t.Errorf("%s %v: nothing that it refuses is harmless, and it is said to be for %q", p.Row, p.Errno, p.Says)
		}
	}
}

// compareLines compares a text with a file; with -short some lines are not there, and those that are must be in the file.
func compareLines(t *testing.T, file, got string) {
	t.Helper()
	if !testing.Short() {
		compareGolden(t, file, got)
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(got, "\n") {
		if !strings.Contains("\n"+string(want), "\n"+line+"\n") {
			t.Errorf("%s has no line %s", file, line)
		}
	}
}

// A check that was made stricter refuses what the kernel does without harm: no invariant sees that it is there, but an op shows it.
func TestStricterMutants(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i, v := range model.Versions {
		if testing.Short() && i == 0 {
			continue
		}
		list, err := forkcheck.Stricter(v.New(), checkMutants(v.New()))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s%s%smutant | what it refuses without need\n", sectionStart, v.Name, sectionEnd)
		n := 0
		for i := range list {
			if s := &list[i]; s.Refuses != nil {
				n++
				fmt.Fprintf(&b, "%s | %s\n", s.Mutant.Name, oneLine(s.Refuses))
			} else {
				fmt.Fprintf(&b, "%s | nothing\n", s.Mutant.Name)
			}
			if list[i].Broke != "" {
				t.Errorf("%s refuses %s, which breaks %s", list[i].Mutant.Name, oneLine(list[i].Refuses), list[i].Broke)
			}
		}
		t.Logf("%s: of %d mutants of checks, %d refuse something without need", v.Name, len(list), n)
		b.WriteString("\n")
	}
	compareLines(t, "testdata/stricter.txt", b.String())
}

// checkMutants are the mutants of rows that refuse which change when they do so. Those that only let more pass refuse nothing more.
func checkMutants(v *model.Version) (list []model.Mutant) {
	rows := map[string]bool{}
	for _, r := range v.Refusals() {
		rows[v.Calls[r.Kind].Rows[r.Row].Name] = true
	}
	for _, m := range model.Mutants(v.Name) {
		if rows[m.Row] && slices.Contains([]string{"drop atom", "wrong limit", "drop condition"}, m.Operator) {
			list = append(list, m)
		}
	}
	return list
}
