package forkcheck

import (
	"fmt"

	"forkcheck/model"
)

// listBugs lists bugs of Linux, and what became of each: those that were found first.
func listBugs() Listing {
	l := Listing{Name: "bugs", Head: []string{"bug", "in", "source", "calls", "known were", "invariant", "found as", "was"}}
	for i := range model.Bugs {
		b := &model.Bugs[i]
		calls := ""
		if b.Invariant != "" {
			calls = fmt.Sprint(b.Calls)
		}
		l.add(b.ID, b.When, b.Source, calls, fmt.Sprint(b.Least), b.Invariant, fate(b), b.Was)
	}
	return l
}

// fate is what became of a bug.
func fate(b *model.Bug) string {
	switch {
	case b.Mutant != "":
		return joined([]string{b.Mutant, prefixed("with ", b.Like), b.Why}, "; ")
	case b.Known != "":
		return joined([]string{"defect " + b.Known + " of v3.11", b.Why}, "; ")
	case b.Refusal != "":
		return "harmless refusal of v3.11: " + b.Refusal
	}
	return "waits for " + b.Missing
}
