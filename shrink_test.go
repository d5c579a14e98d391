package forkcheck_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck"
	"forkcheck/generators"
	"forkcheck/invariants"
	"forkcheck/model"
)

// mutantsOf are the broken kernels of each version.
var mutantsOf = []struct {
	version string
	new     func() *model.Version
	mutants []mutant
}{
	{"v3.11", model.V311, mutants},
	{"v6.x", model.V6, mutantsV6},
}

var (
	shrinkAll    = flag.Bool("shrink.all", false, "TestShrink: find and minimize every mutant, not a sample")
	shrinkSeeds  = flag.Int("shrink.seeds", 2, "TestShrinkSeeds: from how many seeds each mutant is found")
	shrinkStates = flag.Uint64("shrink.states", forkcheck.ProofStates, "how many transitions the proof that a trace is minimal may take")
)

// every is how many mutants there are to one that is in the sample, unless all are asked for.
func every(n int) int {
	switch {
	case *shrinkAll:
		return 1
	case testing.Short():
		return 3 * n
	}
	return n
}

// Each mutant breaks an invariant within a few thousand random traces, and its minimal trace is the one in testdata: it breaks
// the mutant by that invariant again, and it breaks nothing on the kernel as it is. Rapid only searches here. What it found is
// minimized by a number of runs and of transitions and not, as rapid would, by the clock, so that the trace is the same on every
// machine. Where it takes a call that is held up in the middle, or two of them, the search begins with a conversation. What is
// not in the sample is only run again: -shrink.all finds them all.
func TestShrink(t *testing.T) {
	findMutants(t, 1)
	for _, of := range mutantsOf {
		golden := readGolden(t, "testdata/mutants/"+of.version+".txt", of.mutants)
		t.Run(of.version, func(t *testing.T) {
			for i := range of.mutants {
				m := &of.mutants[i]
				t.Run(m.name, func(t *testing.T) {
					t.Parallel()
					if i%every(10) == 0 {
						golden.compare(t, i, m.kill(t, of.new))
					}
					if !*update {
						m.killedBy(t, of.new, golden.want[m.name])
					}
				})
			}
		})
		golden.write(t)
	}
}

// findMutants has rapid draw enough traces to find a mutant, and no more than draw them.
func findMutants(t *testing.T, seed int) {
	t.Helper()
	checks, steps := 6000, 30
	if testing.Short() {
		checks, steps = 5*checks, 2*steps // rapid divides them
	}
	setRapid(t, map[string]string{"checks": fmt.Sprint(checks), "steps": fmt.Sprint(steps), "seed": fmt.Sprint(seed), "nofailfile": "true", "failfile": "", "shrinktime": "0s"})
}

// The minimal trace of a mutant is the same wherever the search for it began.
func TestShrinkSeeds(t *testing.T) {
	for _, of := range mutantsOf {
		for i := 3; i < len(of.mutants); i += every(48) {
			m := &of.mutants[i]
			if conversationFor(of.version, m.name) != "" {
				continue
			}
			t.Run(of.version+"/"+m.name, func(t *testing.T) {
				var want string
				for seed := range *shrinkSeeds {
					findMutants(t, 1000*seed+7)
					got := m.kill(t, of.new)
					if seed == 0 {
						want = got
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("seed %d comes to another trace (-want +got):\n%s", 1000*seed+7, diff)
					}
				}
			})
		}
	}
}

// killedBy runs the section of a mutant again: the trace breaks it by that invariant, and not the kernel as it is.
func (m *mutant) killedBy(t *testing.T, version func() *model.Version, section string) {
	t.Helper()
	killer, _, _ := strings.Cut(section, "\n")
	text := traceOf(section)
	v := m.kernel(version)
	if v == nil {
		t.Fatalf("%s has no such row", version().Name)
	}
	verdict := rerun(t, v, text)
	if got := killedLine(brokenBy(verdict.Breach), verdict.AtQuiet); got != killer {
		t.Errorf("%s, and when it runs again it is %q:\n%s", killer, got, text)
	}
	if got := brokenBy(rerun(t, version(), text).Breach); got != "" {
		t.Errorf("the trace breaks %s on the kernel as it is:\n%s", got, text)
	}
}

// traceOf is the trace of a section, which begins with its header.
func traceOf(section string) string {
	if i := strings.Index(section, "kernel "); i >= 0 {
		return section[i:]
	}
	return section
}

// killedLine is the first line of a section.
func killedLine(invariant string, atQuiet bool) string {
	if atQuiet {
		invariant += ", when all is killed and reaped"
	}
	return "killed by: " + invariant
}

// What is asked of one version only is worth asking: among the mutants of that version there is one whose trace breaks it.
func TestVersionsOwnInvariantsKill(t *testing.T) {
	for _, of := range mutantsOf {
		t.Run(of.version, func(t *testing.T) {
			golden := readGolden(t, "testdata/mutants/"+of.version+".txt", of.mutants)
			idle := slices.Clone(invariants.All)
			idle = slices.DeleteFunc(idle, func(inv invariants.Invariant) bool { return inv.Versions != of.version })
			for i := range of.mutants {
				m := &of.mutants[i]
				text := traceOf(golden.want[m.name])
				for killer := m.killer(t, of.new, text, idle); killer != ""; killer = m.killer(t, of.new, text, idle) {
					t.Logf("%s kills %s", killer, m.name)
					idle = slices.DeleteFunc(idle, func(inv invariants.Invariant) bool { return inv.Name == killer })
				}
			}
			for i := range idle {
				t.Errorf("%s kills no mutant of %s", idle[i].Name, of.version)
			}
		})
	}
}

// killer is the first of some invariants that a trace breaks on the mutant, "" if it breaks none.
func (m *mutant) killer(t *testing.T, version func() *model.Version, text string, of []invariants.Invariant) string {
	t.Helper()
	trace, err := model.ParseTrace(m.name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	v := m.kernel(version)
	if v == nil {
		t.Fatalf("%s: there is no such row", m.name)
	}
	k := &model.Kernel{Version: v, Limits: trace.Boot.Limits}
	verdict, err := forkcheck.Run(trace, forkcheck.Options{Kernel: k, Checker: &invariants.Checker{Invariants: of}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return brokenBy(verdict.Breach)
}

// setRapid sets flags of rapid until the test is over.
func setRapid(t *testing.T, values map[string]string) {
	t.Helper()
	for name, value := range values {
		f := flag.Lookup("rapid." + name)
		old := f.Value.String()
		t.Cleanup(func() { _ = f.Value.Set(old) })
		if err := f.Value.Set(value); err != nil {
			t.Fatal(err)
		}
	}
}

// kill finds the shortest trace that breaks the mutant, and says by which invariant and in which scope none is shorter.
func (m *mutant) kill(t *testing.T, version func() *model.Version) string {
	v := m.kernel(version)
	if v == nil {
		t.Fatalf("%s has no such row", version().Name)
	}
	f := forkcheck.Minimize(m.failure(t, v), forkcheck.MinimizeOptions{Any: true, States: *shrinkStates})
	c := f.Certificate
	proof := "minimal in scope " + c.Scope
	if !c.Minimal() {
		proof = fmt.Sprintf("minimal to depth %d in scope %s", c.Proved-1, c.Scope)
	}
	t.Log(c)
	return fmt.Sprintf("%s\n%s\n%s", killedLine(f.Breach.Invariant.Name, f.AtEnd), proof, f.Trace())
}

// failure is a trace that breaks the mutant: the conversation that is named for it, or one that rapid finds.
func (m *mutant) failure(t *testing.T, v *model.Version) *forkcheck.Failure {
	t.Helper()
	if trace := conversationFor(v.Name, m.name); trace != "" {
		return failing(t, v, m.conversation(t, trace))
	}
	f, err := forkcheck.Check(t, forkcheck.CheckOptions{Version: v})
	switch {
	case err != nil:
		t.Fatal(err)
	case f == nil:
		t.Fatal("nothing breaks: the mutant survives")
	}
	return f
}

// conversation reads what is named for the mutant: a file, or a trace as it is.
func (m *mutant) conversation(t *testing.T, text string) *model.Trace {
	t.Helper()
	if !strings.HasPrefix(text, "kernel ") {
		return readTrace(t, "testdata/traces/"+text+".trace")
	}
	trace, err := model.ParseTrace(m.name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return trace
}

// failing runs a trace that must break something on a kernel.
func failing(t *testing.T, v *model.Version, trace *model.Trace) *forkcheck.Failure {
	t.Helper()
	f := &forkcheck.Failure{Kernel: &model.Kernel{Version: v, Limits: trace.Boot.Limits}, Boot: trace.Boot}
	verdict, err := forkcheck.Run(trace, forkcheck.Options{Kernel: f.Kernel}, func(s *forkcheck.Step) error {
		f.Ops = append(f.Ops, s.Op)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if brokenBy(verdict.Breach) == "" {
		t.Fatalf("nothing breaks in the conversation that is named for this mutant:\n%s", trace)
	}
	f.Breach = verdict.Breach
	return f
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

// golden is a file of sections, one for each mutant.
type golden struct {
	file    string
	mutants []mutant
	want    map[string]string
	got     []string // by mutant; "" if it did not run
}

const sectionStart, sectionEnd = "-- ", " --\n"

// readGolden reads the sections. Each is headed by the name of a mutant.
func readGolden(t *testing.T, file string, mutants []mutant) *golden {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	g := &golden{file: file, mutants: mutants, want: map[string]string{}, got: make([]string, len(mutants))}
	for _, section := range strings.Split("\n"+string(text), "\n"+sectionStart)[1:] {
		name, body, _ := strings.Cut(section, sectionEnd)
		g.want[name] = strings.TrimRight(body, "\n") + "\n"
	}
	for i := range mutants {
		if g.want[mutants[i].name] == "" && !*update {
			t.Errorf("%s has no mutant %s; -update adds it", file, mutants[i].name)
		}
	}
	if len(g.want) > len(mutants) && !*update {
		t.Errorf("%s has %d mutants, and there are %d; -update drops the others", file, len(g.want), len(mutants))
	}
	return g
}

// compare compares a mutant's section.
func (g *golden) compare(t *testing.T, i int, got string) {
	t.Helper()
	g.got[i] = got
	if diff := cmp.Diff(g.want[g.mutants[i].name], got); diff != "" && !*update {
		t.Errorf("-update writes the trace anew (-want +got):\n%s", diff)
	}
}

// write writes the file anew under -update. A mutant that did not run keeps its section.
func (g *golden) write(t *testing.T) {
	t.Helper()
	if !*update {
		return
	}
	var b strings.Builder
	for i, section := range g.got {
		if section == "" {
			section = g.want[g.mutants[i].name]
		}
		if section != "" {
			fmt.Fprintf(&b, "%s%s%s%s\n", sectionStart, g.mutants[i].name, sectionEnd, section)
		}
	}
	if err := os.WriteFile(g.file, []byte(strings.TrimSuffix(b.String(), "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}

// What certificates say is true: a search that tells states apart by where their objects are finds no shorter trace either. It
// looks at mutants of which the trace has two ops or more.
func TestCertificates(t *testing.T) {
	for _, of := range mutantsOf {
		golden := readGolden(t, "testdata/mutants/"+of.version+".txt", of.mutants)
		left := 12
		for i := 0; i < len(of.mutants) && left > 0; i += 2 {
			m := &of.mutants[i]
			section := golden.want[m.name]
			_, proof, _ := strings.Cut(section, "minimal in scope ")
			name, _, _ := strings.Cut(proof, "\n")
			scope := generators.FindScope(name)
			trace, err := model.ParseTrace(m.name, []byte(traceOf(section)))
			if err != nil {
				t.Fatal(err)
			}
			ops := len(trace.Lines) - 1
			if scope == nil || ops < 2 || ops > 4 {
				continue
			}
			left--
			t.Run(of.version+"/"+m.name, func(t *testing.T) {
				x := explore(t, forkcheck.Explore{Version: m.kernel(of.new), Scope: scope, Boot: &trace.Boot, Depth: ops - 1, Tasks: model.MaxTasks - 1, Raw: true, Workers: 1})
				for _, f := range x.Failures {
					if f.Breach.Known == nil && !f.AtEnd {
						t.Errorf("%s breaks by %d ops in scope %s:\n%s", f.Breach, len(f.Ops), name, f.Trace())
					}
				}
				t.Logf("%d ops in scope %s: %d states, %d transitions without symmetry", ops, name, x.States, x.Transitions)
			})
		}
		if left > 0 {
			t.Errorf("%d mutants too few to look at", left)
		}
	}
}
