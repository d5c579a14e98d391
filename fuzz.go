package forkcheck

import (
	"slices"

	"forkcheck/invariants"
	"forkcheck/model"
)

// Fuzzer runs what a coverage-guided fuzzer makes up: traces in the binary form of model.Binary. It keeps its buffers, so
// that a run in which all is well allocates next to nothing; use one for each goroutine.
type Fuzzer struct {
	hunt  *hunt
	trace model.Binary
}

// NewFuzzer is a Fuzzer that looks for what Check looks for. Without a version of its own it takes that of each input.
func NewFuzzer(o CheckOptions) *Fuzzer {
	return &Fuzzer{hunt: newHunt(o), trace: model.Binary{Only: o.Version}}
}

// Run runs an input and checks every invariant after every op, and after the end of all tasks. It answers nil, or the trace
// up to the failure, as it was found.
func (f *Fuzzer) Run(input []byte) *Failure {
	f.trace.Decode(input)
	breach := f.ops()
	if breach == nil {
		breach = f.hunt.end()
	}
	if breach == nil {
		return nil
	}
	kernel := f.hunt.kernel
	return &Failure{Kernel: &kernel, Boot: f.hunt.boot, Ops: slices.Clone(f.hunt.ops), Breach: breach, AtEnd: f.hunt.atEnd}
}

// ops runs the ops of the trace, up to a breach or a known defect.
func (f *Fuzzer) ops() *invariants.Breach {
	h := f.hunt
	h.enter(f.trace.Version, f.trace.Boot)
	names := model.NewNames(&h.boot, &h.after)
	for i := 0; i < len(f.trace.Stmts) && !h.over; i++ {
		st := &f.trace.Stmts[i]
		op := names.Resolve(&h.kernel, &h.after, st)
		if breach := h.run(op); breach != nil {
			return breach
		}
		names.Born(&h.after, op, st.Bind, &h.result)
		names.Gone(&h.after)
	}
	return nil
}
