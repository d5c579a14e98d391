package forkcheck

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

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
	Mixed      bool                   // each trace has a taste for everything: no swarm testing, for comparison
	Deadline   time.Time              // when to stop drawing new traces; zero is never
	Context    context.Context        // unless nil the search ends with it, as with the deadline
}

// Failure is a counterexample: the shortest that rapid came to.
type Failure struct {
	Kernel *model.Kernel
	Boot   model.Boot
	Ops    []model.Op
	Breach *invariants.Breach
	AtEnd  bool   // it broke when all was killed and reaped
	Rapid  string // what rapid says of the run: how many tests passed, and how to repeat it
	Checks int    // the first random trace that failed, counted from 1

	Certificate *Certificate // how far it was looked for a shorter trace; nil if it was not
}

// FailFileError says that rapid cannot use a fail file: it was truncated, or made by other generators.
type FailFileError struct{ Message string }

// Error is one line.
func (e *FailFileError) Error() string {
	return e.Message + "; delete it, or run the version of forkcheck that wrote it"
}

// Check draws random traces with rapid, as many as its flags ask for, and checks every invariant after every step. It
// answers nil, or the counterexample that rapid shrank. The error is rapid's: a fail file that it cannot use, a trace that
// does not fail twice. Nothing of this fails tb.
func Check(tb rapid.TB, o CheckOptions) (*Failure, error) {
	h := newHunt(o)
	r := &recorder{TB: tb, hunt: h}
	rapid.Check(r, h.trace)
	if h.late {
		h.keepFailFiles()
	}
	switch {
	case h.late && h.runs == 0:
		return nil, errors.New("no trace was run: the test's deadline is too near")
	case h.late && h.breach == nil:
		tb.Logf("stopped after %d traces: the test's deadline is near", h.runs)
		return nil, nil
	case r.unusable != "":
		return nil, &FailFileError{r.unusable}
	case !r.failed && h.steps == 0 && !h.late:
		return nil, errors.New("no trace had a step: -rapid.checks and -rapid.steps are 1 or more")
	case !r.failed:
		return nil, nil
	case h.breach == nil:
		return nil, errors.New(r.text)
	}
	f := h.failure(h.breach)
	f.Rapid, f.Checks = r.text, h.found
	return f, nil
}

// Sample runs a number of random traces from a seed, without rapid: the same seed gives the same traces everywhere. It
// answers the first counterexample as it was found.
func Sample(o CheckOptions, seed uint64, traces int) *Failure {
	h := newHunt(o)
	src := generators.NewSeeded(seed)
	for range traces {
		h.begin(src)
		var breach *invariants.Breach
		for n := 10 + src.Intn(40, "length"); breach == nil && !h.over && n > 0; n-- {
			breach = h.next(src)
		}
		if breach == nil {
			breach = h.end()
		}
		if breach != nil {
			return h.failure(breach)
		}
	}
	return nil
}

// hunt is the property, with the buffers of one trace. What it holds at the end is the last trace, which rapid has made the
// smallest one.
type hunt struct {
	CheckOptions
	checker invariants.Checker
	actions map[string]func(*rapid.T)
	pinned  string             // the first invariant that failed: while rapid shrinks, others pass
	breach  *invariants.Breach // what the last trace came to

	kernel        model.Kernel
	boot          model.Boot
	taste         generators.Taste
	before, after model.State
	result        model.Result
	ops           []model.Op
	atEnd         bool // it broke when all was killed and reaped
	over          bool // the trace has come to a known defect, or nobody can act
	steps         int  // how many ops were run
	runs          int  // how often rapid has asked for a trace
	found         int  // which of them was the first to fail
	late          bool // the deadline has passed
	noFailFile    string
}

func newHunt(o CheckOptions) *hunt {
	if o.Version == nil {
		o.Version = model.V311()
	}
	h := &hunt{CheckOptions: o, checker: invariants.Checker{Invariants: o.Invariants}}
	if o.Reach != nil && o.Invariants == nil {
		h.checker.Seen = o.Reach.Seen
	}
	h.actions = map[string]func(*rapid.T){"step": h.step}
	return h
}

// begin draws a world.
func (h *hunt) begin(src generators.Source) {
	h.enter(h.Version, generators.World(src, h.Version.Name))
	if h.taste = generators.NewTaste(src, &h.kernel); h.Mixed {
		h.taste = generators.FullTaste(&h.kernel)
	}
}

// enter makes a world.
func (h *hunt) enter(v *model.Version, b model.Boot) {
	h.boot = b
	h.kernel = model.Kernel{Version: v, Limits: b.Limits}
	h.boot.State(&h.after)
	h.ops, h.breach, h.over, h.atEnd = h.ops[:0], nil, false, false
	if h.Reach != nil {
		h.Reach.Begin()
	}
}

// next draws an op and runs it.
func (h *hunt) next(src generators.Source) *invariants.Breach {
	op := h.taste.Op(src, &h.after, h.boot.Actor())
	if op.Kind == model.NoOp {
		h.over = true
		return nil
	}
	return h.run(op)
}

// run runs an op and checks what it did.
func (h *hunt) run(op model.Op) *invariants.Breach {
	h.steps++
	h.ops = append(h.ops, op)
	h.before = h.after
	var marks *model.Marks
	if h.Reach != nil {
		marks = &h.Reach.Marks
	}
	h.kernel.StepInto(&h.after, op, &h.result, marks)
	if h.Reach != nil {
		h.Reach.NoteStep(&h.before, &h.after, &op, &h.result)
	}
	h.over = h.after.Panic
	return h.judge(h.checker.Step(&h.kernel, &h.before, &h.after, op, &h.result))
}

// end kills and reaps everybody.
func (h *hunt) end() *invariants.Breach {
	if h.over {
		return nil
	}
	breach := h.judge(h.checker.Quiet(&h.kernel, &h.after))
	h.atEnd = breach != nil
	return breach
}

// judge lets a breach pass that ends the trace but does not fail it: a known defect, or, while rapid shrinks, another
// invariant than the first.
func (h *hunt) judge(breach *invariants.Breach) *invariants.Breach {
	switch {
	case breach == nil:
		return nil
	case breach.Known != nil && !h.KnownFail:
		h.over = true
		if h.Reach != nil {
			h.Reach.NoteKnown(breach.Known)
		}
		return nil
	case h.pinned != "" && h.pinned != breach.Invariant.Name:
		h.over = true
		return nil
	}
	return breach
}

func (h *hunt) failure(breach *invariants.Breach) *Failure {
	return &Failure{Kernel: &h.kernel, Boot: h.boot, Ops: h.ops, Breach: breach, AtEnd: h.atEnd}
}

// trace is one trace under rapid, from its world to the death of everyone in it.
func (h *hunt) trace(t *rapid.T) {
	if h.runs++; h.breach == nil && h.isLate() {
		h.stop(t)
	}
	h.begin(generators.Rapid{T: t})
	t.Repeat(h.actions)
	h.fail(t, h.end())
}

// isLate says whether the search is to end without a counterexample.
func (h *hunt) isLate() bool {
	return !h.Deadline.IsZero() && time.Now().After(h.Deadline) || h.Context != nil && h.Context.Err() != nil
}

// stop ends the search. Rapid knows no other way than a failure, which Check does not pass on; it shall not be kept in a file.
func (h *hunt) stop(t *rapid.T) {
	if f := flag.Lookup("rapid.nofailfile"); !h.late {
		h.late, h.noFailFile = true, f.Value.String()
		_ = f.Value.Set("true")
	}
	h.runs--
	t.Fatalf("the deadline is near")
}

// keepFailFiles undoes what stop set.
func (h *hunt) keepFailFiles() { _ = flag.Set("rapid.nofailfile", h.noFailFile) }

// step is one op. There is one action for all: in a map of actions the last step could not change its kind.
func (h *hunt) step(t *rapid.T) {
	if !h.over {
		h.fail(t, h.next(generators.Rapid{T: t}))
	}
}

// fail ends a trace at a breach. The text is one line that says the same whenever the trace runs, for rapid compares it.
func (h *hunt) fail(t *rapid.T, breach *invariants.Breach) {
	if breach != nil {
		if h.pinned, h.breach = breach.Invariant.Name, breach; h.found == 0 {
			h.found = h.runs
		}
		t.Fatalf("%s", breach)
	}
}

// recorder stands between rapid and a test: it keeps what rapid says of a failure and drops its line for each draw,
// which nobody reads where there is a trace.
type recorder struct {
	rapid.TB
	hunt     *hunt
	failed   bool
	text     string
	unusable string // rapid ignores this fail file
}

// Logf passes on what is not about a draw, and keeps what rapid says of a fail file that it ignores.
func (r *recorder) Logf(format string, args ...any) {
	line, rapids := strings.CutPrefix(fmt.Sprintf(format, args...), "[rapid] ")
	switch {
	case !rapids || strings.HasPrefix(line, "draw "):
	case r.aboutNamed(line):
		r.unusable = line
	default:
		r.TB.Logf("%s", line)
	}
}

// aboutNamed says whether a line means that rapid ignores the fail file that -rapid.failfile names. One that it found by
// itself is passed over when it fails no more: what it was about is mended.
func (r *recorder) aboutNamed(line string) bool {
	file := flag.Lookup("rapid.failfile").Value.String()
	switch {
	case file == "":
		return false
	case strings.HasPrefix(line, "ignoring fail file"):
		return r.hunt.runs == 0 // the named one is read first
	}
	return line == fmt.Sprintf("fail file %q is no longer valid", file)
}

// Helper does nothing: rapid calls it for every op, and it walks the stack.
func (r *recorder) Helper() {}

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
