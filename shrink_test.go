package forkcheck_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck"
	"forkcheck/invariants"
	"forkcheck/model"
)

// Each mutant breaks an invariant within a few thousand random traces, and its shrunk trace is the one in testdata: it breaks
// the mutant by that invariant again, and it breaks nothing on the kernel as it is. Rapid only searches here. What it found is
// minimized by a number of runs and not, as rapid would, by the clock, so that the trace is the same on every machine.
func TestShrink(t *testing.T) {
	checks, steps := 6000, 30
	if testing.Short() {
		checks, steps = 5*checks, 2*steps // rapid divides
	}
	setRapid(t, map[string]string{"checks": fmt.Sprint(checks), "steps": fmt.Sprint(steps), "seed": "1", "nofailfile": "true", "failfile": "", "shrinktime": "0s"})
	golden := readGolden(t, "testdata/mutants/v3.11.txt")
	t.Run("v3.11", func(t *testing.T) {
		for i := range mutants {
			if m := &mutants[i]; !testing.Short() || i%4 == 0 {
				t.Run(m.name, func(t *testing.T) {
					t.Parallel()
					golden.compare(t, i, m.kill(t))
				})
			}
		}
	})
	golden.write(t)
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

// kill finds the shortest trace that breaks the mutant, and says by which invariant.
func (m *mutant) kill(t *testing.T) string {
	v := m.kernel()
	if v == nil {
		t.Fatal("v3.11 has no such row")
	}
	f, err := forkcheck.Check(t, forkcheck.CheckOptions{Version: v})
	switch {
	case err != nil:
		t.Fatal(err)
	case f == nil:
		t.Fatal("nothing breaks: the mutant survives")
	}
	f = forkcheck.MinimizeAny(f, nil)
	checkReplay(t, v, f)
	return fmt.Sprintf("killed by: %s\n%s", f.Breach.Invariant.Name, f.Trace())
}

// checkReplay runs the text of a counterexample: on the mutant the same invariant breaks, on the kernel as it is none does.
func checkReplay(t *testing.T, mutated *model.Version, f *forkcheck.Failure) {
	t.Helper()
	text := f.Trace().String()
	for _, run := range []struct {
		version *model.Version
		want    string
	}{{mutated, f.Breach.Invariant.Name}, {model.V311(), ""}} {
		trace, err := model.ParseTrace(t.Name(), []byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		k := &model.Kernel{Version: run.version, Limits: trace.Boot.Limits}
		verdict, err := forkcheck.Run(trace, forkcheck.Options{Kernel: k}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := brokenBy(verdict.Breach); got != run.want {
			t.Errorf("replay breaks %q, want %q:\n%s", got, run.want, text)
		}
	}
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
	file string
	want map[string]string
	got  []string // by mutant; "" if it did not run
}

const sectionStart, sectionEnd = "-- ", " --\n"

// readGolden reads the sections. Each is headed by the name of a mutant.
func readGolden(t *testing.T, file string) *golden {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	g := &golden{file: file, want: map[string]string{}, got: make([]string, len(mutants))}
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
	if diff := cmp.Diff(g.want[mutants[i].name], got); diff != "" && !*update {
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
			section = g.want[mutants[i].name]
		}
		if section != "" {
			fmt.Fprintf(&b, "%s%s%s%s\n", sectionStart, mutants[i].name, sectionEnd, section)
		}
	}
	if err := os.WriteFile(g.file, []byte(strings.TrimSuffix(b.String(), "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}
