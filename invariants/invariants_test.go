package invariants

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"forkcheck/model"
)

// Every row is complete: a name of its own, a sentence, a source, and exactly one function.
func TestRowsAreComplete(t *testing.T) {
	names := map[string]bool{}
	for _, inv := range append(append([]Invariant{}, All...), Refuted...) {
		if inv.Name == "" || inv.Says == "" || inv.Source == "" || names[inv.Name] {
			t.Errorf("%s: no name of its own, no sentence or no source", inv.Name)
		}
		names[inv.Name] = true
		functions := 0
		for _, set := range []bool{inv.Task != nil, inv.State != nil, inv.Step != nil, inv.Panic != nil, inv.Quiet != nil} {
			if set {
				functions++
			}
		}
		if functions != 1 {
			t.Errorf("%s has %d functions, want one", inv.Name, functions)
		}
		if inv.Step != nil && inv.Premise == "" && inv.Name != "NoNewThreadAfterGroupExit" && inv.Name != "ForksCounted" {
			t.Errorf("%s looks at steps and does not say at which", inv.Name)
		}
	}
}

// Every known defect has a trace, and breaks invariants that exist.
func TestKnownDefectsAreComplete(t *testing.T) {
	names := map[string]bool{}
	for _, inv := range All {
		names[inv.Name] = true
	}
	for _, d := range KnownDefects {
		files, err := filepath.Glob(filepath.Join("..", "testdata", "known", d.ID+"-*.trace"))
		if err != nil || len(files) == 0 {
			t.Errorf("%s has no trace in testdata/known: %v", d.ID, err)
		}
		for _, name := range d.Breaks {
			if !names[name] {
				t.Errorf("%s breaks %s, which does not exist", d.ID, name)
			}
		}
	}
	if _, err := os.Stat(filepath.Join("..", "testdata", "known")); err != nil {
		t.Error(err)
	}
}

// In the world in which a trace begins every count is what the census finds, and every invariant holds.
func TestWorldsAreSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := model.DefaultBoot()
		b.World = model.World(rapid.IntRange(0, 1).Draw(t, "world"))
		b.Dress = rapid.Bool().Draw(t, "dress")
		b.UID = uint16(rapid.IntRange(0, 1).Draw(t, "user") * 1000)
		k, err := b.NewKernel()
		if err != nil {
			t.Fatal(err)
		}
		var s, nothing model.State
		b.State(&s)
		var n Census
		n.take(k, &s)
		if diff := cmp.Diff(n.Count, s.Count); diff != "" {
			t.Errorf("counts differ from the census (-census +state):\n%s", diff)
		}
		ck := Checker{}
		res := model.Result{Return: model.Return{Outcome: model.NoTask}}
		if breach := ck.Step(k, &nothing, &s, model.Op{}, &res); breach != nil {
			t.Errorf("%v", breach)
		}
		if breach := ck.Quiet(k, &s); breach != nil {
			t.Errorf("%v", breach)
		}
	})
}
