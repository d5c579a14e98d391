package forkcheck_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"forkcheck"
	"forkcheck/invariants"
	"forkcheck/model"
)

var matrixAll = flag.Bool("matrix.all", false, "TestMatrix: run every mutant, not one in so many")

// TestMatrix runs every mutant on every conversation and on its own minimal trace, and asks each invariant for itself, up to the first
// step at which one objects. An invariant that no mutant breaks, and a conversation that no mutant changes, are of no use, unless there
// is a reason. What it comes to is kept in testdata/mutants/matrix.txt.
func TestMatrix(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	t.Run("mutants", func(t *testing.T) {
		for _, v := range model.Versions {
			mutants := model.Mutants(v.Name)
			golden := readMutants(t, v.Name, mutants)
			for i := range mutants {
				if *matrixAll && forkcheck.EquivalentOf(mutants[i].Name) == nil || !*matrixAll && i%matrixEvery() == 1 {
					t.Run(mutants[i].Name, func(t *testing.T) {
						t.Parallel()
						m.run(t, v.Name, &mutants[i], golden.want[mutants[i].Name])
					})
				}
			}
		}
	})
	if !*matrixAll {
		return // a part of them shows that it runs
	}
	for name, why := range idleInvariants {
		if n := len(m.killed[name]); n > 0 {
			t.Errorf("%s kills %d mutants, and is said to kill none: %s", name, n, why)
		}
	}
	for _, inv := range invariants.All {
		if len(m.killed[inv.Name]) == 0 && idleInvariants[inv.Name] == "" {
			t.Errorf("%s kills no mutant", inv.Name)
		}
	}
	for _, file := range m.files {
		if m.failed[file] == 0 && idleConversations[file] == "" {
			t.Errorf("%s is the same on every mutant", file)
		}
	}
	compareGolden(t, "testdata/mutants/matrix.txt", m.summary())
}

// matrixEvery is how many mutants there are to one that runs.
func matrixEvery() int {
	if testing.Short() {
		return 400
	}
	return 40
}

// matrix is which invariant objects to which mutant.
type matrix struct {
	files  []string
	traces map[string][]*model.Trace // the conversations, by version

	mu      sync.Mutex
	killed  map[string][]string // by invariant: the mutants
	failed  map[string]int      // by conversation: how many mutants fail it
	mutants int
}

func newMatrix(t *testing.T) *matrix {
	t.Helper()
	m := &matrix{traces: map[string][]*model.Trace{}, killed: map[string][]string{}, failed: map[string]int{}}
	for _, file := range traceFiles(t) {
		if strings.HasPrefix(file, "testdata/traces/") {
			trace := readTrace(t, file)
			m.files = append(m.files, file)
			m.traces[trace.Boot.Version] = append(m.traces[trace.Boot.Version], trace)
		}
	}
	return m
}

// run runs a mutant on all conversations of its version, and on the trace of its section.
func (m *matrix) run(t *testing.T, version string, mutant *model.Mutant, section string) {
	broken, failed := map[string]bool{}, []string{}
	v := mutant.New()
	for _, trace := range m.traces[version] {
		if runMutant(t, v, trace, broken) {
			failed = append(failed, trace.File)
		}
	}
	if text := traceOf(section); strings.HasPrefix(text, "kernel ") {
		trace, err := model.ParseTrace(mutant.Name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		runMutant(t, v, trace, broken)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mutants++
	for _, file := range failed {
		m.failed[file]++
	}
	for name := range broken {
		m.killed[name] = append(m.killed[name], mutant.Name)
	}
}

// runMutant notes what a trace breaks, and says whether it fails.
func runMutant(t *testing.T, v *model.Version, trace *model.Trace, broken map[string]bool) (fails bool) {
	t.Helper()
	enough := errors.New("something broke")
	checker := &invariants.Checker{Each: func(b *invariants.Breach) {
		if b.Known == nil {
			fails, broken[b.Invariant.Name] = true, true
		}
	}}
	verdict, err := forkcheck.Run(trace, forkcheck.Options{Kernel: &model.Kernel{Version: v, Limits: trace.Boot.Limits}, Checker: checker}, func(*forkcheck.Step) error {
		if fails {
			return enough
		}
		return nil
	})
	if err != nil && err != enough {
		t.Error(err)
	}
	return fails || verdict.Differ > 0
}

// summary is the golden file: a line for each invariant, those that kill most first.
func (m *matrix) summary() string {
	var b strings.Builder
	alone := map[string]int{}
	by := map[string][]string{}
	for name, mutants := range m.killed {
		for _, mutant := range mutants {
			by[mutant] = append(by[mutant], name)
		}
	}
	for _, names := range by {
		if len(names) == 1 {
			alone[names[0]]++
		}
	}
	fmt.Fprintf(&b, "%d mutants, %d invariants; killed, of these by no other, invariant\n", m.mutants, len(invariants.All))
	names := slices.Sorted(maps.Keys(m.killed))
	slices.SortStableFunc(names, func(a, b string) int { return len(m.killed[b]) - len(m.killed[a]) })
	for _, name := range names {
		fmt.Fprintf(&b, "%4d %4d %s\n", len(m.killed[name]), alone[name], name)
	}
	return b.String()
}

// idleInvariants are those that no mutant breaks in these traces, and why they are asked all the same.
var idleInvariants = map[string]string{
	"SubreaperTakesAlive": "it is what finds R02, a defect that v3.11 has by itself; mutants of the same kind leave orphans behind first",
}

// idleConversations are those that no mutant changes, and what they are for.
var idleConversations = map[string]string{}
