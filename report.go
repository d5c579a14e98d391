package forkcheck

import (
	"fmt"
	"strings"

	"forkcheck/model"
)

// Trace is the counterexample in the text format that `forkcheck run` replays.
func (f *Failure) Trace() *model.Trace { return model.Transcribe(f.Kernel, f.Boot, f.Ops) }

// Report is the failure block: what broke, the trace with its results, what the last step changed, and how to run it again.
func (f *Failure) Report() string {
	var b strings.Builder
	inv := f.Breach.Invariant
	fmt.Fprintf(&b, "%s: %s\n  (%s)\n", inv.Name, inv.Says, inv.Source)
	fmt.Fprintf(&b, "broken: %s\n\n", f.Breach.Detail)
	for _, line := range f.Trace().Texts() {
		fmt.Fprintf(&b, "    %s\n", line)
	}
	b.WriteByte('\n')
	return b.String()
}
