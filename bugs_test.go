package forkcheck_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck"
	"forkcheck/generators"
	"forkcheck/invariants"
	"forkcheck/model"
)

var bugsAll = flag.Bool("bugs.all", false, "TestBugs: find and minimize every bug, not a sample")

const bugsFile = "testdata/mutants/bugs.txt"

// bugSample are the bugs that are found anew each time: a flag, a pointer, an undo, a pause, an exit signal.
var bugSample = map[string]bool{"K01": true, "L10": true, "U03": true, "U10": true, "SG08": true}

// Every bug that is planted, or is there without being planted, is found, and no later than by the shortest trace that was known of it,
// unless the row says why. The traces are run again: they break the planted bug by the invariant that the row names, and nothing on the
// kernel as it is.
func TestBugs(t *testing.T) {
	t.Parallel()
	was := bugSections(t)
	killer, err := forkcheck.NewKiller(forkcheck.KillOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer killer.Close()
	var now strings.Builder
	for i := range model.Bugs {
		bug := &model.Bugs[i]
		if bug.Mutant == "" && bug.Known == "" {
			continue
		}
		section := was[bug.ID]
		t.Run(bug.ID, func(t *testing.T) {
			if *bugsAll || bugSample[bug.ID] {
				section = foundBug(t, killer, bug)
			}
			if diff := cmp.Diff(was[bug.ID], section); diff != "" && !*update {
				t.Errorf("-bugs.all -update writes it anew (-want +got):\n%s", diff)
			}
			rerunBug(t, bug, section)
		})
		fmt.Fprintf(&now, "%s%s %s%s%s\n", sectionStart, bug.ID, bug.Mutant+bug.Known, sectionEnd, section)
	}
	if *update && *bugsAll {
		rewrite(t, bugsFile, strings.TrimSuffix(now.String(), "\n"))
	}
}

// bugSections reads what was found, by bug.
func bugSections(t *testing.T) map[string]string {
	t.Helper()
	sections := map[string]string{}
	if _, err := os.Stat(bugsFile); err != nil && *update {
		return sections
	}
	heads := map[string]string{}
	for i := range model.Bugs {
		bug := &model.Bugs[i]
		heads[bug.ID] = bug.ID + " " + bug.Mutant + bug.Known
	}
	for head, body := range readSections(t, bugsFile) {
		id, _, _ := strings.Cut(head, " ")
		if heads[id] != head && !*update {
			t.Errorf("%s: there is no bug %q; -bugs.all -update drops it", bugsFile, head)
		}
		sections[id] = body
	}
	return sections
}

// foundBug finds a bug and writes down how.
func foundBug(t *testing.T, killer *forkcheck.Killer, bug *model.Bug) string {
	t.Helper()
	f := failureOf(t, killer, bug)
	c := f.Certificate
	proof := "minimal in scope " + c.Scope
	if !c.Minimal() {
		proof = fmt.Sprintf("minimal to depth %d in scope %s", c.Proved-1, c.Scope)
	}
	t.Log(c)
	return fmt.Sprintf("%s\n%s\n%s", breaks(f.Breach, f.AtEnd), proof, f.Trace())
}

// failureOf is the shortest trace to a bug: by its mutant, or by a trace of the defect that the kernel has.
func failureOf(t *testing.T, killer *forkcheck.Killer, bug *model.Bug) *forkcheck.Failure {
	t.Helper()
	var f *forkcheck.Failure
	var err error
	switch {
	case bug.Known != "":
		f = knownFailure(t, bug)
	case bug.From != "":
		m := mutantNamed(t, bug.Mutant)
		trace := parsed(t, bug.ID, bug.From)
		f, err = forkcheck.Failing(trace, forkcheck.Options{Kernel: &model.Kernel{Version: m.New(), Limits: trace.Boot.Limits}})
		if f != nil {
			f = forkcheck.Minimize(f, forkcheck.MinimizeOptions{Any: true})
		}
	default:
		f, err = killer.Kill(t.Context(), mutantNamed(t, bug.Mutant))
	}
	if err != nil || f == nil {
		t.Fatalf("%s is not found (error %v)", bug.Was, err)
	}
	return f
}

// knownFailure is the shortest of what the traces of a defect come to.
func knownFailure(t *testing.T, bug *model.Bug) (least *forkcheck.Failure) {
	t.Helper()
	files, err := filepath.Glob("testdata/known/" + bug.Known + "-*.trace")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		f, err := forkcheck.Failing(readTrace(t, file), forkcheck.Options{KnownFail: true})
		if err != nil || f == nil {
			t.Fatalf("%s: nothing breaks (error %v)", file, err)
		}
		if f = forkcheck.Minimize(f, forkcheck.MinimizeOptions{}); least == nil || f.Certificate.Length < least.Certificate.Length {
			least = f
		}
	}
	return least
}

func mutantNamed(t *testing.T, name string) *model.Mutant {
	t.Helper()
	version, _, _ := strings.Cut(name, "/")
	list := model.Mutants(version)
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	t.Fatalf("there is no mutant %s", name)
	return nil
}

func parsed(t *testing.T, name, text string) *model.Trace {
	t.Helper()
	trace, err := model.ParseTrace(name, []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return trace
}

// breaks is the first line of a section.
func breaks(b *invariants.Breach, atEnd bool) string {
	line := "killed by: "
	if b.Known != nil {
		line = "known as " + b.Known.ID + ", breaks: "
	}
	line += b.Invariant.Name
	if atEnd {
		line += ", when all is killed and reaped"
	}
	return line
}

// rerunBug runs the trace of a section again, and compares what it comes to with the section and with the row.
func rerunBug(t *testing.T, bug *model.Bug, section string) {
	t.Helper()
	head, text, _ := strings.Cut(section, "kernel ")
	trace := parsed(t, bug.ID, "kernel "+text)
	options := forkcheck.Options{KnownFail: bug.Known != ""}
	if bug.Mutant != "" {
		options.Kernel = &model.Kernel{Version: mutantNamed(t, bug.Mutant).New(), Limits: trace.Boot.Limits}
		asItIs, err := forkcheck.Run(trace, forkcheck.Options{}, nil)
		if err != nil || asItIs.Breach != nil {
			t.Errorf("on the kernel as it is: error %v, breach %v in\n%s", err, asItIs.Breach, trace)
		}
	}
	verdict, err := forkcheck.Run(trace, options, nil)
	if err != nil || verdict.Breach == nil {
		t.Fatalf("error %v, breach %v in\n%s", err, verdict.Breach, trace)
	}
	if want, _, _ := strings.Cut(head, "\n"); want != breaks(verdict.Breach, verdict.AtQuiet) {
		t.Errorf("%s, and when it runs again: %s", want, breaks(verdict.Breach, verdict.AtQuiet))
	}
	calls := verdict.Steps
	if verdict.AtQuiet {
		calls += 2
	}
	if calls != bug.Calls || verdict.Breach.Invariant.Name != bug.Invariant {
		t.Errorf("the row says %d calls and %q, it takes %d to break %s", bug.Calls, bug.Invariant, calls, verdict.Breach.Invariant.Name)
	}
	if (calls > bug.Least) != (bug.Why != "") {
		t.Errorf("%d calls, known are %d, and the reason is %q", calls, bug.Least, bug.Why)
	}
}

// Every row says what the bug was and one thing that became of it, and what it names exists.
func TestBugRows(t *testing.T) {
	ids, defects := map[string]bool{}, map[string]bool{}
	for i := range invariants.KnownDefects {
		defects[invariants.KnownDefects[i].ID] = true
	}
	for i := range model.Bugs {
		b := &model.Bugs[i]
		if ids[b.ID] || b.Was == "" || b.When == "" || b.Source == "" {
			t.Errorf("%s: there are two, or it says too little: %+v", b.ID, b)
		}
		ids[b.ID] = true
		fates := 0
		for _, s := range []string{b.Mutant, b.Known, b.Refusal, b.Missing} {
			if s != "" {
				fates++
			}
		}
		if found := b.Mutant+b.Known != ""; fates != 1 || found != (b.Invariant != "") || !found && b.Calls != 0 {
			t.Errorf("%s: %d things became of it: %+v", b.ID, fates, b)
		}
		if b.Known != "" && !defects[b.Known] {
			t.Errorf("%s: there is no defect %s", b.ID, b.Known)
		}
		if call, row, _ := strings.Cut(b.Refusal, "/"); b.Refusal != "" && !refusesIn(call, row) {
			t.Errorf("%s: v3.11 has no row %s", b.ID, b.Refusal)
		}
	}
}

// refusesIn says whether a call of v3.11 has a row that refuses.
func refusesIn(call, row string) bool {
	v := model.V311()
	for kind := range v.Calls {
		if t := &v.Calls[kind]; t.Name == call {
			i := t.Row(row)
			return i >= 0 && len(t.Rows[i].Errs) > 0
		}
	}
	return false
}

// The defect R02 takes an exit that is held up, by a thread of a subreaper, which only the dressed world has. A search of forks, threads
// and exits that stop anywhere finds it; in v6.x, which does not have it, nothing breaks.
func TestExploreFindsHeldExits(t *testing.T) {
	t.Parallel()
	for i, v := range model.Versions {
		t.Run(v.Name, func(t *testing.T) {
			if testing.Short() && i > 0 {
				t.Skip("takes long; without -short")
			}
			x := explore(t, forkcheck.Explore{Version: v.New(), Scope: heldExits(), Depth: 5})
			found := 0
			for _, f := range x.Failures {
				if f.Breach.Known == nil {
					t.Errorf("%v\n%s", f.Breach, f.Trace())
				} else if f.Breach.Known.ID == "R02" {
					found = len(f.Ops)
				}
			}
			if want := map[string]int{"v3.11": 5}[v.Name]; found != want {
				t.Errorf("R02 is found by %d calls in %d transitions, want %d", found, x.Transitions, want)
			}
			t.Logf("%d states, %d transitions", x.States, x.Transitions)
		})
	}
}

// heldExits is a scope of processes and threads of a subreaper, whose exits may stop before each row where a call can.
func heldExits() *generators.Scope {
	return &generators.Scope{Name: "held exits", World: "dress", Tasks: 5, Forks: 1, Lazy: true, Letters: func(k *model.Kernel) []generators.Letter {
		exit := generators.Letter{Kind: model.Exit}
		list := []generators.Letter{{Kind: model.Clone, Sig: model.SIGCHLD},
			{Kind: model.Clone, Flags: model.CloneVM | model.CloneSighand | model.CloneThread, Sig: model.SIGCHLD}, exit}
		table := &k.Calls[model.Exit]
		for i := range table.Rows {
			if !table.Atomic(i) && table.Rows[i].If == nil {
				exit.Pause = uint16(i) + 1
				list = append(list, exit)
			}
		}
		return list
	}}
}
