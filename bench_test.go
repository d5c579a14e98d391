package forkcheck_test

import (
	"flag"
	"fmt"
	"testing"

	"forkcheck"
	"forkcheck/generators"
	"forkcheck/invariants"
	"forkcheck/model"
)

// BenchmarkCheckedSteps is the main job: traces from rapid, every invariant after every step. An iteration is one run of
// rapid, that is -rapid.checks traces.
func BenchmarkCheckedSteps(b *testing.B) { benchmarkCheck(b, invariants.All) }

// BenchmarkUncheckedSteps is the same without invariants: what rapid, the generators, the kernel, copies of the State and
// the census cost.
func BenchmarkUncheckedSteps(b *testing.B) { benchmarkCheck(b, nil) }

func benchmarkCheck(b *testing.B, list []invariants.Invariant) {
	steps := 0
	count := invariants.Invariant{Name: "Count", Step: func(c *invariants.Check) error { steps++; return nil }}
	list = append([]invariants.Invariant{count}, list...)
	b.ReportAllocs()
	for b.Loop() {
		check(b, list)
	}
	b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "steps/s")
}

// check is one run of rapid in which nothing may break.
func check(b *testing.B, list []invariants.Invariant) {
	b.Helper()
	failure, err := forkcheck.Check(silent{b}, forkcheck.CheckOptions{Invariants: list})
	if err != nil {
		b.Fatal(err)
	}
	if failure != nil {
		b.Fatal("\n" + failure.Report())
	}
}

// silent drops what rapid says of a run in which all is well.
type silent struct{ *testing.B }

func (silent) Logf(string, ...any) {}

// BenchmarkPart is what a checked step is made of, besides rapid: ns/op is for one step. The steps are those of the main
// job for one seed.
func BenchmarkPart(b *testing.B) {
	steps := record(b)
	var s model.State
	var res model.Result
	b.Run("copy", func(b *testing.B) { each(b, steps, func(r *recorded) { s = r.before }) })
	b.Run("equal", func(b *testing.B) { each(b, steps, func(r *recorded) { same = r.before == r.after }) })
	b.Run("copy and step", func(b *testing.B) {
		each(b, steps, func(r *recorded) {
			s = r.before
			r.kernel.StepInto(&s, r.op, &res, nil)
		})
	})
	b.Run("equal and census", func(b *testing.B) { benchmarkChecker(b, steps, []invariants.Invariant{}) })
	b.Run("equal, census and invariants", func(b *testing.B) { benchmarkChecker(b, steps, invariants.All) })
}

func benchmarkChecker(b *testing.B, steps []*recorded, list []invariants.Invariant) {
	checker := invariants.Checker{Invariants: list}
	each(b, steps, func(r *recorded) {
		if breach := checker.Step(&r.kernel, &r.before, &r.after, r.op, &r.result); breach != nil {
			b.Fatal(breach)
		}
	})
}

var same bool // keeps a comparison from being optimized away

// BenchmarkInvariant is what each invariant costs in a step, the census aside. Sorted by ns/op, it names the dearest.
func BenchmarkInvariant(b *testing.B) {
	steps := record(b)
	for i := range invariants.All {
		inv := &invariants.All[i]
		if inv.Quiet == nil && inv.Panic == nil {
			b.Run(inv.Name, func(b *testing.B) { each(b, steps, func(r *recorded) { r.ask(b, inv) }) })
		}
	}
}

// recorded is a step of the main job, and the Check that its invariants were asked with.
type recorded struct {
	kernel        model.Kernel
	before, after model.State
	op            model.Op
	result        model.Result
	check         invariants.Check
	changed       bool
}

// ask puts one invariant to a step, as a Checker does.
func (r *recorded) ask(b *testing.B, inv *invariants.Invariant) {
	var err error
	switch {
	case inv.Step != nil && inv.Of != 0 && inv.Of != r.check.Op.Kind:
	case inv.Step != nil:
		err = inv.Step(&r.check)
	case !r.changed:
	case inv.State != nil:
		err = inv.State(&r.check)
	default:
		for _, t := range r.check.Census.Tasks[:r.check.Census.NTasks] {
			err = inv.Task(&r.check, t)
		}
	}
	if err != nil {
		b.Fatal(err)
	}
}

// each runs fn on one recorded step after another.
func each(b *testing.B, steps []*recorded, fn func(*recorded)) {
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		fn(steps[i%len(steps)])
	}
}

// record keeps every 20th step of the main job with one seed: few enough for a cache, as the one State of a run is.
func record(b *testing.B) (steps []*recorded) {
	b.Helper()
	n := 0
	keep := invariants.Invariant{Name: "Keep", Step: func(c *invariants.Check) error {
		if n++; n%20 == 0 {
			steps = append(steps, newRecorded(c))
		}
		return nil
	}}
	seed := flag.Lookup("rapid.seed").Value
	old := seed.String()
	if err := seed.Set("1"); err != nil {
		b.Fatal(err)
	}
	check(b, append(invariants.All[:len(invariants.All):len(invariants.All)], keep))
	if err := seed.Set(old); err != nil {
		b.Fatal(err)
	}
	return steps
}

func newRecorded(c *invariants.Check) *recorded {
	r := &recorded{kernel: *c.K, before: *c.Before, after: *c.After, op: c.Op, result: *c.Result, check: *c, changed: *c.Before != *c.After}
	r.check.K, r.check.Before, r.check.After, r.check.Result = &r.kernel, &r.before, &r.after, &r.result
	return r
}

// BenchmarkExplore searches a scope whole, every invariant checked after every step, with one worker and with all.
func BenchmarkExplore(b *testing.B) {
	for _, scope := range []string{"sharing", "numbers"} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/workers=%d", scope, workers), func(b *testing.B) {
				transitions, bytes := uint64(0), 0.0
				for b.Loop() {
					e := forkcheck.Explore{Scope: generators.FindScope(scope), Workers: workers}
					x, err := e.Run(b.Context())
					if err != nil || !x.Complete() {
						b.Fatal(err, x)
					}
					transitions, bytes = transitions+x.Transitions, float64(x.Bytes)/float64(x.States)
				}
				b.ReportMetric(float64(transitions)/b.Elapsed().Seconds(), "transitions/s")
				b.ReportMetric(bytes, "bytes/state")
			})
		}
	}
}
