package forkcheck

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"forkcheck/generators"
	"forkcheck/invariants"
	"forkcheck/model"
)

// CheckOptions say what Check looks for, and in which kernel. The zero value checks all invariants of v3.11.
type CheckOptions struct {
	Version    *model.Version         // nil: v3.11
	Invariants []invariants.Invariant // nil: all
	KnownFail  bool                   // a known defect of the kernel counts as a failure
	Reach      *invariants.Reach      // counts what was reached, unless nil
}

// Failure is a counterexample: the shortest that rapid came to.
type Failure struct {
	Kernel *model.Kernel
	Boot   model.Boot
	Ops    []model.Op
	Breach *invariants.Breach
	Rapid  string // what rapid says of the run: how many tests passed, and how to repeat it
}

// Check draws random traces with rapid, as many as its flags ask for, and checks every invariant after every step. It
// answers nil, or the counterexample that rapid shrank. The test tb fails only when rapid itself has something to say.
func Check(tb rapid.TB, o CheckOptions) *Failure {
	if o.Version == nil {
		o.Version = model.V311()
	}
	h := &hunt{CheckOptions: o, checker: invariants.Checker{Invariants: o.Invariants}}
	if o.Reach != nil && o.Invariants == nil {
		h.checker.Seen = o.Reach.Seen
	}
	h.actions = map[string]func(*rapid.T){"step": h.step}
	r := &recorder{TB: tb}
	rapid.Check(r, h.trace)
	switch {
	case !r.failed:
		return nil
	case h.breach == nil:
		tb.Errorf("%s", r.text)
		return nil
	}
	return &Failure{Kernel: &h.kernel, Boot: h.boot, Ops: h.ops, Breach: h.breach, Rapid: r.text}
}

// hunt is the property, with the buffers of one trace. What it holds at the end is the last trace, which rapid has made the
// smallest one.
type hunt struct {
	CheckOptions
	checker invariants.Checker
	actions map[string]func(*rapid.T)
	pinned  string // the first invariant that failed: while rapid shrinks, others pass

	kernel        model.Kernel
	boot          model.Boot
	taste         generators.Taste
	before, after model.State
	result        model.Result
	ops           []model.Op
	breach        *invariants.Breach
	over          bool // the trace has come to a known defect, or to the end of the world
}

// trace is one trace, from its world to the death of everyone in it.
func (h *hunt) trace(t *rapid.T) {
	src := generators.Rapid{T: t}
	h.boot = generators.World(src, h.Version.Name)
	h.kernel = model.Kernel{Version: h.Version, Limits: h.boot.Limits}
	h.boot.State(&h.after)
	h.taste = generators.NewTaste(src, &h.kernel)
	h.ops, h.breach, h.over = h.ops[:0], nil, false
	if h.Reach != nil {
		h.Reach.Traces++
	}
	t.Repeat(h.actions)
	if !h.over {
		h.judge(t, h.checker.Quiet(&h.kernel, &h.after))
	}
}

// step is one op. There is one action for all: in a map of actions the last step could not change its kind.
func (h *hunt) step(t *rapid.T) {
	if h.over {
		return
	}
	op := h.taste.Op(generators.Rapid{T: t}, &h.after, h.boot.Actor())
	if op.Kind == model.NoOp {
		h.over = true
		return
	}
	h.ops = append(h.ops, op)
	h.before = h.after
	h.kernel.StepInto(&h.after, op, &h.result, h.marks())
	if h.Reach != nil {
		h.Reach.Note(&h.result)
	}
	h.judge(t, h.checker.Step(&h.kernel, &h.before, &h.after, op, &h.result))
	h.over = h.over || h.after.Panic
}

func (h *hunt) marks() *model.Marks {
	if h.Reach == nil {
		return nil
	}
	return &h.Reach.Marks
}

// judge fails the trace at a breach. The text is one line that says the same whenever the trace runs, for rapid compares it.
func (h *hunt) judge(t *rapid.T, breach *invariants.Breach) {
	switch {
	case breach == nil:
	case breach.Known != nil && !h.KnownFail:
		h.over = true
		if h.Reach != nil {
			h.Reach.NoteKnown(breach.Known)
		}
	case h.pinned != "" && h.pinned != breach.Invariant.Name:
		h.over = true
	default:
		h.pinned, h.breach = breach.Invariant.Name, breach
		t.Fatalf("%s", breach)
	}
}

// recorder stands between rapid and a test: it keeps what rapid says of a failure and drops its line for each draw,
// which nobody reads where there is a trace.
type recorder struct {
	rapid.TB
	failed bool
	text   string
}

// Logf passes on what is not about a draw.
func (r *recorder) Logf(format string, args ...any) {
	if strings.HasPrefix(format, "[rapid]") && !strings.HasPrefix(format, "[rapid] draw") {
		r.TB.Logf(format, args...)
	}
}

// Log drops what is about a draw.
func (r *recorder) Log(args ...any) {}

// Errorf is how rapid says that it found something.
func (r *recorder) Errorf(format string, args ...any) {
	r.failed = true
	r.text = fmt.Sprintf(format, args...)
}

// FailNow ends Check; rapid calls it last.
func (r *recorder) FailNow() { r.failed = true }

// Failed says whether rapid found something in this run.
func (r *recorder) Failed() bool { return r.failed }
