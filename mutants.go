package forkcheck

import (
	"context"
	"flag"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"forkcheck/generators"
	"forkcheck/internal/search"
	"forkcheck/invariants"
	"forkcheck/model"
)

// Killer looks for what breaks mutants. While there is one, rapid's flags are its own: it reads and writes no fail files, and does
// not shrink by the clock. It may be used by several goroutines.
type Killer struct {
	KillOptions
	flags map[string]string // as they were
}

// KillOptions say how a mutant is looked for. The zero value asks for what the project asks for.
type KillOptions struct {
	Checks int    // random traces at most; 0 is KillChecks
	Seed   uint64 // of the random traces; 0 is 1
	States uint64 // transitions that a proof may take; 0 is ProofStates

	Invariants []invariants.Invariant // nil: all; if only some are asked, random traces alone look for what they object to
}

// KillChecks is how many random traces a mutant gets where nothing else is said, and findStates how many transitions of each scope
// it gets when none of them breaks it.
const (
	KillChecks = 20_000
	findStates = 300_000
)

// NewKiller sets rapid's flags; Close sets them back.
func NewKiller(o KillOptions) (*Killer, error) {
	if !flag.Parsed() { // rapid asks the testing package whether tests are short
		testing.Init()
		if err := flag.CommandLine.Parse(nil); err != nil {
			return nil, err
		}
	}
	checks, steps := o.Checks, 30
	if checks == 0 {
		checks = KillChecks
	}
	if testing.Short() {
		checks, steps = 5*checks, 2*steps // rapid divides them
	}
	k := &Killer{KillOptions: o, flags: map[string]string{}}
	for name, value := range map[string]string{"checks": fmt.Sprint(checks), "steps": fmt.Sprint(steps), "seed": fmt.Sprint(max(o.Seed, 1)),
		"nofailfile": "true", "failfile": "", "shrinktime": "0s"} {
		name = "rapid." + name
		k.flags[name] = flag.Lookup(name).Value.String()
		if err := flag.Set(name, value); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// Close gives rapid's flags back.
func (k *Killer) Close() {
	for name, value := range k.flags {
		_ = flag.Set(name, value)
	}
}

// Kill looks for the shortest trace that breaks a mutant by an invariant that the kernel as it is keeps: random traces first, then
// every trace of the scopes, the smallest first. What it finds is minimized, and proved to be minimal. It answers nil if the mutant
// survives, and an error if the context ends before that is known. Of the answer, Checks is the random trace that was the first to break it, 0 if it was a scope.
func (k *Killer) Kill(ctx context.Context, m *model.Mutant) (*Failure, error) {
	f, err := k.find(ctx, m)
	if err != nil {
		return nil, err
	}
	for i := 0; f == nil && k.Invariants == nil && ctx.Err() == nil && i < len(generators.Scopes); i++ {
		f = findInScope(ctx, m.New(), &generators.Scopes[i])
	}
	if f == nil {
		return nil, ctx.Err()
	}
	return Minimize(f, MinimizeOptions{Invariants: k.Invariants, Any: true, States: k.States, Context: ctx}), nil
}

// find finds a random trace that breaks a mutant, or the one that is kept for it.
func (k *Killer) find(ctx context.Context, m *model.Mutant) (*Failure, error) {
	if m.From == "" {
		return Check(&quietTB{name: m.Name}, CheckOptions{Version: m.New(), Invariants: k.Invariants, Context: ctx})
	}
	trace, err := model.ParseTrace(m.Name, []byte(m.From))
	if err != nil {
		return nil, err
	}
	return Failing(trace, Options{Kernel: &model.Kernel{Version: m.New(), Limits: trace.Boot.Limits}, Checker: &invariants.Checker{Invariants: k.Invariants}})
}

// findInScope runs the traces of a scope until one breaks something, the shortest first.
func findInScope(ctx context.Context, v *model.Version, sc *generators.Scope) *Failure {
	e := Explore{Version: v, Scope: sc}
	boot, err := e.world()
	if err != nil {
		return nil
	}
	x := e.explorer(boot)
	news := func(kind int) bool { return kind < known }
	r := search.Run(ctx, x.space, search.Options{Depth: x.depth, Transitions: affordable(sc, findStates), Workers: 1, Stop: news})
	if least := shortest(r, news); least != nil {
		return x.failure(least)
	}
	return nil
}

// quietTB is what rapid takes for a test where there is none.
type quietTB struct {
	rapid.TB
	name string
}

func (q *quietTB) Name() string        { return q.name }
func (q *quietTB) Helper()             {}
func (q *quietTB) Logf(string, ...any) {}
