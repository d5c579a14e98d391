package forkcheck

import (
	"fmt"
	"strings"

	"forkcheck/invariants"
	"forkcheck/model"
)

// Trace is the counterexample in the text format that `forkcheck run` replays.
func (f *Failure) Trace() *model.Trace { return model.Transcribe(f.Kernel, f.Boot, f.Ops) }

// Report is the failure block: what broke, the trace with its results, what the last step changed, and how to run it again.
func (f *Failure) Report() string {
	var b strings.Builder
	inv := f.Breach.Invariant
	trace := f.Trace().Texts()
	fmt.Fprintf(&b, "%s: %s\n    %s\n\n", inv.Name, inv.Says, inv.Source)
	fmt.Fprintf(&b, "broken: %s\n\n", f.Breach.Detail)
	for _, line := range trace {
		fmt.Fprintf(&b, "    %s\n", line)
	}
	if f.Certificate != nil {
		fmt.Fprintf(&b, "\n%s\n", f.Certificate)
	}
	if changes := f.changes(8); len(changes) > 0 {
		fmt.Fprintf(&b, "\nthe last step changed: %s\n", strings.Join(changes, ", "))
	}
	return b.String()
}

// changes lists what the last op changed, at most max fields.
func (f *Failure) changes(max int) []string {
	var list []string
	_, _ = Run(f.Trace(), Options{Kernel: f.Kernel, Checker: &invariants.Checker{Invariants: []invariants.Invariant{}}, NoQuiet: true}, func(s *Step) error {
		list = model.Diff(s.Before, s.After, max+1, s.Names.Of)
		return nil
	})
	if len(list) > max {
		list[max] = "..."
	}
	return list
}
