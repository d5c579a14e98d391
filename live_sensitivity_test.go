package forkcheck_test

import (
	"flag"
	"fmt"
	"slices"
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
	how := sensitivity{traces: 100, every: 20, least: 0.2}
	if *liveSensitivity {
		how = sensitivity{traces: 2000, every: 1, least: 0.3}
	}
	records := recordLive(t, openLab(t), how.traces)
	var after []int
	looked := 0
	for i, m := range model.Mutants("v6.x") {
		if i%how.every != 0 {
			continue
		}
		looked++
		if n := seenAfter(t, records, m.New); n > 0 {
			after = append(after, n)
		} else if testing.Verbose() {
			t.Log("not found: ", m.Name)
		}
	}
	slices.Sort(after)
	t.Logf("sensitivity: %d mutants of v6.x, %d found, %s, in %d traces", looked, len(after), quantiles(after), len(records))
	if float64(len(after)) < how.least*float64(looked) {
		t.Errorf("%d of %d mutants found, fewer than %.0f %%", len(after), looked, 100*how.least)
	}
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
func seenAfter(t *testing.T, records []*forkcheck.LiveRecord, version func() *model.Version) int {
	t.Helper()
	for i, rec := range records {
		got, err := rec.Run(version())
		if err != nil {
			t.Fatal(err)
		}
		if got.Divergence != nil {
			return i + 1
		}
	}
	return 0
}
