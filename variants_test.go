package forkcheck_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"forkcheck"
	"forkcheck/invariants"
	"forkcheck/model"
)

// The trace of a variant comes to something else with it than without, and no other variant makes a difference there: so the
// trace tells which of them a kernel has.
func TestVariants(t *testing.T) {
	for i := range model.Variants {
		v := &model.Variants[i]
		t.Run(v.Name, func(t *testing.T) {
			plain := story(t, v.Shows)
			if plain == story(t, v.Shows, v) {
				t.Errorf("it comes to nothing else:\n%s", plain)
			}
			for j := range model.Variants {
				if other := &model.Variants[j]; j != i {
					if diff := cmp.Diff(plain, story(t, v.Shows, other)); diff != "" {
						t.Errorf("with %s it comes to something else as well (-without +with):\n%s", other.Name, diff)
					}
				}
			}
		})
	}
}

// A kernel with variants leaves the one that it was made of as it is.
func TestVariantsAreApart(t *testing.T) {
	k := &model.Kernel{Version: model.V6(), Limits: model.DefaultLimits}
	rows := len(k.Calls[model.Clone].Rows)
	var all []*model.Variant
	for i := range model.Variants {
		all = append(all, &model.Variants[i])
	}
	with := k.With(all...)
	if len(k.Calls[model.Clone].Rows) != rows || k.Setting != (model.Setting{}) {
		t.Error("the kernel has changed")
	}
	if n := len(with.Calls[model.Clone].Rows); n != rows+3 || !with.SparesInit || !with.DropsPending {
		t.Errorf("%d rows instead of %d, %+v", n, rows+3, with.Setting)
	}
}

// story is what a trace comes to on v6.x with variants, in a pid namespace of a machine.
func story(t *testing.T, text string, variants ...*model.Variant) string {
	t.Helper()
	trace, err := model.ParseTrace("shows", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	k, err := trace.Boot.NewKernel()
	if err != nil {
		t.Fatal(err)
	}
	k = k.With(variants...)
	k.Nested = true
	var b strings.Builder
	o := forkcheck.Options{Kernel: k, Checker: &invariants.Checker{Invariants: []invariants.Invariant{}}, NoQuiet: true}
	if _, err := forkcheck.Run(trace, o, func(s *forkcheck.Step) error {
		b.WriteString(s.Line.Text + " // " + s.Text + "\n")
		for _, task := range model.Observe(k, s.After, s.Names.Of).Tasks {
			b.WriteString("    " + task.Name + " " + task.State + " " + strings.Join(task.Signals.Pending, " ") + "\n")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
