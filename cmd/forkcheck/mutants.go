package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"forkcheck"
	"forkcheck/invariants"
	"forkcheck/model"
)

const mutantsUsage = "mutants [-list] [-invariant NAME] [-checks N] [-seed N] [-workers N] [NAME...]"

// mutantsOptions are the flags of mutants.
type mutantsOptions struct {
	list            bool
	invariant       string
	checks, workers int
	seed            uint64
}

// mutantsCommand is `forkcheck mutants`: it looks for what breaks each broken kernel, a line for each.
func mutantsCommand(e *env, args []string) int {
	var o mutantsOptions
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	flags.BoolVar(&o.list, "list", false, "only the names")
	flags.StringVar(&o.invariant, "invariant", "", "ask this one alone, of random traces")
	flags.IntVar(&o.checks, "checks", 0, "random traces for each mutant")
	flags.IntVar(&o.workers, "workers", 0, "how many cores, instead of all")
	flags.Uint64Var(&o.seed, "seed", 1, "of the random traces")
	switch err := parseFlags(flags, args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(e.out, "usage: forkcheck "+mutantsUsage)
		return exitOK
	case err != nil:
		return e.usage("%v; usage: forkcheck %s", err, mutantsUsage)
	}
	asked, err := o.check(flags)
	if err != nil {
		return e.usage("%v", err)
	}
	mutants, err := chooseMutants(flags.Args())
	if err != nil {
		return e.usage("%v", err)
	}
	if o.list {
		for i := range mutants {
			fmt.Fprintln(e.out, mutants[i].Name)
		}
		return exitOK
	}
	killer, err := forkcheck.NewKiller(forkcheck.KillOptions{Checks: o.checks, Seed: o.seed, Invariants: asked})
	if err != nil {
		return e.usage("%v", err)
	}
	defer killer.Close()
	ctx, stop := interruptible()
	defer stop()
	return e.killAll(ctx, killer, mutants, o.workers)
}

// check refuses what cannot be done, and finds the one invariant that is to be asked, if it is only one.
func (o *mutantsOptions) check(flags *flag.FlagSet) (asked []invariants.Invariant, err error) {
	if err := within(flags, bound{"checks", o.checks, 10_000_000}, bound{"workers", o.workers, mostWorkers}); err != nil {
		return nil, err
	}
	switch {
	case o.seed == 0:
		return nil, fmt.Errorf("-seed=0 is none; any other number is one")
	case o.invariant == "":
		return nil, nil
	}
	var names []string
	for _, inv := range invariants.All {
		if names = append(names, inv.Name); inv.Name == o.invariant {
			asked = append(asked, inv)
		}
	}
	if asked == nil {
		return nil, fmt.Errorf("unknown invariant %q%s", o.invariant, model.Suggest(o.invariant, names))
	}
	if o.checks == 0 {
		o.checks = oneChecks
	}
	return asked, nil
}

// oneChecks is how many random traces a mutant gets when one invariant is asked.
const oneChecks = 1000

// chooseMutants finds mutants by name, or by the beginning of names up to a slash; all if no name is given.
func chooseMutants(names []string) (list []model.Mutant, err error) {
	var all []model.Mutant
	var known []string
	for _, v := range model.Versions {
		all = append(all, model.Mutants(v.Name)...)
	}
	for i := range all {
		for n, c := range all[i].Name + "/" {
			if prefix := all[i].Name[:min(n, len(all[i].Name))]; c == '/' && !slices.Contains(known, prefix) {
				known = append(known, prefix)
			}
		}
	}
	if len(names) == 0 {
		return all, nil
	}
	for _, name := range names {
		found := false
		for i := range all {
			if all[i].Name == name || strings.HasPrefix(all[i].Name, strings.TrimSuffix(name, "/")+"/") {
				found = true
				if !slices.ContainsFunc(list, func(m model.Mutant) bool { return m.Name == all[i].Name }) {
					list = append(list, all[i])
				}
			}
		}
		switch {
		case found:
		case strings.HasPrefix(name, "-"):
			return nil, fmt.Errorf("%s stands behind a name; flags come first: forkcheck %s", name, mutantsUsage)
		default:
			return nil, fmt.Errorf("unknown mutant %q%s (-list lists them)", name, model.Suggest(name, known))
		}
	}
	return list, nil
}

// killAll kills mutants side by side and prints a line for each, in their order.
func (e *env) killAll(ctx context.Context, k *forkcheck.Killer, mutants []model.Mutant, workers int) int {
	same, err := compareAll(ctx, mutants)
	if err != nil {
		return e.usage("%v", err)
	}
	verdicts := sideBySide(len(mutants), workers, func(i int) verdict { return judge(ctx, k, &mutants[i], same[mutants[i].Name]) })
	var sum verdict
	for i := range mutants {
		var v verdict
		select {
		case v = <-verdicts[i]:
		case <-ctx.Done():
		}
		if v.text == "" { // nobody has judged it
			fmt.Fprintf(e.err, "forkcheck: interrupted after the first %d of %d mutants\n", i, len(mutants))
			return exitCut
		}
		fmt.Fprintf(e.out, "%s  %s\n", mutants[i].Name, v.text)
		sum.killed, sum.equivalent, sum.survived = sum.killed+v.killed, sum.equivalent+v.equivalent, sum.survived+v.survived
	}
	return e.sumUp(k, len(mutants), sum)
}

// sumUp prints the last line.
func (e *env) sumUp(k *forkcheck.Killer, total int, sum verdict) int {
	if k.Invariants != nil {
		fmt.Fprintf(e.out, "mutants: %d total, %d killed by %s, %d equivalent, %d not killed\n", total, sum.killed, k.Invariants[0].Name, sum.equivalent, sum.survived)
		return exitOK
	}
	fmt.Fprintf(e.out, "mutants: %d total, %d killed, %d equivalent, %d survived\n", total, sum.killed, sum.equivalent, sum.survived)
	if sum.survived > 0 {
		return exitFound
	}
	return exitOK
}

// compareAll compares those that are equivalent with the kernel as it is.
func compareAll(ctx context.Context, mutants []model.Mutant) (map[string]*forkcheck.Sameness, error) {
	same := map[string]*forkcheck.Sameness{}
	for _, v := range model.Versions {
		found, err := forkcheck.CompareEquivalents(ctx, v.Name, ofVersion(mutants, v.Name), forkcheck.EquivalentStates)
		if err != nil {
			return nil, err
		}
		maps.Copy(same, found)
	}
	return same, nil
}

// sideBySide does n things, several at a time, and answers where each will be told of.
func sideBySide(n, workers int, do func(i int) verdict) []chan verdict {
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	told := make([]chan verdict, n)
	for i := range told {
		told[i] = make(chan verdict, 1)
	}
	var next atomic.Int32
	for range workers {
		go func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				told[i] <- do(i)
			}
		}()
	}
	return told
}

// ofVersion are the mutants of a version.
func ofVersion(mutants []model.Mutant, version string) (list []model.Mutant) {
	for i := range mutants {
		if strings.HasPrefix(mutants[i].Name, version+"/") {
			list = append(list, mutants[i])
		}
	}
	return list
}

// verdict is what became of a mutant: one of the numbers is 1.
type verdict struct {
	text                         string
	killed, equivalent, survived int
}

// judge says what becomes of a mutant.
func judge(ctx context.Context, k *forkcheck.Killer, m *model.Mutant, same *forkcheck.Sameness) verdict {
	switch {
	case ctx.Err() != nil:
		return verdict{}
	case same != nil && same.Differs == "":
		return verdict{text: same.String(), equivalent: 1}
	case same != nil:
		return verdict{text: same.String(), survived: 1}
	}
	version, _, _ := strings.Cut(m.Name, "/")
	if k.Invariants != nil && !k.Invariants[0].In(version) {
		return verdict{text: "not asked: it speaks of " + k.Invariants[0].Versions, survived: 1}
	}
	f, err := k.Kill(ctx, m)
	switch {
	case ctx.Err() != nil:
		return verdict{}
	case err != nil:
		return verdict{text: err.Error(), survived: 1}
	case f == nil && k.Invariants != nil:
		return verdict{text: "not killed", survived: 1}
	case f == nil:
		return verdict{text: "survived", survived: 1}
	}
	return verdict{text: fmt.Sprintf("%s, %s, %s, %v", f.Breach.Invariant.Name, length(f), foundBy(m, f), f.Certificate), killed: 1}
}

// length is that of a trace, as certificates count it.
func length(f *forkcheck.Failure) string {
	ops := "1 op"
	if n := len(f.Ops); n != 1 {
		ops = fmt.Sprintf("%d ops", n)
	}
	if f.AtEnd {
		ops += " and the end"
	}
	return ops
}

// foundBy says how a mutant was met.
func foundBy(m *model.Mutant, f *forkcheck.Failure) string {
	switch {
	case f.Checks > 0:
		return fmt.Sprintf("random trace %d", f.Checks)
	case m.From != "":
		return "a trace that was kept"
	}
	return "a scope"
}
