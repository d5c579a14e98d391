package forkcheck_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck"
	"forkcheck/generators"
	"forkcheck/invariants"
	"forkcheck/model"
)

var (
	shrinkAll    = flag.Bool("shrink.all", false, "TestShrink, TestEquivalents: find and prove every mutant, not a sample")
	shrinkSeeds  = flag.Int("shrink.seeds", 2, "TestShrinkSeeds: from how many seeds each mutant is found")
	shrinkStates = flag.Uint64("shrink.states", forkcheck.ProofStates, "how many transitions the proof that a trace is minimal may take")
)

// Each mutant breaks an invariant, in a random trace or in a trace of a scope, and its minimal trace is the one in testdata: it
// breaks the mutant by that invariant again, and it breaks nothing on the kernel as it is. Rapid only searches here. What it found is
// minimized by a number of runs and of transitions and not, as rapid would, by the clock, so that the trace is the same on every
// machine. What is not in the sample is only run again: -shrink.all finds them all.
func TestShrink(t *testing.T) {
	k, seen := newKiller(t, 1), sampler{}
	runVersion := subtests(t)
	for _, v := range model.Versions {
		mutants := model.Mutants(v.Name)
		golden := readMutants(t, v.Name, mutants)
		found := seen.of(mutants)
		runVersion(v.Name, func(t *testing.T) {
			run := subtests(t)
			for i := range mutants {
				m := &mutants[i]
				run(strings.TrimPrefix(m.Name, v.Name+"/"), func(t *testing.T) {
					t.Parallel()
					switch e := forkcheck.EquivalentOf(m.Name); {
					case e != nil:
						golden.compare(t, i, fmt.Sprintf("equivalent: %s\n%s\n", e.Evidence(), e.Why))
						return
					case found(i) || golden.want[m.Name] == "":
						golden.compare(t, i, kill(t, k, m))
					}
					if !*update {
						killedBy(t, m, golden.want[m.Name])
					}
				})
			}
		})
		golden.write(t)
	}
}

// sampler chooses the mutants that are found anew.
type sampler map[string]bool

// of says which: all, or the first of each operator that is no equivalent and, unless tests are short, of each table, and one more in
// so many.
func (seen sampler) of(mutants []model.Mutant) func(i int) bool {
	if *shrinkAll {
		return func(int) bool { return true }
	}
	sample := map[int]bool{}
	for i := range mutants {
		if m := &mutants[i]; forkcheck.EquivalentOf(m.Name) == nil {
			sample[i] = !seen[m.Operator] || !testing.Short() && (!seen[m.Table+"/"] || i%25 == 11)
			seen[m.Operator], seen[m.Table+"/"] = true, true
		}
	}
	return func(i int) bool { return sample[i] }
}

// newKiller is a Killer until the test is over.
func newKiller(t *testing.T, seed uint64) *forkcheck.Killer {
	t.Helper()
	k, err := forkcheck.NewKiller(forkcheck.KillOptions{Seed: seed, States: *shrinkStates})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

// kill finds the minimal trace of a mutant, and says which invariant it breaks and in which scope none is shorter.
func kill(t *testing.T, k *forkcheck.Killer, m *model.Mutant) string {
	t.Helper()
	f, err := k.Kill(t.Context(), m)
	switch {
	case err != nil:
		t.Fatal(err)
	case f == nil:
		t.Fatal("nothing breaks: the mutant survives")
	}
	t.Logf("trace %d; %v", f.Checks, f.Certificate)
	return section(f)
}

// section is what testdata has of a failure.
func section(f *forkcheck.Failure) string {
	c := f.Certificate
	proof := "minimal in scope " + c.Scope
	if !c.Minimal() {
		proof = fmt.Sprintf("minimal to depth %d in scope %s", c.Proved-1, c.Scope)
	}
	return fmt.Sprintf("%s\n%s\n%s", killedLine(f.Breach.Invariant.Name, f.AtEnd), proof, f.Trace())
}

// killedLine is the first line of a section.
func killedLine(invariant string, atQuiet bool) string {
	if atQuiet {
		invariant += ", when all is killed and reaped"
	}
	return "killed by: " + invariant
}

// killedBy runs the section of a mutant again: the trace breaks it by that invariant, and not the kernel as it is.
func killedBy(t *testing.T, m *model.Mutant, section string) {
	t.Helper()
	killer, _, _ := strings.Cut(section, "\n")
	text := traceOf(section)
	verdict := rerun(t, m.New(), text)
	if got := killedLine(brokenBy(verdict.Breach), verdict.AtQuiet); got != killer {
		t.Errorf("%s, and when it runs again it is %q:\n%s", killer, got, text)
	}
	version, _, _ := strings.Cut(m.Name, "/")
	if got := brokenBy(rerun(t, model.NewVersion(version), text).Breach); got != "" {
		t.Errorf("the trace breaks %s on the kernel as it is:\n%s", got, text)
	}
}

// traceOf is the trace of a section, which begins with its header.
func traceOf(section string) string {
	if i := strings.Index("\n"+section, "\nkernel "); i >= 0 {
		return section[i:]
	}
	return section
}

// rerun reads the text of a trace and runs it.
func rerun(t *testing.T, v *model.Version, text string) forkcheck.Verdict {
	t.Helper()
	trace, err := model.ParseTrace(t.Name(), []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	verdict, err := forkcheck.Run(trace, forkcheck.Options{Kernel: &model.Kernel{Version: v, Limits: trace.Boot.Limits}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return verdict
}

// brokenBy is the name of the invariant that broke, "" if none did but by a defect that the kernel is known to have.
func brokenBy(b *invariants.Breach) string {
	if b == nil || b.Known != nil {
		return ""
	}
	return b.Invariant.Name
}

// golden are the files of a version's sections: one for each table, one section for each mutant.
type golden struct {
	version string
	mutants []model.Mutant
	want    map[string]string // by name
	got     []string          // by mutant; "" if it did not run
}

const sectionStart, sectionEnd = "-- ", " --\n"

// readMutants reads the sections of a version. Each is headed by the name of a mutant.
func readMutants(t *testing.T, version string, mutants []model.Mutant) *golden {
	t.Helper()
	g := &golden{version: version, mutants: mutants, want: map[string]string{}, got: make([]string, len(mutants))}
	files, err := filepath.Glob("testdata/mutants/" + version + "-*.txt")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for i := range mutants {
		names[mutants[i].Name] = true
	}
	for _, file := range files {
		for name, body := range readSections(t, file) {
			switch {
			case *update:
			case !names[name]:
				t.Errorf("%s: there is no mutant %s; -update drops it", file, name)
			case g.want[name] != "":
				t.Errorf("%s: %s stands in another file, too", file, name)
			}
			g.want[name] = body
		}
	}
	for name := range names {
		if g.want[name] == "" && !*update {
			t.Errorf("testdata/mutants has no mutant %s; -update finds it", name)
		}
	}
	return g
}

// readSections reads a file of sections.
func readSections(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case strings.Contains(string(text), "\r"):
		t.Fatalf("%s: lines end with CR and LF; they should end with LF", file)
	case !strings.HasPrefix(string(text), sectionStart):
		t.Fatalf("%s:1: the first line is no heading such as %qname%q", file, sectionStart, strings.TrimSuffix(sectionEnd, "\n"))
	}
	sections := map[string]string{}
	for _, section := range strings.Split("\n"+string(text), "\n"+sectionStart)[1:] {
		name, body, _ := strings.Cut(section, sectionEnd)
		if sections[name] != "" {
			t.Errorf("%s: %s stands there twice", file, name)
		}
		sections[name] = strings.TrimRight(body, "\n") + "\n"
	}
	return sections
}

// compare compares a mutant's section.
func (g *golden) compare(t *testing.T, i int, got string) {
	t.Helper()
	g.got[i] = got
	if diff := cmp.Diff(g.want[g.mutants[i].Name], got); diff != "" && !*update {
		t.Errorf("-shrink.all -update writes it anew (-want +got):\n%s", diff)
	}
}

// write writes the files anew under -update. A mutant that did not run keeps its section.
func (g *golden) write(t *testing.T) {
	t.Helper()
	if !*update {
		return
	}
	text := map[string]*strings.Builder{}
	for i, section := range g.got {
		m := &g.mutants[i]
		if section == "" {
			section = g.want[m.Name]
		}
		file := fmt.Sprintf("testdata/mutants/%s-%s.txt", g.version, m.Table)
		if text[file] == nil {
			text[file] = &strings.Builder{}
		}
		if section != "" {
			fmt.Fprintf(text[file], "%s%s%s%s\n", sectionStart, m.Name, sectionEnd, section)
		}
	}
	for file, b := range text {
		if err := os.WriteFile(file, []byte(strings.TrimSuffix(b.String(), "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// The minimal trace of a mutant is the same wherever the search for it began, if it is one of a named scope: scope own has only what
// that one trace had.
func TestShrinkSeeds(t *testing.T) {
	for _, v := range model.Versions {
		mutants := model.Mutants(v.Name)
		golden := readMutants(t, v.Name, mutants)
		every := 113
		if testing.Short() {
			every *= 3
		}
		for i := 3; i < len(mutants); i += every {
			m := &mutants[i]
			if forkcheck.EquivalentOf(m.Name) != nil || strings.Contains(golden.want[m.Name], "in scope own") {
				continue
			}
			t.Run(m.Name, func(t *testing.T) {
				var want string
				for n := range *shrinkSeeds {
					seed := uint64(1000*n + 7)
					k := newKiller(t, seed)
					got := kill(t, k, m)
					k.Close()
					if n == 0 {
						want = got
					}
					if own := "in scope own"; strings.Contains(want, own) || strings.Contains(got, own) {
						continue
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("seed %d comes to another trace (-want +got):\n%s", seed, diff)
					}
				}
			})
		}
	}
}

// What certificates say is true: a search that tells states apart by where their objects are finds no shorter trace either. It
// looks at mutants of which the trace has two ops or more.
func TestCertificates(t *testing.T) {
	for _, v := range model.Versions {
		mutants := model.Mutants(v.Name)
		golden := readMutants(t, v.Name, mutants)
		left := 12
		for i := 0; i < len(mutants) && left > 0; i += 3 {
			m := &mutants[i]
			scope, trace := provedIn(t, m.Name, golden.want[m.Name])
			if scope == nil {
				continue
			}
			ops := len(trace.Lines) - 1
			if ops < 2 || ops > 4 {
				continue
			}
			left--
			t.Run(m.Name, func(t *testing.T) {
				x := explore(t, forkcheck.Explore{Version: m.New(), Scope: scope, Boot: &trace.Boot, Depth: ops - 1, Tasks: model.MaxTasks - 1, Raw: true, Workers: 1})
				for _, f := range x.Failures {
					if f.Breach.Known == nil && !f.AtEnd {
						t.Errorf("%s breaks by %d ops in scope %s:\n%s", f.Breach, len(f.Ops), scope.Name, f.Trace())
					}
				}
				t.Logf("%d ops in scope %s: %d states, %d transitions without symmetry", ops, scope.Name, x.States, x.Transitions)
			})
		}
		if left > 0 {
			t.Errorf("%d mutants too few to look at", left)
		}
	}
}

// provedIn is the named scope in which a section's trace is minimal, and the trace; nil if it is an equivalent's section, or its scope
// is made of its own ops.
func provedIn(t *testing.T, name, section string) (*generators.Scope, *model.Trace) {
	t.Helper()
	_, proof, ok := strings.Cut(section, "minimal in scope ")
	if !ok {
		return nil, nil
	}
	word, _, _ := strings.Cut(proof, "\n")
	trace, err := model.ParseTrace(name, []byte(traceOf(section)))
	if err != nil {
		t.Fatal(err)
	}
	return generators.FindScope(word), trace
}

// Every mutant that counts as equivalent is compared with the kernel as it is, from every state of its scope: nothing is different.
func TestEquivalents(t *testing.T) {
	t.Parallel()
	for _, v := range model.Versions {
		t.Run(v.Name, func(t *testing.T) {
			found, err := forkcheck.CompareEquivalents(t.Context(), v.Name, model.Mutants(v.Name), comparisonLimit())
			if err != nil {
				t.Fatal(err)
			}
			for name, s := range found {
				if s.Differs != "" {
					t.Errorf("%s: %s", name, s)
				}
			}
			t.Logf("%d mutants", len(found))
		})
	}
}

// comparisonLimit is how many transitions of a scope are compared.
func comparisonLimit() uint64 {
	switch {
	case *shrinkAll:
		return forkcheck.EquivalentStates
	case testing.Short():
		return 500
	}
	return 6_000
}

// Every name in the list of equivalents is that of a mutant, and stands there once, in a scope that there is.
func TestEquivalentsExist(t *testing.T) {
	names := map[string]bool{}
	for _, v := range model.Versions {
		for _, m := range model.Mutants(v.Name) {
			names[m.Name] = true
		}
	}
	var seen []string
	for _, e := range forkcheck.Equivalents {
		if generators.FindScope(e.Scope) == nil {
			t.Errorf("there is no scope %s, for %v", e.Scope, e.Mutants)
		}
		for _, name := range e.Mutants {
			if !names[name] {
				t.Errorf("there is no mutant %s", name)
			}
			if slices.Contains(seen, name) {
				t.Errorf("%s is listed twice", name)
			}
			seen = append(seen, name)
		}
	}
}
