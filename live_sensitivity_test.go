package forkcheck_test

import (
	"flag"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"forkcheck"
	"forkcheck/internal/live"
	"forkcheck/model"
)

var liveSensitivity = flag.Bool("live.sensitivity", false, "TestLiveSensitivity: every mutant, and many traces; not a sample")

// sensitivity is how much is looked at, and what share of it has to be found.
type sensitivity struct {
	traces, every int
	least         float64
}

// A harness that cannot see a planted difference proves nothing: what the running kernel did is compared with what broken kernels
// would have done. Those that are broken where only faults, pauses or counts show it are not found.
func TestLiveSensitivity(t *testing.T) {
	how := sensitivity{traces: 40, every: 30, least: 0.2}
	switch {
	case *liveSensitivity:
		how = sensitivity{traces: 300, every: 1, least: 0.3}
	case testing.Short():
		t.Skip("a planted difference takes many traces to be seen; without -short")
	}
	records := recordLive(t, openLab(t), how.traces)
	planted := how.sample()
	took := eachSeenAfter(t, records, planted)
	var found []int
	for i, n := range took {
		if n > 0 {
			found = append(found, n)
		} else {
			t.Log("not found: ", planted[i].Name)
		}
	}
	slices.Sort(found)
	t.Logf("sensitivity: %d mutants of v6.x, %d found, %s, in %d traces", len(planted), len(found), quantiles(found), len(records))
	if float64(len(found)) < how.least*float64(len(planted)) {
		t.Errorf("%d of %d mutants found, fewer than %.0f %%", len(found), len(planted), 100*how.least)
	}
}

// sample are the mutants to be found. No trace at all shows one that is equivalent.
func (how *sensitivity) sample() (list []model.Mutant) {
	for i, m := range model.Mutants("v6.x") {
		if i%how.every == 0 && forkcheck.EquivalentOf(m.Name) == nil {
			list = append(list, m)
		}
	}
	return list
}

// eachSeenAfter is after how many records each mutant is seen; 0 if it never is.
func eachSeenAfter(t *testing.T, records []*forkcheck.LiveRecord, planted []model.Mutant) []int {
	t.Helper()
	took := make([]int, len(planted))
	var next atomic.Int32
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(planted); i = int(next.Add(1)) - 1 {
				took[i] = seenAfter(t, records, planted[i].New())
			}
		})
	}
	workers.Wait()
	return took
}

// quantiles say how many traces it took.
func quantiles(sorted []int) string {
	if len(sorted) == 0 {
		return "none"
	}
	at := func(percent int) int { return sorted[(len(sorted)-1)*percent/100] }
	return fmt.Sprintf("median %d traces, 90 %% %d, 99 %% %d", at(50), at(90), at(99))
}

// recordLive records random traces. What the kernel does otherwise than the model is TestLive's.
func recordLive(t *testing.T, lab *live.Lab, n int) (list []*forkcheck.LiveRecord) {
	t.Helper()
	b := forkcheck.Beside{Lab: lab}
	r := forkcheck.LiveRun{Lab: lab, Version: model.V6()}
	for i := range n {
		rec, got, err := b.Record(r.Draw(*liveSeed + uint64(i)))
		if err != nil {
			t.Fatal(err)
		}
		if got.Divergence == nil {
			list = append(list, rec)
		}
	}
	return list
}

// seenAfter is the first record that a version contradicts; 0 if none does.
func seenAfter(t *testing.T, records []*forkcheck.LiveRecord, v *model.Version) int {
	for i, rec := range records {
		got, err := rec.Run(v)
		if err != nil {
			t.Error(err)
		}
		if got.Divergence != nil {
			return i + 1
		}
	}
	return 0
}
